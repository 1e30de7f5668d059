"""Content of a dataset: its file, which the store keeps in parts, of which few are in memory at once."""

import io
from collections.abc import Iterator
from typing import IO

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ayla_service.db.models import DatasetPartRow, DatasetRow
from ayla_service.db.session import Database

PART_BYTES = 2**20

_KEPT_PARTS = 4


def write_parts(session: Session, dataset_id: str, file: IO[bytes]) -> None:
    """Store a file, part by part."""
    file.seek(0)
    for index, data in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
        session.execute(insert(DatasetPartRow), [{"dataset_id": dataset_id, "index": index, "data": data}])


def part_count(stored_bytes: int) -> int:
    """How many parts a file of this size has."""
    return -(-stored_bytes // PART_BYTES)


def read_part(session: Session, dataset_id: str, index: int) -> bytes | None:
    """A part; None if there is no such dataset or it has no such part."""
    query = select(DatasetPartRow.data).where(DatasetPartRow.dataset_id == dataset_id, DatasetPartRow.index == index)
    return session.scalar(query)


def stored_bytes(session: Session, dataset_id: str) -> int | None:
    """Size of the file; None if there is no such dataset."""
    return session.scalar(select(DatasetRow.stored_bytes).where(DatasetRow.id == dataset_id))


def parts(database: Database, dataset_id: str, count: int) -> Iterator[bytes]:
    """The parts in order, each read in a unit of work of its own, so that a slow client holds no transaction open.

    Raises:
        LookupError: if the dataset is deleted meanwhile.
    """
    for index in range(count):
        with database.read() as session:
            data = read_part(session, dataset_id, index)
        if data is None:
            raise LookupError(f"the dataset {dataset_id} was deleted while it was read")
        yield data


class StoredFile(io.RawIOBase):
    """The file, to be read at any place within one unit of work.

    Args:
        session: the unit of work.
        dataset: the dataset.
    """

    def __init__(self, session: Session, dataset: DatasetRow) -> None:
        self._session = session
        self._id, self._size = dataset.id, dataset.stored_bytes
        self._place = 0
        self._kept: dict[int, bytes] = {}

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def tell(self) -> int:
        """As of any file."""
        return self._place

    def read(self, size: int = -1) -> bytes:
        """As of any file; all that is asked for, as far as there is as much."""
        end = self._size if size < 0 else min(self._size, self._place + size)
        pieces = []
        while self._place < end:
            index, offset = divmod(self._place, PART_BYTES)
            pieces.append(self._part(index)[offset : offset + end - self._place])
            self._place += len(pieces[-1])
        return b"".join(pieces)

    def _part(self, index: int) -> bytes:
        if index not in self._kept:
            data = read_part(self._session, self._id, index)
            if data is None:
                raise LookupError(f"the dataset {self._id} has no part {index}")
            while len(self._kept) >= _KEPT_PARTS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[index] = data
        return self._kept[index]
