"""A network between a worker and the store that can be cut, or made to hold back or swallow what it carries."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

from tests.servers.process import free_port

_BYTES = 65_536
_PATIENCE_SECONDS = 10.0


class Line(Enum):
    """What becomes of connections and bytes."""

    OPEN = auto()
    CUT = auto()
    """Connections are reset, and new ones too."""
    HELD = auto()
    """Nothing moves; when the line is open again all of it is delivered, as TCP does after an outage."""
    SWALLOWED = auto()
    """Bytes are taken and thrown away; the connections that lost some are reset when the line is open again."""


class Network:
    """The event loop of all proxies, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._proxies: list[Proxy] = []

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Drop everything and end the thread."""
        for proxy in self._proxies:
            self.run(proxy.close())
        self.run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done in the loop, and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    def proxy(self, port: int) -> "Proxy":
        """A new open line to a port of 127.0.0.1."""
        proxy = Proxy(self, port)
        self._proxies.append(proxy)
        self.run(proxy.listen())
        return proxy


class Proxy:
    """One line; ``port`` is where to connect to.

    Args:
        network: where it runs.
        target: port of 127.0.0.1 that it leads to.
    """

    def __init__(self, network: Network, target: int) -> None:
        self.port = free_port()
        self._network = network
        self._target = target
        self._line = Line.OPEN
        self._moves = asyncio.Event()
        self._moves.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._spoiled: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def set(self, line: Line) -> None:
        """Change what becomes of connections and bytes; in force when this returns."""
        self._network.run(self._set(line))

    async def listen(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Take no more connections, and reset those that are there."""
        if self._server is not None:
            self._server.close()
        _abort(self._ends)

    async def _set(self, line: Line) -> None:
        self._line = line
        if line is Line.CUT:
            _abort(self._ends)
        elif line is Line.OPEN:
            _abort(self._spoiled)
        (self._moves.clear if line is Line.HELD else self._moves.set)()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._carry(reader, writer)
        except OSError:
            pass  # the store is down, or one side has reset its connection
        finally:
            _abort({writer})

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._line is Line.CUT:
            return
        # A swallowed connection is made all the same: its bytes lead nowhere.
        store_reader, store_writer = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, store_writer}
        self._ends |= both
        try:
            there, back = self._pump(reader, store_writer), self._pump(store_reader, writer)
            tasks = [asyncio.ensure_future(there), asyncio.ensure_future(back)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._ends -= both
            self._spoiled -= both
            _abort(both)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_BYTES):
            await self._moves.wait()
            if self._line is Line.SWALLOWED:
                self._spoiled.add(writer)
                continue
            writer.write(data)
            await writer.drain()
        # Not even the end of a connection gets through a line that is not open.
        await self._moves.wait()
        while self._line is Line.SWALLOWED:
            await asyncio.sleep(0.05)


def _abort(writers: set[asyncio.StreamWriter]) -> None:
    for writer in list(writers):
        with contextlib.suppress(OSError):
            writer.transport.abort()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
