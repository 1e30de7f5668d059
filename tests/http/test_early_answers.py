"""Bodies that are answered before they have come, and what comes behind a body: over real sockets."""

import contextlib
import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.processes import connections
from ayla_service.settings import Settings

from tests.factories import spec
from tests.http.helpers import with_shared_routes
from tests.http.serving import Serve, Served, until_closed
from tests.keyring import make_key
from tests.waiting import PATIENCE_SECONDS, wait_until

HEAD = b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"
NO_PROXY = urllib.request.ProxyHandler({})
PATIENCE = 1.0


@pytest.fixture
def serve(tmp_path: Path, database: Database) -> Iterator[Serve]:
    """Starts services."""
    with contextlib.ExitStack() as running:

        def start(**settings: Any) -> Served:
            chosen = Settings(data_dir=tmp_path, shutdown_seconds=1, **settings)
            served = Served(with_shared_routes(create_app(chosen, database)), chosen)
            running.callback(served.stop)
            return served

        yield start


def post(path: str, size: int, sent: bytes = b"") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n"
    return head.encode() + b"\r\n" + sent


LIMIT = 1024**2
"""Bytes of a body, where nothing else is said."""


def chunks(*pieces: bytes, trailer: bytes = b"") -> bytes:
    """A body in pieces, and what comes behind it."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


def chunked(path: str, sent: bytes, headers: bytes = b"Content-Type: application/json\r\n") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n".encode()
    return head + headers + b"\r\n" + sent


def answered(connection: socket.socket) -> http.client.HTTPResponse:
    """The next answer, all of which has been read: it may come in several pieces."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer


def status_of(connection: socket.socket) -> int:
    """The status of the next answer."""
    return answered(connection).status


def test_what_comes_behind_a_body_is_no_header(serve: Serve, database: Database) -> None:
    served = serve()
    body = json.dumps(spec()).encode()
    for trailer in (b"Host: evil.example\r\n", b"Content-Type: text/plain\r\n", b"If-Match: a\r\nIf-Match: b\r\n"):
        connection = served.connect(chunked("/v1/jobs", chunks(body, trailer=trailer)))
        assert status_of(connection) == 202, trailer
        connection.sendall(HEAD + b"\r\n")  # and the connection goes on
        assert status_of(connection) == 200
    untyped = served.connect(chunked("/v1/jobs", chunks(body, trailer=b"Content-Type: application/json\r\n"), b""))
    assert status_of(untyped) == 415
    key = make_key(database).encode()
    wait_until(lambda: status_of_get(served) == 401)
    unkeyed = served.connect(chunked("/v1/jobs", chunks(body, trailer=b"Authorization: Bearer " + key + b"\r\n")))
    assert status_of(unkeyed) == 401


def test_what_comes_behind_a_body_is_not_kept_without_an_end(serve: Serve) -> None:
    served = serve(client_seconds=60)
    connection = served.connect(chunked("/v1/jobs", chunks(b"{}")[:-2] + b"X-A: "))
    with contextlib.suppress(OSError):
        # Far more than the buffers of both sockets hold, which take some millions of bytes before the service looks.
        for _ in range(640):
            connection.sendall(b"b" * 100_000)
        pytest.fail("it takes 64 million bytes of a trailer")
    wait_until(lambda: served.connections == 0)


def refusal(url: str, size: int, **headers: str) -> tuple[int, str]:
    """What a client that sends all of a body before it reads is told: its status, and the slug of the problem."""
    sent = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data=b" " * size, headers=sent, method="POST")  # http
    with (
        pytest.raises(urllib.error.HTTPError) as caught,
        urllib.request.build_opener(NO_PROXY).open(request, timeout=PATIENCE_SECONDS),
    ):
        pass
    with caught.value as answer:
        return answer.code, json.loads(answer.read())["type"].rpartition(":")[2]


