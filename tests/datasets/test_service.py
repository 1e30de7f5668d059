"""Datasets in the store: whole, named once in a team, counted towards its limits, and kept while jobs need them."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from ayla_service.datasets import content
from ayla_service.datasets.content import StoredFile, part_count, parts, read_part
from ayla_service.datasets.service import DatasetService
from ayla_service.db.models import DatasetPartRow, DatasetRow, MemberRow, TeamRow
from ayla_service.db.session import Database
from ayla_service.errors import DatasetInUse, DatasetNameTaken, DatasetNotFound, InvalidQuery, LimitReached, NotYours
from ayla_service.states import Role
from ayla_service.teams.principal import LOCAL, Principal
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.factories import colleague, jobs, spec, stranger
from tests.uploaded import FLOWERS, new_dataset, npz_file, upload, upload_problem

pytestmark = pytest.mark.every_store


@pytest.fixture
def service(database: Database) -> DatasetService:
    return DatasetService(database)


def _counts(database: Database) -> tuple[int, int]:
    with database.read() as session:
        datasets = session.scalar(select(func.count()).select_from(DatasetRow))
        return int(datasets or 0), int(session.scalar(select(func.count()).select_from(DatasetPartRow)) or 0)


def _noise(rows: int) -> bytes:
    """Numbers that do not compress: eight bytes each as they are kept."""
    values = np.random.default_rng(0).random((rows, 3))
    return npz_file(inputs=values[:, :2], targets=values[:, 2])


def test_what_was_stored_is_read_back(
    database: Database, service: DatasetService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PART_BYTES", 1000)
    stored = upload(database, _noise(300), "noise", "npz")
    assert _counts(database) == (1, part_count(stored.stored_bytes))
    assert part_count(stored.stored_bytes) > 5
    read = b"".join(service.content(LOCAL, stored.id).parts)
    assert (len(read), hashlib.sha256(read).hexdigest()) == (stored.stored_bytes, stored.digest)
    with database.read() as session:
        table = pq.read_table(StoredFile(session, session.get_one(DatasetRow, stored.id)))
    assert table["x1"].to_pylist() == np.random.default_rng(0).random((300, 3))[:, 1].tolist()


def test_a_dataset_is_described(database: Database, service: DatasetService) -> None:
    stored = upload(database)
    assert stored == service.get(LOCAL, stored.id)
    assert (stored.name, stored.owner, stored.format) == ("flowers", "local", "csv")
    assert (stored.rows, stored.column_count) == (30, 3)
    assert [(column.name, column.classes) for column in stored.columns][2] == ("target", 3)


def test_a_preview_reads_little(database: Database, service: DatasetService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PART_BYTES", 16_384)
    stored = upload(database, _noise(30_000), "noise", "npz")
    read: set[int] = set()

    def counted(session: Session, dataset_id: str, index: int) -> bytes | None:
        read.add(index)
        return read_part(session, dataset_id, index)

    monkeypatch.setattr(content, "read_part", counted)
    preview = service.preview(LOCAL, stored.id, 3)
    assert (preview.rows, list(preview.columns)) == (3, ["x0", "x1", "target"])
    assert preview.columns["x0"] == np.random.default_rng(0).random((30_000, 3))[:3, 0].tolist()
    # The beginning of the file, and its last 64 KiB.
    assert len(read) <= 6 < part_count(stored.stored_bytes) / 5


def test_a_list_is_of_the_team_and_in_pages(database: Database, service: DatasetService) -> None:
    names = [upload(database, name=f"d{place}").name for place in range(5)]
    upload(database, caller=stranger(database))
    seen, cursor = [], None
    while True:
        page = service.list(LOCAL, limit=2, cursor=cursor)
        seen += [view.name for view in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == names[::-1]
    with pytest.raises(InvalidQuery):
        service.list(LOCAL, cursor="x")


def test_a_name_is_taken_once_in_a_team(database: Database, service: DatasetService) -> None:
    stored = upload(database)
    with pytest.raises(DatasetNameTaken, match=stored.id):
        upload(database)
    with pytest.raises(DatasetNameTaken):
        service.refuse_name_in_use(colleague(database), "flowers")
    assert upload(database, caller=stranger(database)).name == "flowers"


def test_of_two_uploads_at_once_one_has_the_name(database: Database, service: DatasetService) -> None:
    both = threading.Barrier(2)

    def store(_: int) -> str:
        new = new_dataset()
        with new.file:
            both.wait()
            try:
                with database.write() as session:
                    return service.add(session, LOCAL, new).id
            except DatasetNameTaken:
                return "taken"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(store, range(2)))
    assert outcomes.count("taken") == 1
    assert _counts(database)[0] == 1


def test_other_teams_see_nothing(database: Database, service: DatasetService) -> None:
    stored, other = upload(database), stranger(database)
    for read in (service.get, service.content, service.delete, lambda who, which: service.preview(who, which, 1)):
        with pytest.raises(DatasetNotFound):
            read(other, stored.id)
    with pytest.raises(DatasetNotFound):
        service.get(LOCAL, "no id\x00")
    assert _counts(database)[0] == 1


@pytest.mark.parametrize(("who", "may"), [("owner", True), ("admin", True), ("colleague", False)])
def test_the_owner_and_admins_delete(database: Database, service: DatasetService, who: str, may: bool) -> None:
    owner = colleague(database)
    stored = upload(database, caller=owner)
    caller: Principal = {"owner": owner, "admin": LOCAL, "colleague": colleague(database, "other")}[who]
    if may:
        service.delete(caller, stored.id)
    else:
        with pytest.raises(NotYours):
            service.delete(caller, stored.id)
    assert _counts(database) == ((0, 0) if may else (1, 1))


def test_a_dataset_that_jobs_wait_for_is_kept(database: Database, service: DatasetService) -> None:
    stored = upload(database)
    upload(database, name="other")
    desk = jobs(database)
    waiting = [desk.submit(spec(problem=upload_problem())).id for _ in range(7)]
    desk.submit(spec(problem=upload_problem(dataset="other")))
    with pytest.raises(DatasetInUse) as refused:
        service.delete(LOCAL, stored.id)
    assert all(job_id in str(refused.value) for job_id in waiting[:5])
    assert "and 2 more" in str(refused.value)
    for job_id in waiting:
        desk.cancel(job_id)
    service.delete(LOCAL, stored.id)
    assert desk.get(waiting[0]).resolved.model_dump()["problem"]["dataset"]["id"] == stored.id


def _limit(database: Database, table: type[MemberRow | TeamRow], row_id: str, stored_bytes: int) -> None:
    with database.write() as session:
        session.execute(update(table).where(table.id == row_id).values(limits={"stored_bytes": stored_bytes}))


@pytest.mark.parametrize("whose", ["member", "team"])
def test_what_is_stored_counts_towards_the_limits(database: Database, service: DatasetService, whose: str) -> None:
    member = colleague(database, role=Role.MEMBER)
    first = upload(database, caller=member)
    table: type[Any] = MemberRow if whose == "member" else TeamRow
    row_id = member.member_id if whose == "member" else member.team_id
    _limit(database, table, row_id, 2 * first.stored_bytes - 1)
    with pytest.raises(LimitReached, match="Delete jobs or datasets"):
        upload(database, name="second", caller=member)
    assert _counts(database) == (1, 1)
    _limit(database, table, row_id, 2 * first.stored_bytes)
    upload(database, name="second", caller=member)
    service.delete(member, first.id)
    upload(database, name="third", caller=member)


def test_a_download_notices_that_its_dataset_is_deleted(
    database: Database, service: DatasetService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PART_BYTES", 100)
    stored = upload(database)
    reading = parts(database, stored.id, part_count(stored.stored_bytes))
    assert len(next(reading)) == 100
    service.delete(LOCAL, stored.id)
    with pytest.raises(LookupError):
        next(reading)


def test_a_file_is_read_at_any_place(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PART_BYTES", 10)
    stored = upload(database, FLOWERS)
    with database.read() as session:
        file = StoredFile(session, session.get_one(DatasetRow, stored.id))
        whole = file.read()
        assert len(whole) == stored.stored_bytes == file.tell() == file.seek(0, 2)
        for start, length in ((0, 5), (5, 10), (9, 31), (len(whole) - 3, 9), (len(whole) + 5, 1), (95, 0)):
            assert file.seek(start) == start
            assert file.read(length) == whole[start : start + length]
        file.seek(7)
        assert (file.seek(3, 1), file.seek(-4, 2), file.read()) == (10, len(whole) - 4, b"PAR1")
