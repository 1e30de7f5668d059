"""From the settings of a dataset to its samples."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from ayla_spec.datasets import (
    AnyDataset,
    CurveDataset,
    FashionMnistDataset,
    FileDataset,
    MnistDataset,
    UploadDataset,
)

from ayla_core.datasets import files, mnist, uploads
from ayla_core.datasets.built_in import built_in_dataset
from ayla_core.datasets.dataset import LoadedDataset
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.source import DataSource

CACHE_BYTES = 2**30
"""Memory that a process keeps for datasets of earlier jobs; room for MNIST many times."""


class DatasetCache:
    """The datasets used last, as many as fit; the newest always stays.

    Args:
        max_bytes: memory that all of them together may take.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, LoadedDataset] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, load: Callable[[], LoadedDataset]) -> LoadedDataset:
        """The dataset of a key, loaded if it is not kept; threads that ask at once wait for one load."""
        with self._lock:
            dataset = self._kept.get(key)
            if dataset is None:
                dataset = self._kept[key] = load()
            self._kept.move_to_end(key)
            self._drop_oldest()
            return dataset

    def _drop_oldest(self) -> None:
        while len(self._kept) > 1 and sum(dataset.nbytes for dataset in self._kept.values()) > self._max_bytes:
            self._kept.popitem(last=False)


_CACHE = DatasetCache(CACHE_BYTES)


def load_dataset(settings: AnyDataset, source: DataSource) -> LoadedDataset:
    """The samples of a dataset, the same for every trial; a process loads them once while its files are unchanged.

    A curve is not among them: its noise is drawn from each trial's seed (``draw_curve``).

    Args:
        settings: a dataset of the job spec.
        source: where files are found and fetched from.

    Raises:
        DatasetUnavailable: when a file is not here and cannot be fetched.
        DatasetError: when the data cannot be used.
        TypeError: for a curve.
    """
    try:
        paths, read = _found(settings, source)
        # Settings and files decide everything about the samples; a file that was replaced is another one. Those of an
        # upload have its digest.
        key = "\n".join([settings.model_dump_json(), *(_fingerprint(path) for path in paths)])
    except OSError as error:
        raise DatasetError(f"The data of '{settings.name}' cannot be read: {error}.") from error
    return _CACHE.get(key, read)


def _found(settings: AnyDataset, source: DataSource) -> tuple[tuple[Path, ...], Callable[[], LoadedDataset]]:
    """The files of a dataset, and what reads or draws its samples."""
    match settings:
        case MnistDataset() | FashionMnistDataset():
            paths = mnist.locate(settings.name, source)
            return paths, lambda: mnist.read(settings.name, paths)
        case FileDataset():
            path = files.locate(settings, source)
            return (path,), lambda: files.read(settings, path)
        case UploadDataset():
            return (), lambda: uploads.read(settings, source)
        case CurveDataset():
            raise TypeError(f"the dataset '{settings.name}' is drawn for each trial, not loaded")
        case _:
            return (), lambda: built_in_dataset(settings)


def _fingerprint(path: Path) -> str:
    status = path.stat()
    return f"{path.absolute()} {status.st_ino} {status.st_size} {status.st_mtime_ns}"
