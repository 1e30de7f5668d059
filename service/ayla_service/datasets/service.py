"""Service of datasets: stores, lists, reads and deletes them.

Each method is one unit of work, but for ``add``, which takes part in the caller's, so that the answer to a request can
be stored with what it did.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Self

import pyarrow as pa
import pyarrow.parquet as pq
import structlog
from ayla_data.formats import Format
from sqlalchemy import delete
from sqlalchemy.orm import Session

from ayla_service.datasets import repository
from ayla_service.datasets.checking import TableSummary
from ayla_service.datasets.content import StoredFile, part_count, parts
from ayla_service.datasets.repository import dataset_of, own_dataset
from ayla_service.datasets.schemas import DatasetDetail, DatasetPage, DatasetPreview
from ayla_service.db.models import DatasetPartRow, DatasetRow
from ayla_service.db.session import Database
from ayla_service.errors import DatasetInUse
from ayla_service.teams.limits import Amount, LimitCheck
from ayla_service.teams.principal import Principal

_JOBS_NAMED = 5

log = structlog.get_logger("ayla_service.datasets")


@dataclass(frozen=True, slots=True)
class UploadMetadata:
    """Metadata of an upload, as its user gives them: name, description and format."""

    name: str
    description: str | None
    format: Format


@dataclass(frozen=True, slots=True)
class NewDataset:
    """An upload that has passed the check.

    Attributes:
        metadata: as its user gives them.
        summary: of the table.
        file: encoded, as it is stored.
        size: of the file.
        digest: SHA-256 of the file.
    """

    metadata: UploadMetadata
    summary: TableSummary
    file: IO[bytes]
    size: int
    digest: str

    @classmethod
    def of(cls, metadata: UploadMetadata, summary: TableSummary, file: IO[bytes]) -> Self:
        """An upload with the size and digest of its file, all of which is read."""
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a file on disk has all
        return cls(metadata, summary, file, file.tell(), digest)


@dataclass(frozen=True, slots=True)
class DatasetContent:
    """Content of a dataset; ``parts`` is read while it is sent."""

    dataset: DatasetDetail
    parts: Iterator[bytes]


class DatasetService:
    """Rules of storing, reading and deleting datasets.

    Args:
        database: the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def refuse_name_in_use(self, principal: Principal, name: str) -> None:
        """Refuse a name before a large file is sent for nothing.

        Raises:
            DatasetNameTaken: if a dataset of the team has it.
        """
        with self._database.read() as session:
            repository.refuse_name_in_use(session, principal, name)

    def add(self, session: Session, principal: Principal, new: NewDataset) -> DatasetDetail:
        """Store a dataset.

        Raises:
            DatasetNameTaken: if a dataset of the team has the name.
            LimitReached: if the member or the team may not store as much.
        """
        LimitCheck(session, principal.member_id).take(Amount(stored_bytes=new.size))
        fields = {
            **asdict(new.metadata),
            "rows": new.summary.rows,
            "columns": [asdict(column) for column in new.summary.columns],
            "stored_bytes": new.size,
            "digest": new.digest,
        }
        dataset_id = repository.add(session, principal, fields, new.file)
        log.info("dataset stored", dataset_id=dataset_id, rows=new.summary.rows, bytes=new.size)
        return repository.detail(session, principal, dataset_of(session, principal, dataset_id))

    def list(self, principal: Principal, *, limit: int = 50, cursor: str | None = None) -> DatasetPage:
        """The team's datasets, newest first.

        Raises:
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.page(session, principal, limit, cursor)

    def get(self, principal: Principal, dataset_id: str) -> DatasetDetail:
        """One dataset with its columns.

        Raises:
            DatasetNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            return repository.detail(session, principal, dataset_of(session, principal, dataset_id))

    def preview(self, principal: Principal, dataset_id: str, rows: int) -> DatasetPreview:
        """The first rows, at most as many as the first row group has.

        Raises:
            DatasetNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            file = StoredFile(session, dataset_of(session, principal, dataset_id))
            first = pq.ParquetFile(pa.PythonFile(file, mode="r")).read_row_group(0, use_threads=False)
        shown = first.slice(0, rows)
        return DatasetPreview(dataset_id=dataset_id, rows=shown.num_rows, columns=shown.to_pydict())

    def content(self, principal: Principal, dataset_id: str) -> DatasetContent:
        """The file as it is kept.

        Raises:
            DatasetNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            found = repository.detail(session, principal, dataset_of(session, principal, dataset_id))
        return DatasetContent(found, parts(self._database, found.id, part_count(found.stored_bytes)))

    def delete(self, principal: Principal, dataset_id: str) -> None:
        """Remove a dataset; jobs that have ended keep their results.

        Raises:
            DatasetNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            DatasetInUse: if a job that has not ended runs on it.
        """
        with self._database.write() as session:
            dataset = own_dataset(session, principal, dataset_id)
            jobs = repository.unfinished_jobs(session, dataset)
            if jobs:
                raise DatasetInUse(dataset.name, jobs[:_JOBS_NAMED], max(0, len(jobs) - _JOBS_NAMED))
            session.execute(delete(DatasetPartRow).where(DatasetPartRow.dataset_id == dataset.id))
            session.execute(delete(DatasetRow).where(DatasetRow.id == dataset.id))
        log.info("dataset deleted", dataset_id=dataset_id)
