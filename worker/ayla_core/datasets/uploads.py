"""Datasets that were uploaded: fetched once, checked, and kept in the folder of datasets for the next job."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ayla_spec.datasets import UploadDataset

from ayla_core.datasets.dataset import LoadedDataset
from ayla_core.datasets.download import exclusive_lock
from ayla_core.datasets.errors import DatasetError, DatasetUnavailable
from ayla_core.datasets.preparation import prepared
from ayla_core.datasets.source import DataSource
from ayla_core.datasets.tables import read_raw

FOLDER = "uploads"

KEPT_BYTES = 4 * 2**30
"""Disk that all of them together may take; the newest always stays."""


def read(settings: UploadDataset, source: DataSource) -> LoadedDataset:
    """The samples of an uploaded dataset, split and scaled as its settings say.

    Raises:
        DatasetUnavailable: when it was not found when the job was submitted, or is gone from the store.
        DatasetError: when its content is not what the job was submitted for, or cannot be used.
    """
    title = f"The dataset '{settings.dataset}'"
    path = _fetched(settings, source)
    return prepared(settings, read_raw("parquet", path, settings, title), title)


def _fetched(settings: UploadDataset, source: DataSource) -> Path:
    if settings.id is None or settings.digest is None:
        raise DatasetUnavailable(f"The dataset '{settings.dataset}' has no id and digest; a submitted job has both.")
    folder = source.folder / FOLDER
    path = folder / f"{settings.id}-{settings.digest[:16]}.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(folder / f".{path.name}.lock", source.on_progress):
            if not _is_whole(path, settings.digest):
                _fetch(settings.id, settings.digest, path, source)
        _drop_oldest(path)
    except OSError as error:
        raise DatasetError(f"The folder {folder} cannot be used: {error.strerror or error}.") from error
    return path


def _is_whole(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def _fetch(dataset_id: str, digest: str, path: Path, source: DataSource) -> None:
    """Write the content under another name, and give it its own once it is complete."""
    part, found = path.with_name(f"{path.name}.part"), hashlib.sha256()
    try:
        with part.open("wb") as file:
            for piece in source.uploads(dataset_id):
                found.update(piece)
                file.write(piece)
                source.on_progress()
            file.flush()
            os.fsync(file.fileno())
        if found.hexdigest() != digest:
            raise DatasetError(f"The content of the uploaded dataset {dataset_id} is not the one that the job is for.")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _drop_oldest(used: Path) -> None:
    """Make room: those that were used last stay, and first of all this one."""
    os.utime(used)
    kept = 0
    for path, status in sorted(_listed(used.parent), key=lambda item: item[1].st_mtime_ns, reverse=True):
        kept += status.st_size
        if kept > KEPT_BYTES and path != used:
            path.unlink(missing_ok=True)


def _listed(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob("*.parquet"):
        # Another worker may have dropped it just now.
        with suppress(FileNotFoundError):
            yield path, path.stat()
