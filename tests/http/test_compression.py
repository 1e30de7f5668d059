"""Which answers are compressed, and how their validators and lengths go with that."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from ayla_service.db.session import Database
from ayla_service.http.compression import CompressionMiddleware
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message

from tests.http.helpers import BASE_URL, record

TEXT = b"step,loss\n" + b"1,0.125\n" * 1000
LENGTH = len(TEXT)


def _raw(client: TestClient, path: str, encoding: str | None, **headers: str) -> tuple[dict[str, str], bytes]:
    """Headers and the body as it was sent."""
    given = headers | ({} if encoding is None else {"Accept-Encoding": encoding})
    with client.stream("GET", path, headers=given) as answer:
        return dict(answer.headers), b"".join(answer.iter_raw())


@pytest.fixture
def made() -> Iterator[TestClient]:
    """A small application: the path says how many bytes of what type."""

    async def whole(request: Request) -> Response:
        size = int(request.path_params["size"])
        headers = {"ETag": request.query_params["etag"]} if "etag" in request.query_params else {}
        return Response(TEXT[:size], headers=headers, media_type=request.query_params["type"])

    async def not_modified(_: Request) -> Response:
        return Response(status_code=304, headers={"ETag": '"1"', "Vary": "Accept"})

    routes = [Route("/304", not_modified), Route("/{size:int}", whole)]
    with TestClient(CompressionMiddleware(Starlette(routes=routes)), BASE_URL) as client:
        yield client


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/problem+json", "text/csv", "text/html", "image/svg+xml", "text/javascript"],
)
def test_texts_are_compressed(made: TestClient, media_type: str) -> None:
    headers, body = _raw(made, f"/{LENGTH}?type={media_type}", "gzip")
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(body) < LENGTH / 10
    assert gzip.decompress(body) == TEXT


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream",
        "application/octet-stream",
        "application/pdf",
        "image/png",
        "text/event-stream",
        "text/event-stream; charset=utf-8",
    ],
)
def test_what_is_compressed_already_or_a_stream_of_events_is_not(made: TestClient, media_type: str) -> None:
    headers, body = _raw(made, f"/{LENGTH}?type={media_type}", "gzip")
    assert "content-encoding" not in headers
    assert body == TEXT


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("deflate, gzip, br, zstd", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("gzippy", False),
        ("identity", False),
        ("", False),
        ("gzip;q=x", False),
    ],
)
def test_only_who_takes_gzip_gets_it(made: TestClient, encoding: str, compressed: bool) -> None:
    headers, body = _raw(made, f"/{LENGTH}?type=text/csv", encoding)
    assert ("content-encoding" in headers) == compressed
    assert headers["vary"] == "Accept-Encoding"
    assert (body == TEXT) != compressed


def test_small_answers_stay_as_they_are(made: TestClient) -> None:
    headers, body = _raw(made, "/1023?type=text/csv", "gzip")
    assert "content-encoding" not in headers
    assert len(body) == 1023


@pytest.mark.parametrize(
    ("etag", "encoding", "sent"),
    [('"1.ab"', "gzip", 'W/"1.ab"'), ('W/"1.ab"', "gzip", 'W/"1.ab"'), ('"1.ab"', "identity", '"1.ab"')],
)
def test_a_strong_validator_is_not_said_of_other_bytes(made: TestClient, etag: str, encoding: str, sent: str) -> None:
    headers, _ = _raw(made, f"/{LENGTH}?type=text/csv&etag={etag}", encoding)
    assert headers["etag"] == sent


def test_not_modified_has_no_body_and_the_same_vary(made: TestClient) -> None:
    headers, body = _raw(made, "/304", "gzip")
    assert body == b""
    assert headers["vary"] == "Accept, Accept-Encoding"
    assert headers["etag"] == '"1"'


async def _sent(streamed: AsyncIterator[bytes], media_type: str) -> list[Message]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is asked for")

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"accept-encoding", b"gzip")],
        "asgi": {"spec_version": "2.4"},
    }
    app = CompressionMiddleware(StreamingResponse(streamed, media_type=media_type))
    await app(scope, receive, send)
    return messages


def test_a_stream_goes_on_piece_by_piece() -> None:
    """Each piece can be read as soon as it is sent; an event is not held back at all."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield TEXT

    messages = anyio.run(_sent, pieces(), "text/csv")
    bodies = [message["body"] for message in messages if message["type"] == "http.response.body"]
    decompress = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert [decompress.decompress(body) for body in bodies] == [TEXT, TEXT, TEXT, b""]
    events = anyio.run(_sent, pieces(), "text/event-stream")
    assert [message.get("body") for message in events[1:]] == [TEXT, TEXT, TEXT, b""]


def test_results_are_compressed_and_read_again(client: TestClient, database: Database, trial_id: str) -> None:
    steps = list(range(3000))
    record(database, trial_id, {"step": steps, "loss": [1.0 / (step + 1) for step in steps]})
    path = f"/v1/trials/{trial_id}/trajectory"
    headers, body = _raw(client, path, "gzip")
    plain, text = _raw(client, path, "identity")
    for answer in (headers, plain):
        assert set(answer["vary"].split(", ")) == {"Accept", "Authorization", "Cookie", "Accept-Encoding"}
    assert int(headers["content-length"]) == len(body) < len(text) / 2
    assert json.loads(gzip.decompress(body)) == json.loads(text)
    assert headers["etag"] == plain["etag"]
    assert client.get(path, headers={"If-None-Match": headers["etag"]}).status_code == 304
    parquet, _ = _raw(client, f"{path}?format=parquet", "gzip")
    assert "content-encoding" not in parquet


def test_a_changed_job_is_named_by_the_validator_of_a_compressed_answer(client: TestClient, job_id: str) -> None:
    path = f"/v1/jobs/{job_id}"
    headers, _ = _raw(client, path, "gzip")
    assert headers["content-encoding"] == "gzip"
    assert headers["etag"].startswith('W/"')
    assert client.get(path, headers={"If-None-Match": headers["etag"]}).status_code == 304
    assert client.patch(path, json={"notes": "x"}, headers={"If-Match": headers["etag"]}).status_code == 200
    assert client.patch(path, json={"notes": "y"}, headers={"If-Match": headers["etag"]}).status_code == 412


def test_head_has_the_length_of_what_get_would_send(client: TestClient) -> None:
    get, body = _raw(client, "/openapi.json", "gzip")
    head = client.head("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert head.headers["content-length"] == get["content-length"] == str(len(body))
    assert head.headers["content-encoding"] == "gzip"
    assert head.content == b""
