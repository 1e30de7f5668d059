"""Line between the main process of a Celery worker and its children: what they have to know of each other at once.

Of the main process: whether its broker answers, whether it stops, what it serves. Of a child: its name in the store.
Each end of the line shows that the process at the other end has ended.
"""

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

VARIABLE = "AYLA_NODE_LINE"
"""Of the environment, in which children find the line."""

_LOST = (EOFError, OSError)


@dataclass(frozen=True, slots=True)
class NodeState:
    """State of the main process.

    Attributes:
        listening: whether wake-ups can come, as far as it knows.
        stopping: whether what runs is to be handed back.
        devices: device kinds whose queues it listens to.
    """

    listening: bool = False
    stopping: bool = False
    devices: tuple[str, ...] = ()


class NodeEnd:
    """The end of the main process: a socket on this machine, for whoever has the key in its environment."""

    def __init__(self) -> None:
        key = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), authkey=key)
        self._lock = threading.Lock()
        self._children: dict[Any, str] = {}
        self.state = NodeState()
        os.environ[VARIABLE] = f"{self._listener.address[1]}:{key.hex()}"
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def tell(self, **changes: Any) -> None:
        """Change the state, and tell all children."""
        with self._lock:
            self.state = replace(self.state, **changes)
            for child in self._children:
                self._send(child)

    def names(self) -> list[str]:
        """Names of the children that live, as the store has them."""
        with self._lock:
            return sorted(name for name in self._children.values() if name)

    def _accept(self) -> None:
        while True:
            try:
                child = self._listener.accept()
            except AuthenticationError:
                continue
            except _LOST:
                if not self._is_open():
                    return
                continue
            with self._lock:
                self._children[child] = ""
                self._send(child)
            threading.Thread(target=self._read, args=(child,), name="line", daemon=True).start()

    def _is_open(self) -> bool:
        try:
            return bool(self._listener.address)
        except OSError:
            return False

    def _read(self, child: Any) -> None:
        with contextlib.suppress(*_LOST):
            while True:
                name = json.loads(child.recv_bytes())["name"]
                with self._lock:
                    self._children[child] = name
        with self._lock:
            del self._children[child]

    def _send(self, child: Any) -> None:
        with contextlib.suppress(*_LOST):
            child.send_bytes(json.dumps(asdict(self.state)).encode())


class ChildEnd:
    """The end of a child.

    Args:
        name: of the child in the store.
        on_state: called with each state of the main process, in a thread of the line.
        on_end: called when the main process has ended.
    """

    def __init__(self, name: str, on_state: Callable[[NodeState], None], on_end: Callable[[], None]) -> None:
        self._on_state = on_state
        self._on_end = on_end
        self._name = name
        self._told = threading.Event()
        self.state = NodeState()
        threading.Thread(target=self._read, name="line", daemon=True).start()

    def devices(self) -> tuple[str, ...]:
        """Device kinds to serve, once they are known; none if the main process has ended."""
        self._told.wait()
        return self.state.devices

    def _read(self) -> None:
        with contextlib.suppress(*_LOST, AuthenticationError):
            node = self._open()
            while True:
                told = json.loads(node.recv_bytes())
                self.state = NodeState(told["listening"], told["stopping"], tuple(told["devices"]))
                if self.state.devices:
                    self._told.set()
                self._on_state(self.state)
        self._told.set()
        self._on_end()

    def _open(self) -> "Connection[Any, Any]":
        port, _, key = os.environ[VARIABLE].partition(":")
        node = Client(("127.0.0.1", int(port)), authkey=bytes.fromhex(key))
        node.send_bytes(json.dumps({"name": self._name}).encode())
        return node
