"""Files meant to break something: each is refused, nothing of it is stored or left on disk, and the service goes on."""

import asyncio
import io
import pickle
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from ayla_service.app import create_app
from ayla_service.datasets.routes import uploads
from ayla_service.datasets.routes.uploads import UploadReceiver
from ayla_service.datasets.subprocess_check import check_in_subprocess
from ayla_service.db.models import DatasetPartRow, DatasetRow
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from starlette.types import Message

from tests.http.helpers import BASE_URL, pointers, problem_of, upload_scope, with_shared_routes
from tests.uploaded import FLOWERS, in_this_process, npy_claiming, npz_file, parquet_file, zip_file

NUMBERS = np.arange(6.0)
NPZ = npz_file(inputs=NUMBERS, targets=NUMBERS)
PARQUET = parquet_file({"x": np.arange(300) % 7, "y": np.arange(300) * 0.5})


def _npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def _npz(inputs: bytes, **others: bytes) -> bytes:
    members = {"inputs.npy": inputs, "targets.npy": _npy(NUMBERS)}
    return zip_file(members | {f"{name}.npy": content for name, content in others.items()})


def _renamed(name: str) -> bytes:
    return zip_file({name: _npy(NUMBERS), "targets.npy": _npy(NUMBERS)})


class _Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("evil"),)  # type: ignore[return-value]


def _many_members() -> bytes:
    return zip_file({f"{place}.npy": b"" for place in range(2000)})


def _lying_about_rows() -> bytes:
    """300 rows, of which the metadata say 200: zigzag and then seven bits a byte, as Thrift writes numbers."""
    true, told = b"\xd8\x04", b"\x90\x03"
    for place in range(len(PARQUET) - 1, 0, -1):
        if PARQUET[place : place + 2] == true:
            changed = PARQUET[:place] + told + PARQUET[place + 2 :]
            if pq.ParquetFile(io.BytesIO(changed)).metadata.num_rows == 200:
                return changed
    raise AssertionError("the number of rows is not where it was")


