"""Datasets over HTTP: upload, list, read, download and delete."""

import asyncio
import io
import os
import tempfile
import tracemalloc
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq
import pytest
from ayla_data.formats import Format
from ayla_service.app import create_app
from ayla_service.datasets.checking import TableSummary
from ayla_service.datasets.routes import uploads
from ayla_service.datasets.routes.uploads import UploadReceiver
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.requests import Request
from starlette.types import Message

from tests.factories import spec, stranger
from tests.http.helpers import BASE_URL, pointers, problem_of, upload_scope, with_shared_routes
from tests.uploaded import FLOWERS, in_this_process, npz_file, parquet_file, upload, upload_problem


@pytest.fixture
def app(tmp_path: Path, database: Database) -> FastAPI:
    """The application, which checks files by itself: another process for each would take a while."""
    made = with_shared_routes(create_app(Settings(data_dir=tmp_path, max_upload_bytes=20_000), database))
    made.state.uploads = UploadReceiver(database, made.state.datasets, in_this_process)
    return made


def _send(
    client: TestClient, content: Any = FLOWERS, name: str = "flowers", kind: str = "csv", **headers: str
) -> Response:
    given = {
        "content-type": "application/octet-stream",
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    return client.post("/v1/datasets", params={"name": name, "format": kind}, content=content, headers=given)


def _names(client: TestClient) -> list[str]:
    return [dataset["name"] for dataset in client.get("/v1/datasets").json()["data"]]


def test_a_file_becomes_a_dataset_by_a_process_of_its_own(tmp_path: Path, database: Database) -> None:
    with TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL) as client:
        answer = _send(client)
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/v1/datasets/{answer.json()['id']}"
        problem = problem_of(_send(client, b"x,y\n1,2\n3,a\n", "other"), 422, "invalid-dataset")
        assert "Column 'y', row 2 is 'a'" in problem["detail"]
        assert _names(client) == ["flowers"]


@pytest.mark.parametrize(
    ("kind", "content", "media_type"),
    [
        ("csv", FLOWERS, "text/csv; charset=utf-8"),
        ("npz", npz_file(X=[[1, 2], [3, 4]], y=[0, 1]), "application/x-npz"),
        ("parquet", parquet_file({"x": [1, 2], "target": [0.5, 1]}), "application/vnd.apache.parquet"),
    ],
)
def test_every_format_is_taken(client: TestClient, kind: str, content: bytes, media_type: str) -> None:
    answer = _send(client, content, kind=kind, content_type=media_type)
    assert answer.status_code == 201
    dataset = answer.json()
    assert client.get(f"/v1/datasets/{dataset['id']}").json() == dataset
    assert (dataset["format"], dataset["columns"][-1]["name"]) == (kind, "target")


def test_a_file_may_come_in_pieces_of_any_size(client: TestClient) -> None:
    pieces = [FLOWERS[place : place + 7] for place in range(0, len(FLOWERS), 7)]
    assert _send(client, iter(pieces)).json()["rows"] == 30


def test_names_that_are_numbers_are_taken_where_that_is_said(client: TestClient) -> None:
    content = b"1990,2000\n1,2\n3,4\n"

    def send(name: str, **query: str) -> Response:
        given = {"name": name, "format": "csv", **query}
        return client.post("/v1/datasets", params=given, content=content, headers={"content-type": "text/csv"})

    problem = problem_of(send("a"), 422, "invalid-dataset")
    assert "Line 1 has numbers only" in problem["detail"]
    assert "set 'header' to true" in problem["detail"]
    made = send("a", header="true")
    assert made.status_code == 201
    assert [column["name"] for column in made.json()["columns"]] == ["1990", "2000"]
    for query in ({"header": "false"}, {"header": "1"}, {"header": ""}, {"header": "true", "format": "npz"}):
        assert pointers(problem_of(send("b", **query), 422, "invalid-request")) == ["/header"]


def test_the_process_that_checks_is_told_of_the_names(tmp_path: Path, database: Database) -> None:
    with TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL) as client:
        query = {"name": "a", "format": "csv", "header": "true"}
        content = b"1990,2000\n1,2\n3,4\n"
        made = client.post("/v1/datasets", params=query, content=content, headers={"content-type": "text/csv"})
        assert made.json()["rows"] == 2


def test_a_description_is_kept(client: TestClient) -> None:
    query = {"name": "a", "format": "csv", "description": "Flowers\nof the garden"}
    answer = client.post("/v1/datasets", params=query, content=FLOWERS, headers={"content-type": "text/csv"})
    assert answer.json()["description"] == "Flowers\nof the garden"
    query |= {"name": "b", "description": "x\x00"}
    answer = client.post("/v1/datasets", params=query, content=FLOWERS, headers={"content-type": "text/csv"})
    assert pointers(problem_of(answer, 422, "invalid-request")) == ["/description"]


