"""What the servers of the tests have in common: one may be somebody else's, or the tests' own and then be harmed."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from tests.servers.process import ServerProcess
from tests.servers.programs import ServerError

Own = TypeVar("Own", bound="Server")


class Server:
    """A server that runs already.

    Args:
        process: of a server that is the tests' own; None: somebody else's, which no test may harm.
    """

    variable: ClassVar[str]
    """Names a server in the environment to use instead of one of our own."""

    def __init__(self, process: ServerProcess | None) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def shared(cls) -> Iterator[Self]:
        """A server for tests that do it no harm: the one of the environment, else one of our own."""
        url = os.environ.get(cls.variable)
        if url:
            yield cls.given(url)
            return
        with cls.own() as server:
            yield server

    @classmethod
    def given(cls, url: str) -> Self:
        """Somebody else's server."""
        raise NotImplementedError

    @classmethod
    def own(cls) -> AbstractContextManager[Self]:
        """A server of the test's own; it is gone afterwards."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._ours().pid

    def said(self) -> str:
        """What it has written into its log so far."""
        return self._ours().log.read_text(errors="replace")

    def start(self) -> None:
        """Start it on the data it had, with recovery where it was killed; returns when it answers."""
        self._ours().start()

    def stop(self) -> None:
        """Stop it in good order."""
        self._ours().stop()

    def kill(self) -> None:
        """Kill it with no chance to do anything, and wait until nothing of it is left: ``start()`` works at once."""
        self._ours().kill()

    def close(self) -> None:
        """End a server of one's own, in whatever state it is."""
        raise NotImplementedError

    def _ours(self) -> ServerProcess:
        if self._process is None:
            kind = type(self).__name__
            raise ServerError(f"The server of {self.variable} is not the tests' own; use {kind}.own() to harm one.")
        return self._process


@contextmanager
def running(home: Path, make: Callable[[], Own]) -> Iterator[Own]:
    """Make and start a server of one's own; at the end nothing of it, nor of its folder, is left."""
    try:
        with contextlib.closing(make()) as server:
            server.start()
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)