def test_who_sends_all_before_reading_is_told_what_is_wrong(serve: Serve, database: Database) -> None:
    served = serve()
    for size in (LIMIT + 1, 7_000_000, 8_000_000):
        assert refusal(f"{served.url}/v1/jobs", size) == (413, "body-too-large"), size
    uploads = f"{served.url}/v1/datasets?name=a&format=csv"
    assert refusal(uploads, 7_000_000) == (415, "unsupported-media-type")
    assert refusal(f"{served.url}/v1/jobs", 1_000_000, Origin="http://evil.example") == (403, "cross-site-request")
    assert refusal(f"{served.url}/nothing", 1_000_000) == (404, "not-found")
    make_key(database)
    wait_until(lambda: status_of_get(served) == 401)
    assert refusal(uploads, 7_000_000) == (401, "not-authenticated")


def status_of_get(served: Served) -> int:
    return httpx2.get(f"{served.url}/v1/jobs", trust_env=False).status_code


def test_a_body_of_unknown_length_is_answered_too(serve: Serve) -> None:
    served = serve()
    connection = served.connect(chunked("/v1/jobs", b""))
    connection.sendall(chunks(*[b" " * 100_000] * 70))
    begun = time.monotonic()
    head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert (head.split()[1], json.loads(body)["status"]) == (b"413", 413)
    assert b"connection: close" in head.lower()
    assert time.monotonic() - begun < connections.DRAIN_SECONDS


def test_a_small_body_that_comes_late_costs_no_connection(serve: Serve) -> None:
    served = serve()
    body = b" " * 1000
    waiting = [served.connect(post("/nothing", len(body))) for _ in range(2 * connections.DRAINS_AT_ONCE)]
    for connection in waiting:
        answer = answered(connection)
        assert (answer.status, answer.headers["connection"]) == (404, None)
    for connection in waiting:
        connection.sendall(body + HEAD + b"\r\n")
        assert status_of(connection) == 200


def test_only_so_much_is_read_of_what_was_answered(serve: Serve) -> None:
    served = serve()
    connection = served.connect(post("/v1/jobs", 10**12))
    answer = answered(connection)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 100_000_000:
            sent += connection.send(b" " * 100_000)
    assert connections.DRAIN_BYTES < sent < 60_000_000  # some of it is on its way
    wait_until(lambda: served.connections == 0)


def test_who_is_answered_and_sends_slowly_is_waited_for_a_while(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "DRAIN_SECONDS", PATIENCE)
    served = serve(client_seconds=60)
    connection = served.connect(post("/v1/jobs", LIMIT + 1, b" "))
    assert status_of(connection) == 413
    begun = time.monotonic()
    connection.settimeout(PATIENCE / 10)
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - begun < 10 * PATIENCE and served.connections:
            connection.send(b" ")
            time.sleep(PATIENCE / 10)
    assert served.connections == 0
    assert time.monotonic() - begun > PATIENCE / 2


def test_only_so_many_that_are_answered_are_waited_for(serve: Serve) -> None:
    served = serve(client_seconds=60)
    request = post("/v1/jobs", 10**9, b" " * 10)
    lingering = [served.connect(request) for _ in range(connections.DRAINS_AT_ONCE)]
    assert [status_of(connection) for connection in lingering] == [413] * len(lingering)
    wait_until(lambda: len(served.draining) == len(lingering))
    assert status_of(served.connect(request)) == 413
    wait_until(lambda: served.connections == len(lingering))  # that one is closed at once
    for connection in lingering:
        connection.close()
    wait_until(lambda: not served.draining)
    assert refusal(f"{served.url}/v1/jobs", 7_000_000) == (413, "body-too-large")


def test_a_request_behind_one_that_ends_the_connection_is_not_answered(serve: Serve) -> None:
    served = serve()
    head = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\nConnection: close\r\n\r\n"
    connection = served.connect(head)
    assert status_of(connection) == 413
    connection.sendall(b" " * 2_000_000 + HEAD + b"\r\n")
    assert b" 200 " not in until_closed(connection)
    wait_until(lambda: served.connections == 0)


def test_nonsense_behind_an_answer_ends_the_connection(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    served = serve()
    for begun in (chunked("/v1/jobs", b"200000\r\n" + b" " * 0x200000), chunked("/nothing", b"")):
        connection = served.connect(begun)
        assert status_of(connection) in (413, 404)
        connection.sendall(b"\r\nno chunk\r\n")
        assert b"400" not in until_closed(connection)
    wait_until(lambda: served.connections == 0)
    assert not [record for record in caplog.records if record.name == "asyncio"]