def test_a_preview_has_the_first_rows_by_column(client: TestClient) -> None:
    dataset_id = _send(client).json()["id"]
    preview = client.get(f"/v1/datasets/{dataset_id}/preview", params={"rows": 2}).json()
    columns = {"width": [0.5, 1.5], "height": [0, -1], "target": [0, 1]}
    assert preview == {"dataset_id": dataset_id, "rows": 2, "columns": columns}
    assert client.get(f"/v1/datasets/{dataset_id}/preview").json()["rows"] == 20
    answer = client.get(f"/v1/datasets/{dataset_id}/preview", params={"rows": 101})
    assert pointers(problem_of(answer, 422, "invalid-request")) == ["/rows"]


def test_a_download_is_parquet_and_can_be_uploaded_again(client: TestClient) -> None:
    dataset = _send(client).json()
    answer = client.get(f"/v1/datasets/{dataset['id']}/content")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == 'attachment; filename="flowers.parquet"'
    assert answer.headers["etag"] == f'"{dataset["digest"]}"'
    assert int(answer.headers["content-length"]) == len(answer.content) == dataset["stored_bytes"]
    assert pq.read_table(io.BytesIO(answer.content)).column_names == ["width", "height", "target"]
    again = _send(client, answer.content, "again", "parquet").json()
    assert (again["digest"], again["columns"]) == (dataset["digest"], dataset["columns"])


def test_a_list_has_pages_and_no_columns(client: TestClient) -> None:
    for name in ("a", "b", "c"):
        _send(client, name=name)
    first = client.get("/v1/datasets", params={"limit": 2})
    assert [dataset["name"] for dataset in first.json()["data"]] == ["c", "b"]
    assert "columns" not in first.json()["data"][0]
    assert first.json()["data"][0]["column_count"] == 3
    assert 'rel="next"' in first.headers["link"]
    last = client.get("/v1/datasets", params={"limit": 2, "cursor": first.json()["next_cursor"]}).json()
    assert ([dataset["name"] for dataset in last["data"]], last["next_cursor"]) == (["a"], None)


def test_a_name_that_is_taken_is_told_with_the_way_out(client: TestClient) -> None:
    dataset_id = _send(client).json()["id"]
    problem = problem_of(_send(client, b"not even a file"), 409, "dataset-name-taken")
    assert dataset_id in problem["detail"]
    assert "'flowers-2'" in problem["detail"]


def test_a_request_can_be_repeated(client: TestClient) -> None:
    first = _send(client, idempotency_key="key")
    again = _send(client, idempotency_key="key")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    problem_of(_send(client, FLOWERS + b"1,2,0\n", idempotency_key="key"), 422, "idempotency-key-reused")
    problem_of(_send(client, name="other", idempotency_key="key"), 422, "idempotency-key-reused")
    problem_of(_send(client, idempotency_key="another"), 409, "dataset-name-taken")
    assert _names(client) == ["flowers"]


def test_an_upload_that_failed_does_not_use_its_key_up(client: TestClient) -> None:
    problem_of(_send(client, b"x,y\n", idempotency_key="key"), 422, "invalid-dataset")
    assert _send(client, idempotency_key="key").status_code == 201


def test_a_dataset_is_deleted_once_its_jobs_have_ended(client: TestClient) -> None:
    dataset_id = _send(client).json()["id"]
    job_id = client.post("/v1/jobs", json=spec(problem=upload_problem())).json()["id"]
    problem = problem_of(client.delete(f"/v1/datasets/{dataset_id}"), 409, "dataset-in-use")
    assert job_id in problem["detail"]
    client.post(f"/v1/jobs/{job_id}/cancel")
    assert client.delete(f"/v1/datasets/{dataset_id}").status_code == 204
    problem_of(client.get(f"/v1/datasets/{dataset_id}"), 404, "dataset-not-found")
    assert client.get(f"/v1/jobs/{job_id}").json()["resolved"]["problem"]["dataset"]["id"] == dataset_id
    assert _send(client).status_code == 201


@pytest.mark.parametrize("way", ["/v1/jobs", "/v1/jobs:validate", "/v1/jobs:bulk"])
def test_epochs_of_an_upload_are_counted_by_its_samples(client: TestClient, way: str) -> None:
    """24 of 30 samples are trained on, in batches of 10: three steps to an epoch."""
    _send(client)
    problem = upload_problem() | {"batch_size": 10}
    job = spec(problem=problem, optimizers=[{"name": "adam", "learning_rate": 0.01}], budget={"epochs": 4})
    answer = client.post(way, json={"jobs": [job]} if way.endswith("bulk") else job).json()
    assert (answer["data"][0] if "data" in answer else answer)["resolved"]["budget"] == {"steps": 12}


def test_a_job_that_does_not_fit_is_refused_at_its_field(client: TestClient) -> None:
    _send(client)
    answer = client.post("/v1/jobs", json=spec(problem=upload_problem(target="price")))
    assert pointers(problem_of(answer, 422, "invalid-request")) == ["/problem/dataset/target"]
    answer = client.post("/v1/jobs", json=spec(problem=upload_problem(dataset="a\x00b")))
    assert pointers(problem_of(answer, 422, "invalid-request")) == ["/problem/dataset/dataset"]


