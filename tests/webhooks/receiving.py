"""Receivers of webhooks on this machine: one that answers as it is told, and one that does whatever a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import PATIENCE_SECONDS

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What a receiver answers with."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """A request as it came in; names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """An HTTP server that keeps what it is sent; the last of its answers holds for all that follows."""

    def __init__(self, *answers: Answer, host: str = HERE, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._answers = list(answers) or [Answer()]
        self.received: list[Received] = []
        self._server = ThreadingHTTPServer((host, port), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"{'http' if tls is None else 'https'}://{host}:{self.port}/hook?from=ayla"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_answer(self) -> Answer:
        """The answer to a request that has just come in."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
                answer = receiver.next_answer()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        return Handler


@contextmanager
def raw_receiver(behaviour: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server that does something with each connection and then closes it; yields its URL over HTTP."""
    with socket.create_server((HERE, 0)) as server:
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        behaviour(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://{HERE}:{server.getsockname()[1]}/hook"
        finally:
            stopping.set()
            with suppress(OSError):
                socket.create_connection(server.getsockname()).close()
            thread.join(PATIENCE_SECONDS)


def nobody() -> str:
    """The URL of a port that nobody listens on."""
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
    return f"http://{HERE}:{port}/hook"