def _bomb_of_rows() -> bytes:
    """Billions of bytes in some kilobytes: one value, and how often it is repeated."""
    column = np.zeros(1_000_001, np.int8)
    return parquet_file({"x": column, "y": column, "z": column})


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("csv", b"", "The file is empty"),
    "nothing as npz": ("npz", b"", "The file is empty"),
    "nothing as parquet": ("parquet", b"", "The file is empty"),
    "a header alone": ("csv", b"x,y\n", "has 0 rows"),
    "line breaks alone": ("csv", b"\n\n\n", "too few columns"),
    "a byte order mark alone": ("csv", b"\xef\xbb\xbf", "too few columns"),
    "a million columns": ("csv", b"," * 1_000_000 + b"\n1\n", "more columns than"),
    "a million named columns": ("csv", b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n", "more columns than"),
    "a header without end": ("csv", b"x" * 10_000_000, "header line is too long"),
    "a line without end": ("csv", b"x,y\n1," + b"2" * 9_000_000, "longer than 4194304 bytes"),
    "a NUL in a value": ("csv", b"x,y\n1,2\x00\n3,4\n", "row 1 is '2\\x00'"),
    "a NUL in a name": ("csv", b"x,y\x00\n1,2\n3,4\n", "cannot be printed"),
    "a bell in a name": ("csv", b"x,y\x07\n1,2\n3,4\n", "cannot be printed"),
    "a right-to-left mark in a name": ("csv", "x,y\u202e\n1,2\n3,4\n".encode(), "cannot be printed"),
    "UTF-16": ("csv", "x,y\n1,2\n".encode("utf-16"), "not UTF-8"),
    "latin-1 in a name": ("csv", b"x,gr\xf6\xdfe\n1,2\n3,4\n", "not UTF-8"),
    "latin-1 in a value": ("csv", b"x,y\n1,\xe9\n3,4\n", "Column 'y', row 1 is not UTF-8 text"),
    "NaN": ("csv", b"x,y\n1,2\n3,NaN\n", "Column 'y', row 2 is nan"),
    "infinity": ("csv", b"x,y\n1,2\n3,-inf\n", "Column 'y', row 2 is -inf"),
    "an empty value": ("csv", b"x,y\n1,2\n3,\n", "Column 'y', row 2 is empty"),
    "a value that says it is missing": ("csv", b"x,y\n1,NA\n3,4\n", "Column 'y', row 1 is 'NA'"),
    "a formula": ("csv", b'x,y\n1,"=HYPERLINK(""http://x"")"\n3,4\n', "Column 'y', row 1 is '=HYPERLINK("),
    "a number in hexadecimal": ("csv", b"x,y\n1,0x10\n3,4\n", "row 1 is '0x10'"),
    "a number of a million digits": ("csv", b"x,y\n1," + b"9" * 1_000_000 + b"\n3,4\n", "beyond the range of float64"),
    "a column twice": ("csv", b"x,x\n1,2\n3,4\n", "Two columns have the name 'x'"),
    "a column without a name": ("csv", b"x,\n1,2\n3,4\n", "Column 2 has no name"),
    "a name that is too long": ("csv", b"x," + b"y" * 201 + b"\n1,2\n3,4\n", "longer than 200 characters"),
    "a quote that is not closed": ("csv", b'x,"y\n1,2\n3,4\n', "header line cannot be read"),
    "rows of different lengths": ("csv", b"x,y\n1,2\n3\n", "Row 2 must have 2 values"),
    "a web page": ("csv", b"<!doctype html>\n<html>\n", "too few columns"),
    "too many rows": ("csv", b"x,y\n" + b"1,2\n" * 1_000_001, "more rows than"),
    "csv as npz": ("npz", FLOWERS, "The file is not NPZ"),
    "csv as parquet": ("parquet", FLOWERS, "The file is not Parquet"),
    "npz as csv": ("csv", NPZ, "not CSV but a zip or NPZ"),
    "npz as parquet": ("parquet", NPZ, "not Parquet but a zip or NPZ"),
    "parquet as csv": ("csv", PARQUET, "not CSV but Parquet"),
    "parquet as npz": ("npz", PARQUET, "not NPZ but Parquet"),
    "a gzip file": ("csv", b"\x1f\x8b\x08\x00", "compressed with gzip"),
    "a single array": ("npz", _npy(NUMBERS), "a single NumPy array"),
    "a pickle as npz": ("npz", pickle.dumps([1]), "but a pickle"),
    "the start of a zip": ("npz", b"PK\x03\x04", "no directory at its end"),
    "a zip that is cut off": ("npz", NPZ[:-30], "no directory at its end"),
    "a zip without its middle": ("npz", NPZ[:60] + NPZ[120:], "cannot be read as NPZ"),
    "a zip of nothing": ("npz", b"PK\x05\x06" + bytes(18), "an empty zip"),
    "a path upwards": ("npz", _renamed("../inputs.npy"), "holds '../inputs'"),
    "a path from the root": ("npz", _renamed("/inputs.npy"), "must hold the arrays"),
    "a folder": ("npz", _renamed("inputs.npy/"), "must hold the arrays"),
    "a path with backslashes": ("npz", _renamed("..\\inputs.npy"), "must hold the arrays"),
    "another array": ("npz", _npz(_npy(NUMBERS), extra=_npy(NUMBERS)), "and nothing else"),
    "both kinds of names": ("npz", npz_file(inputs=[1, 2], y=[1, 2]), "and nothing else"),
    "two thousand files": ("npz", _many_members(), "holds 2000 files"),
    "a zip in a zip": ("npz", _npz(NPZ), "no valid header"),
    "a pickled object": ("npz", _npz(_npy(np.array([_Evil()] * 6, object))), "is of type object"),
    "a pickle as a member": ("npz", _npz(pickle.dumps(_Evil())), "no valid header"),
    "trillions of rows": ("npz", _npz(npy_claiming("(1000000000000,)")), "not as long as its header says"),
    "trillions of rows of nothing": ("npz", _npz(npy_claiming("(1000000000000, 0)")), "has no values"),
    "a negative shape": ("npz", _npz(npy_claiming("(-6,)")), "not as long as its header says"),
    "code as a shape": ("npz", _npz(npy_claiming("print(1)")), "no valid header"),
    "a header of gigabytes": ("npz", _npz(b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(20_000)), "no valid header"),
    "a zip bomb": ("npz", _npz(npy_claiming("(20000000,)", "|u1") + bytes(20_000_000)), "more rows than"),
    "a bomb that hides its size": ("npz", _npz(npy_claiming("(6,)") + bytes(20_000_000)), "not as long as its header"),
    "no rows": ("npz", npz_file(inputs=NUMBERS[:0], targets=NUMBERS[:0]), "has 0 rows"),
    "parquet that is cut off": ("parquet", PARQUET[:-9], "cut off"),
    "the start of parquet": ("parquet", b"PAR1", "metadata"),
    "parquet of magic alone": ("parquet", b"PAR1PAR1", "metadata"),
    "metadata of gigabytes": ("parquet", PARQUET[:-8] + b"\xff\xff\xff\x7fPAR1", "metadata of the file are damaged"),
    "metadata of zeros": ("parquet", PARQUET[:4] + bytes(200) + b"\xc8\x00\x00\x00PAR1", "cannot be read as Parquet"),
    "pages of zeros": ("parquet", PARQUET[:4] + bytes(400) + PARQUET[404:], "cannot be read as Parquet"),
    "more rows than told": ("parquet", _lying_about_rows(), "damaged"),
    "a bomb of rows": ("parquet", _bomb_of_rows(), "more rows than"),
    "nulls": ("parquet", parquet_file({"x": [1, None], "y": [1, 2]}), "Column 'x', row 2 is empty"),
    "text": ("parquet", parquet_file({"x": ["=1+1", "b"], "y": [1, 2]}), "Column 'x' is of type string"),
    "structures": ("parquet", parquet_file({"x": [{"a": 1}, {"a": 2}], "y": [1, 2]}), "is of type struct"),
    "a name with a line break": ("parquet", parquet_file({"x\n": [1, 2], "y": [1, 2]}), "cannot be printed"),
}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where temporary files go."""
    folder = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("TMPDIR", str(folder))
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def database(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One store for all: nothing is ever in it."""
    path = tmp_path_factory.mktemp("store") / "ayla.db"
    shutil.copy(migrated_store, path)
    store = Database(f"sqlite:///{path}")
    yield store
    store.dispose()