@pytest.mark.parametrize("path", ["", "/preview", "/content"])
def test_a_dataset_of_another_team_is_not_found(client: TestClient, database: Database, path: str) -> None:
    dataset_id = upload(database, caller=stranger(database)).id
    problem_of(client.get(f"/v1/datasets/{dataset_id}{path}"), 404, "dataset-not-found")
    problem_of(client.delete(f"/v1/datasets/{dataset_id}"), 404, "dataset-not-found")
    assert _names(client) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "text/csv", "content-encoding": "gzip"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "none",
)
def test_a_body_that_is_not_a_file_as_it_is_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/datasets?name=a&format=csv", content=FLOWERS, headers=headers)
    problem_of(answer, 415, "unsupported-media-type")


def test_a_file_that_is_too_large_is_refused_declared_or_sent(client: TestClient) -> None:
    large = FLOWERS + b"1,2,0\n" * 4000
    for content in (large, iter([large[:100], large[100:]])):
        problem = problem_of(_send(client, content), 413, "body-too-large")
        assert "20000 bytes" in problem["detail"]
    assert _names(client) == []


def test_other_bodies_keep_their_own_limit(tmp_path: Path, database: Database) -> None:
    settings = Settings(data_dir=tmp_path, max_upload_bytes=1024, max_body_bytes=4096)
    with TestClient(with_shared_routes(create_app(settings, database)), BASE_URL) as client:
        problem_of(_send(client, b" " * 1025), 413, "body-too-large")
        problem = problem_of(client.post("/v1/jobs", content=b" " * 4097), 413, "body-too-large")
        assert "4096 bytes" in problem["detail"]
        assert client.post("/v1/jobs", json=spec()).status_code == 202


def test_more_uploads_than_there_is_room_for_come_again_later(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_MOST_OF_A_TEAM", 0)
    answer = _send(client)
    problem_of(answer, 503, "uploads-unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_places_are_given_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_MOST_OF_A_TEAM", 1)
    monkeypatch.setattr(uploads, "_MOST_AT_ONCE", 1)
    for name, content in (("a", b"x"), ("b", FLOWERS), ("c", FLOWERS)):
        assert _send(client, content, name).status_code == (422 if name == "a" else 201)


def test_all_uploads_together_have_so_many_bytes(app: FastAPI, client: TestClient) -> None:
    """Counted by what is said before, else by what has come; and given back however an upload ends."""
    room = len(FLOWERS) + 100
    refused: list[Response] = []

    def check(kind: Format, source: IO[bytes], target: IO[bytes], *, header: bool = False) -> TableSummary:
        """While the first upload is checked, its bytes still are where they are."""
        if not refused:
            refused.extend(_send(client, content, "other") for content in (FLOWERS, iter([FLOWERS])))
        return in_this_process(kind, source, target, header=header)

    receiver = app.state.uploads = UploadReceiver(app.state.database, app.state.datasets, check, room)
    assert _send(client, name="first").status_code == 201
    assert len(refused) == 2
    for answer in refused:
        assert "as many bytes of uploads" in problem_of(answer, 503, "uploads-unavailable")["detail"]
        assert int(answer.headers["retry-after"]) > 0
    longer = FLOWERS + b"0" * 101
    endings: list[tuple[Any, int]] = [(longer, 503), (iter([longer]), 503), (b"x", 422), (longer[:-4] + b"\n", 422)]
    for content, status in endings:
        assert _send(client, content, "second").status_code == status
        assert receiver._bytes._reserved == 0
    assert _send(client, iter([FLOWERS]), "second").status_code == 201


def test_a_file_that_is_taken_in_is_not_in_memory() -> None:
    pieces = [{"type": "http.request", "body": bytes(2**16), "more_body": True}] * 512 + [{"type": "http.request"}]

    async def receive() -> Message:
        return pieces.pop()

    pieces.reverse()
    request = Request({"type": "http", "headers": []}, receive)
    tracemalloc.start()
    try:
        with tempfile.TemporaryFile() as file, uploads._ByteLimit(2**25).reserve(request) as reserved:
            asyncio.run(uploads.save_body(request, file, reserved))
            assert (file.tell(), reserved.size) == (2**25, 2**25)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**23


def test_what_says_that_it_is_too_long_for_the_room_is_not_even_read(app: FastAPI) -> None:
    async def receive() -> Message:
        raise AssertionError("read")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    app.state.uploads = UploadReceiver(app.state.database, app.state.datasets, in_this_process, most_bytes=100)
    scope = upload_scope((b"content-length", b"101"))
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 503


def test_a_full_disk_is_told_as_such(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    problem = problem_of(_send(client), 503, "uploads-unavailable")
    assert "no room" in problem["detail"]


def test_what_a_page_of_another_site_sends_is_refused(client: TestClient) -> None:
    problem_of(_send(client, sec_fetch_site="cross-site"), 403, "cross-site-request")
