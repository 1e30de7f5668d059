"""Source of this worker's datasets: folder, servers, and the store for uploads."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ayla_core.datasets import DatasetUnavailable, DataSource
from ayla_core.progress import report_progress
from ayla_service.datasets.content import part_count, read_part, stored_bytes
from ayla_service.db.session import Database
from ayla_service.settings import Settings

from ayla_worker.store_retry import retry_store

_SILENCES_PER_LEASE = 5


def data_source(settings: Settings, database: Database) -> DataSource:
    """The folder and the servers that the settings name, and the store for what was uploaded.

    A server that does not answer is given up early enough for the next ones to be tried within the lease.
    """
    return DataSource(
        folder=settings.datasets_folder,
        mirrors={"mnist": settings.mnist_mirrors, "fashion-mnist": settings.fashion_mnist_mirrors},
        allow_download=settings.download_datasets,
        timeout_seconds=settings.lease_seconds / _SILENCES_PER_LEASE,
        uploads=lambda dataset_id: _uploaded(database, dataset_id, settings.lease_seconds),
    )


def with_progress(source: DataSource, on_progress: Callable[[], None]) -> DataSource:
    """The same data; ``on_progress`` is called whenever fetching them goes on."""

    def report() -> None:
        report_progress()
        on_progress()

    return replace(source, on_progress=report)


def _uploaded(database: Database, dataset_id: str, seconds: float) -> Iterator[bytes]:
    """The content of an uploaded dataset, part by part.

    Raises:
        DatasetUnavailable: if the store has no such dataset (any more).
        sqlalchemy.exc.DBAPIError: if the store does not answer for so many seconds.
    """
    size = retry_store(seconds, partial(_size, database, dataset_id))
    if size is None:
        raise _gone(dataset_id)
    for index in range(part_count(size)):
        part = retry_store(seconds, partial(_part, database, dataset_id, index))
        if part is None:
            raise _gone(dataset_id)
        yield part


def _gone(dataset_id: str) -> DatasetUnavailable:
    return DatasetUnavailable(f"The uploaded dataset {dataset_id} was deleted. Upload it again and submit a new job.")


def _size(database: Database, dataset_id: str) -> int | None:
    with database.read() as session:
        return stored_bytes(session, dataset_id)


def _part(database: Database, dataset_id: str, index: int) -> bytes | None:
    with database.read() as session:
        return read_part(session, dataset_id, index)
