"""Files to upload: from a path, bytes, a frame or arrays, sent again whole where that is needed."""

import io
import json
from pathlib import Path
from typing import Any

import ayla
import httpx2
import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from ayla._uploads import CHUNK_BYTES, as_upload

COLUMNS = {"x": [1.0, 2.5], "y": [0.1, 1e-300]}
STORED: dict[str, Any] = {
    "id": "set-1",
    "name": "rows",
    "description": None,
    "owner": "local",
    "format": "csv",
    "rows": 2,
    "column_count": 2,
    "stored_bytes": 9,
    "digest": "0",
    "created_at": "2026-01-01T00:00:00Z",
    "columns": [],
}


def parquet(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = pyarrow.parquet.read_table(io.BytesIO(content)).to_pydict()
    return found


@pytest.mark.parametrize("source", [pandas.DataFrame(COLUMNS), polars.DataFrame(COLUMNS), pyarrow.table(COLUMNS)])
def test_a_frame_is_sent_as_parquet(source: object) -> None:
    upload = as_upload(source)
    assert (upload.format, parquet(b"".join(upload.chunks()))) == ("parquet", COLUMNS)


def test_columns_are_sent_with_all_their_digits() -> None:
    upload = as_upload({"x": numpy.array([0.1, 3.0]), 'a,"b"': [1, True]})
    assert (upload.format, b"".join(upload.chunks())) == ("csv", b'x,"a,""b"""\n0.1,1\n3.0,1\n')


def test_inputs_and_targets_are_sent_as_arrays() -> None:
    upload = as_upload({"inputs": numpy.ones((3, 2)), "targets": [0, 1, 2]})
    with numpy.load(io.BytesIO(b"".join(upload.chunks()))) as arrays:
        assert (upload.format, arrays["inputs"].shape, arrays["targets"].tolist()) == ("npz", (3, 2), [0, 1, 2])


@pytest.mark.parametrize(
    ("source", "form", "told"),
    [
        ("nothing.csv", None, "no file 'nothing.csv'"),
        (__file__, None, "ending of 'test_client_uploads.py' does not name it"),
        (__file__, "xlsx", "'xlsx' is not one of csv, npz, parquet"),
        (b"x\n1\n", None, "of bytes it has to be given"),
        ({"x": [1.0]}, "csv", "leave the format out"),
        ({"x": [1.0], "y": [1.0, 2.0]}, None, "different lengths: 1, 2"),
        ({"x": [float("nan")]}, None, "/x: nan is not a finite number"),
        ({"x": ["one"]}, None, "/x: 'one' is not a finite number"),
        (7, None, "a int is neither a path"),
    ],
)
def test_what_cannot_be_sent_is_told_before(source: object, form: str | None, told: str) -> None:
    with pytest.raises(ayla.InvalidRequest, match=told):
        as_upload(source, form)


def test_a_file_is_sent_in_pieces_and_whole_again_with_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"x\n" + b"1\n" * CHUNK_BYTES)
    received, keys, progress = list[bytes](), list[str](), list[tuple[int, int]]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        received.append(request.read())
        keys.append(request.headers["Idempotency-Key"])
        assert request.headers["Content-Length"] == str(path.stat().st_size)
        assert request.url.params.multi_items() == [("name", "rows"), ("format", "csv")]
        return httpx2.Response(201, json=STORED) if len(keys) == 2 else httpx2.Response(503, content=json.dumps({}))

    clock = ayla.Clock(sleep=lambda _: None)
    with ayla.Client("http://service.test", transport=httpx2.MockTransport(answer), clock=clock) as client:
        stored = client.datasets.upload(path, progress=lambda sent, size: progress.append((sent, size)))

    assert stored.id == "set-1"
    assert received == [path.read_bytes()] * 2
    assert keys[0] == keys[1]
    size = path.stat().st_size
    assert progress == [(CHUNK_BYTES, size), (2 * CHUNK_BYTES, size), (size, size)] * 2


def test_an_uploaded_dataset_is_named_by_its_id() -> None:
    stored = ayla.DatasetDetail.model_validate(STORED)
    assert ayla.dataset(stored, target="y")["dataset"] == {"name": "upload", "dataset": "set-1", "target": "y"}


def test_what_is_no_file_needs_a_name() -> None:
    with (
        ayla.Client("http://service.test") as client,
        pytest.raises(ayla.InvalidRequest, match="name: what is no file"),
    ):
        client.datasets.upload({"x": [1.0, 2.0]})
