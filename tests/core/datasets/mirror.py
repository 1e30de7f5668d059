"""An HTTP server with files, and with the faults that servers have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.waiting import PATIENCE_SECONDS


@dataclass(frozen=True)
class Asked:
    """One request: the file and the Range header."""

    name: str
    range: str | None


class Mirror:
    """Serves ``files`` on 127.0.0.1.

    Args:
        files: content by name.
        cuts: how many requests, from the first, end after ``cut_at`` bytes of the body.
        cut_at: where they end.
        honours_range: whether a Range request gets a part.
        shift: answers a Range request with a part that begins so many bytes later.
        hold: when given, a request waits for it before it is answered.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        cuts: int = 0,
        cut_at: int = 0,
        honours_range: bool = True,
        shift: int = 0,
        hold: Event | None = None,
    ) -> None:
        self.files = files
        self.cuts = cuts
        self.cut_at = cut_at
        self.honours_range = honours_range
        self.shift = shift
        self.hold = hold
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The base URL, with a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}/data/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def part(self, name: str, asked_range: str | None) -> tuple[HTTPStatus, int, bytes]:
        """Status, first byte and body of an answer."""
        content = self.files.get(name)
        if content is None:
            return HTTPStatus.NOT_FOUND, 0, b"<html>not here</html>"
        start = re.fullmatch(r"bytes=(\d+)-", asked_range or "")
        if start is None or not self.honours_range:
            return HTTPStatus.OK, 0, content
        first = int(start[1]) + self.shift
        if first >= len(content):
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, first, b""
        return HTTPStatus.PARTIAL_CONTENT, first, content[first:]

    def is_cut(self) -> bool:
        """Whether this answer ends too early."""
        self.cuts -= 1
        return self.cuts >= 0


def _handler(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/data/")
            mirror.asked.append(Asked(name, self.headers.get("Range")))
            if mirror.hold is not None:
                mirror.hold.wait(PATIENCE_SECONDS)
            status, first, body = mirror.part(name, self.headers.get("Range"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == HTTPStatus.PARTIAL_CONTENT:
                self.send_header("Content-Range", f"bytes {first}-{first + len(body) - 1}/{first + len(body)}")
            self.end_headers()
            self.wfile.write(body[: mirror.cut_at] if mirror.is_cut() else body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing: the tests read ``asked``."""

    return Handler
