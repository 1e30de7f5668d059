"""Serves an application on a real socket, in a thread of the test."""

import contextlib
import socket
import threading
from collections.abc import Callable

from ayla_service.processes.connections import BoundedProtocol
from ayla_service.processes.server import ApiServer, configuration
from ayla_service.settings import Settings
from fastapi import FastAPI

from tests.waiting import PATIENCE_SECONDS


class Served:
    """A service on a real socket."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        # As small as can be, so that what a client does not take is soon left with the service.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.address: tuple[str, int] = self.listener.getsockname()
        self.server = ApiServer(configuration(app, settings))
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self._thread.start()
        self._opened = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    @property
    def draining(self) -> set[BoundedProtocol]:
        """Connections whose request is answered while its body is still read."""
        protocol = self.server.config.http_protocol_class
        assert issubclass(protocol, BoundedProtocol)
        return protocol.draining

    def connect(self, sent: bytes = b"", *, buffer: int | None = None) -> socket.socket:
        connection = self._opened.enter_context(socket.socket())
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(self.address)
        connection.sendall(sent)
        return connection

    def stop(self) -> None:
        self._opened.close()
        self.server.should_exit = True
        self._thread.join()


Serve = Callable[..., Served]


def until_closed(connection: socket.socket) -> bytes:
    """All that comes before the connection ends, either way."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received
