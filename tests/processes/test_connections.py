"""Clients that hold connections without using them: they are given up at some time, and keep nobody else waiting."""

import asyncio
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.to_thread import current_default_thread_limiter
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.processes.connections import BoundedProtocol
from ayla_service.settings import Settings
from fastapi import FastAPI, Response
from starlette.responses import StreamingResponse
from starlette.types import Message

from tests.factories import spec
from tests.http.helpers import with_shared_routes
from tests.http.serving import Serve, Served, until_closed
from tests.waiting import PATIENCE_SECONDS, wait_until

HEAD = b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"
LARGE = 24_000_000
SOME = 60_000
"""Less than makes an answer wait to be taken, and more than is on its way to a client with small buffers."""

PATIENCE = 1.0


@pytest.fixture
def serve(tmp_path: Path, database: Database) -> Iterator[Serve]:
    """Starts services, with routes that answer much."""
    with contextlib.ExitStack() as running:

        def start(**settings: Any) -> Served:
            chosen = Settings(data_dir=tmp_path, shutdown_seconds=1, **settings)
            app = with_shared_routes(create_app(chosen, database))
            app.add_api_route("/some", lambda: Response(b"x" * SOME))
            app.add_api_route("/large", lambda: Response(b"x" * LARGE))
            app.add_api_route("/pieces", lambda: StreamingResponse(b"x" * 10_000 for _ in range(LARGE // 10_000)))
            served = Served(app, chosen)
            running.callback(served.stop)
            return served

        yield start


def drip(connection: socket.socket, piece: bytes, *, seconds: float) -> bool:
    """Send one byte now and then; whether the other end has had enough of it within this time."""
    deadline = time.monotonic() + seconds
    connection.setblocking(False)
    while time.monotonic() < deadline:
        try:
            connection.send(piece)
            if connection.recv(65536) == b"":
                return True
        except BlockingIOError:
            pass
        except ConnectionError:
            return True
        time.sleep(PATIENCE / 10)
    return False


def post(path: str, size: int, sent: bytes = b"", method: str = "POST", kind: str = "application/json") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
    return head.encode() + (b"If-Match: *\r\n" if method == "PATCH" else b"") + b"\r\n" + sent


def test_who_sends_no_request_or_never_ends_it_is_given_up(serve: Serve) -> None:
    served = serve(client_seconds=PATIENCE)
    silent, half = served.connect(), served.connect(HEAD)
    dripping = served.connect(HEAD + b"X-A: ")
    assert drip(dripping, b"x", seconds=10 * PATIENCE)
    assert until_closed(silent) == until_closed(half) == b""
    wait_until(lambda: served.connections == 0)


@pytest.mark.parametrize("endless", [b"X-A: b\r\n" * 20_000, b"X-A: " + b"b" * 160_000, b"b" * 160_000])
@pytest.mark.parametrize("used", [True, False])
def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(
    serve: Serve, endless: bytes, *, used: bool
) -> None:
    served = serve(client_seconds=60)
    connection = served.connect(HEAD + b"\r\n" if used else b"")
    if used:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
    with contextlib.suppress(OSError):  # it may be closed before all of it is sent
        connection.sendall(HEAD + endless)
    assert b" 200 " not in until_closed(connection)
    wait_until(lambda: served.connections == 0)


def test_what_is_no_request_is_answered_as_every_other_error_is(serve: Serve) -> None:
    served = serve(client_seconds=60)
    for sent, told in ((b"hello\r\n\r\n", "Invalid HTTP request"), (HEAD + b"X-A: " + b"b" * 66_000, "65536 bytes")):
        head, _, body = until_closed(served.connect(sent)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"Content-Type: application/problem+json" in head
        problem = json.loads(body)
        assert (problem["type"], problem["status"]) == ("urn:ayla:problem:malformed-request", 400)
        assert told in problem["detail"]


def test_a_connection_that_was_used_is_not_held_by_single_bytes(serve: Serve) -> None:
    served = serve(client_seconds=PATIENCE)
    connection = served.connect(HEAD + b"\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert drip(connection, b"G", seconds=10 * PATIENCE)


def test_a_connection_is_used_again_and_again(serve: Serve) -> None:
    served = serve(client_seconds=PATIENCE)
    connection = http.client.HTTPConnection(*served.address, timeout=PATIENCE_SECONDS)
    for _ in range(5):
        time.sleep(PATIENCE / 2)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
    assert served.connections == 1
    connection.close()


def test_a_body_that_does_not_come_is_answered(serve: Serve) -> None:
    served = serve(client_seconds=PATIENCE)
    job = httpx2.post(f"{served.url}/v1/jobs", json=spec(), trust_env=False).json()["id"]
    requests = [
        post("/v1/jobs", 100, b"{"),
        post("/v1/jobs:bulk", 100),
        post("/v1/members", 1000, b" " * 999),
        post(f"/v1/jobs/{job}", 100, b"{", "PATCH"),
        post("/v1/keys/some-key/rotate", 5, b"{"),
    ]
    for connection in [served.connect(request) for request in requests]:
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in head.lower()
        assert json.loads(body)["type"] == "urn:ayla:problem:body-timeout"
    dripping = served.connect(post("/v1/jobs", 1000))
    assert drip(dripping, b" ", seconds=10 * PATIENCE)


def test_a_body_that_comes_slowly_and_steadily_is_taken(serve: Serve) -> None:
    served = serve(client_seconds=PATIENCE)
    body = json.dumps(spec()).encode() + b" " * 60_000
    connection = served.connect(post("/v1/jobs", len(body)))
    for start in range(0, len(body), 20_000):
        connection.sendall(body[start : start + 20_000])
        time.sleep(PATIENCE / 2)
    assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
    connection.close()


@pytest.mark.parametrize("path", ["/some", "/large", "/pieces"])
def test_who_takes_nothing_of_an_answer_is_given_up(serve: Serve, path: str) -> None:
    served = serve(client_seconds=PATIENCE)
    connection = served.connect(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), buffer=4096)
    wait_until(lambda: served.connections == 1)
    wait_until(lambda: served.connections == 0)
    assert 0 < len(until_closed(connection)) < (SOME if path == "/some" else LARGE)


@pytest.mark.parametrize("path", ["/large", "/pieces"])
def test_who_takes_an_answer_slowly_gets_all_of_it(serve: Serve, path: str) -> None:
    served = serve(client_seconds=PATIENCE)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    connection, received = served.connect(request, buffer=65536), 0
    begun = time.monotonic()
    while piece := connection.recv(1_000_000):
        received += len(piece)
        # Slow enough that it takes several times as long as anybody is waited for.
        time.sleep(max(0.0, begun + received / LARGE * 4 * PATIENCE - time.monotonic()))
    assert received > LARGE
    assert time.monotonic() - begun > 3 * PATIENCE


def test_many_slow_clients_keep_nobody_else_waiting(serve: Serve) -> None:
    served = serve()
    job = httpx2.post(f"{served.url}/v1/jobs", json=spec(), trust_env=False).json()["id"]
    upload = post("/v1/datasets?name=slow&format=csv", 1000, b"x", kind="text/csv")
    kinds = [
        b"",
        HEAD,
        post("/v1/jobs", 1000, b"{"),
        post("/v1/jobs:bulk", 1000, b"{"),
        post(f"/v1/jobs/{job}/pause", 1000, b"{"),
        post(f"/v1/jobs/{job}", 1000, b"{", "PATCH"),
        post("/v1/webhooks", 1000, b"{"),
        upload,
        b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /pieces HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]
    # More of each kind than there are threads to answer requests; the large answers take memory, so of these fewer.
    slow = [served.connect(kind, buffer=4096) for kind in kinds for _ in range(3 if b"/large" in kind else 50)]
    wait_until(lambda: served.connections >= len(slow))
    with httpx2.Client(base_url=served.url, timeout=PATIENCE_SECONDS, trust_env=False) as client:
        assert [client.get("/v1/jobs").status_code for _ in range(10)] == [200] * 10
        assert client.post("/v1/jobs", json=spec()).status_code == 202
    assert served.connections > len(slow) - 50  # uploads have a limit of their own
    for connection in slow:
        connection.close()


def test_a_connection_too_many_is_answered_at_once(serve: Serve) -> None:
    served = serve(max_connections=3)
    held = [served.connect(HEAD) for _ in range(3)]
    wait_until(lambda: served.connections == 3)
    answer = httpx2.get(f"{served.url}/v1/jobs", trust_env=False)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:ayla:problem:too-many-connections"
    held.pop().close()
    wait_until(lambda: served.connections == 2)
    assert httpx2.get(f"{served.url}/v1/jobs", trust_env=False).status_code == 200
    for connection in held:
        connection.close()


def test_every_body_is_read_before_a_thread_is_taken(tmp_path: Path, database: Database) -> None:
    app = with_shared_routes(create_app(Settings(data_dir=tmp_path), database))
    operations = [
        (method.upper(), path.replace("{", "").replace("}", ""), operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
        if method != "get"
    ]
    read = {asyncio.run(_threads_while_a_body_comes(app, method, path)) for method, path, _ in operations}
    assert read == {None, 0}
    with_body = [
        (method, path)
        for method, path, operation in operations
        if "requestBody" in operation and asyncio.run(_threads_while_a_body_comes(app, method, path)) is None
    ]
    assert with_body == [("POST", "/v1/datasets")]  # refused for its kind before its body is read


async def _threads_while_a_body_comes(app: FastAPI, method: str, path: str) -> int | None:
    """How many threads a request holds when half of its body has come; None if it was not read."""
    asked, over, statuses = asyncio.Event(), asyncio.Event(), []
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Message:
        message = next(messages, None)
        if message is None:
            asked.set()
            await over.wait()
        return message or {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        statuses.append(message.get("status"))

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")]
    headers += [(b"idempotency-key", b"a"), (b"if-match", b"*")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    request = asyncio.create_task(app(scope, receive, send))
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait([request, waiting], return_when=asyncio.FIRST_COMPLETED)
    threads = current_default_thread_limiter().borrowed_tokens if asked.is_set() else None
    over.set()
    waiting.cancel()
    await asyncio.wait([request])
    assert request.exception() is None
    assert 500 not in statuses  # that the client goes in the middle of its body is no fault of ours
    return threads


def test_the_bounds_of_one_service_are_not_those_of_another() -> None:
    assert not hasattr(BoundedProtocol, "most")