@pytest.fixture(scope="module")
def app(database: Database, scratch: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    made = with_shared_routes(create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), database))
    made.state.uploads = UploadReceiver(database, made.state.datasets, in_this_process)
    return made


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, BASE_URL) as client:
        yield client


def _post(client: TestClient, content: bytes, kind: str, name: str | None = "hostile") -> Any:
    query = {"format": kind} | ({} if name is None else {"name": name})
    return client.post("/v1/datasets", params=query, content=content, headers={"content-type": "application/zip"})


def _assert_unharmed(client: TestClient, database: Database, scratch: Path) -> None:
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(DatasetRow)) == 0
        assert session.scalar(select(func.count()).select_from(DatasetPartRow)) == 0
    assert list(scratch.iterdir()) == []
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("kind", "content", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(
    client: TestClient, database: Database, scratch: Path, kind: str, content: bytes, message: str
) -> None:
    problem = problem_of(_post(client, content, kind), 422, "invalid-dataset")
    assert message in problem["detail"]
    assert len(problem["detail"]) < 500
    _assert_unharmed(client, database, scratch)


@pytest.mark.parametrize("name", ["a bomb of rows", "pages of zeros", "more rows than told", "a pickled object"])
def test_the_process_that_checks_refuses_them_too(
    app: FastAPI, client: TestClient, database: Database, scratch: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(app.state.uploads, "_check", check_in_subprocess)
    kind, content, message = HOSTILE[name]
    assert message in problem_of(_post(client, content, kind), 422, "invalid-dataset")["detail"]
    _assert_unharmed(client, database, scratch)


NAMES = {
    "missing": None,
    "empty": "",
    "a blank": " ",
    "a path upwards": "../x",
    "two points": "a..b",
    "a path": "a/b",
    "a backslash": "a\\b",
    "hidden": ".x",
    "an option": "-rf",
    "a line break": "a\r\nSet-Cookie: x",
    "a NUL": "a\x00",
    "a quote": 'a"b',
    "a right-to-left mark": "a\u202eb",
    "letters beyond ASCII": "größe",
    "too long": "a" * 101,
    "like an id": "bad51462-3264-42af-bc85-7efa5e86ae27",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_hostile_name_is_refused(client: TestClient, database: Database, scratch: Path, name: str | None) -> None:
    assert pointers(problem_of(_post(client, FLOWERS, "csv", name), 422, "invalid-request")) == ["/name"]
    _assert_unharmed(client, database, scratch)


@pytest.mark.parametrize("kind", ["", "CSV", "pt", "pickle", "../csv"])
def test_an_unknown_format_is_refused(client: TestClient, kind: str) -> None:
    assert pointers(problem_of(_post(client, FLOWERS, kind), 422, "invalid-request")) == ["/format"]


def test_a_body_shorter_than_it_says_is_refused(client: TestClient, database: Database, scratch: Path) -> None:
    headers = {"content-type": "text/csv", "content-length": str(len(FLOWERS) + 1)}
    answer = client.post("/v1/datasets?name=a&format=csv", content=FLOWERS, headers=headers)
    problem_of(answer, 400, "malformed-body")
    _assert_unharmed(client, database, scratch)


def _sent(app: FastAPI, receive: Callable[[], Awaitable[Message]], patience: float = 30.0) -> list[Message]:
    """What is answered to an upload whose body comes in this way; after so many seconds it is cancelled."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {**upload_scope(), "app": app}
    asyncio.run(asyncio.wait_for(app(scope, receive, send), patience))
    return sent


def test_a_connection_that_is_cut_off_leaves_nothing(
    app: FastAPI, client: TestClient, database: Database, scratch: Path
) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": FLOWERS, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    assert _sent(app, receive)[0]["status"] == 400
    _assert_unharmed(client, database, scratch)


@pytest.mark.parametrize(("silence", "whole"), [(0.05, 60.0), (60.0, 0.05)], ids=["silent", "slow"])
def test_a_body_that_does_not_come_is_not_waited_for(
    app: FastAPI,
    client: TestClient,
    database: Database,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    silence: float,
    whole: float,
) -> None:
    monkeypatch.setattr(uploads, "_SILENCE_SECONDS", silence)
    monkeypatch.setattr(uploads, "_WHOLE_SECONDS", whole)

    async def receive() -> Message:
        await asyncio.sleep(60.0 if silence < whole else 0.01)
        return {"type": "http.request", "body": b"1", "more_body": True}

    assert _sent(app, receive)[0]["status"] == 408
    _assert_unharmed(client, database, scratch)


def test_an_upload_that_a_stopping_server_gives_up_is_told_so(
    app: FastAPI, client: TestClient, database: Database, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.uploads, "_check", lambda *_, **__: time.sleep(0.5))

    async def receive() -> Message:
        return {"type": "http.request", "body": FLOWERS, "more_body": False}

    assert _sent(app, receive, patience=0.2)[0]["status"] == 503
    _assert_unharmed(client, database, scratch)
