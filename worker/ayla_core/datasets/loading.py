"""From the settings of a dataset to its samples."""

from pathlib import Path

from ayla_spec.datasets import (
    AnyDataset,
    ClassificationDataset,
    DigitsDataset,
    FashionMnistDataset,
    FileDataset,
    MnistDataset,
    RegressionDataset,
    UploadDataset,
)

from ayla_core.datasets import files, mnist, uploads
from ayla_core.datasets.cache import DatasetCache
from ayla_core.datasets.dataset import Dataset
from ayla_core.datasets.digits import load_digits
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.generated import draw_classification, draw_regression
from ayla_core.datasets.source import DataSource

CACHE_BYTES = 2**30
"""Memory that a process keeps for datasets of earlier jobs; room for MNIST many times."""

_CACHE = DatasetCache(CACHE_BYTES)


def load_dataset(settings: AnyDataset, source: DataSource) -> Dataset:
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
        paths = _locate(settings, source)
        # Settings and files decide everything about the samples; a file that was replaced is another one. Those of an
        # upload have its digest.
        key = "\n".join([settings.model_dump_json(), *(_fingerprint(path) for path in paths)])
    except OSError as error:
        raise DatasetError(f"The data of '{settings.name}' cannot be read: {error}.") from error
    return _CACHE.get(key, lambda: _read(settings, paths, source))


def _locate(settings: AnyDataset, source: DataSource) -> tuple[Path, ...]:
    match settings:
        case MnistDataset() | FashionMnistDataset():
            return mnist.locate(settings.name, source)
        case FileDataset():
            return (files.locate(settings, source),)
        case _:
            return ()


def _fingerprint(path: Path) -> str:
    status = path.stat()
    return f"{path.absolute()} {status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _read(settings: AnyDataset, paths: tuple[Path, ...], source: DataSource) -> Dataset:
    match settings:
        case MnistDataset() | FashionMnistDataset():
            return mnist.read(settings.name, paths)
        case FileDataset():
            return files.read(settings, paths[0])
        case UploadDataset():
            return uploads.read(settings, source)
        case DigitsDataset():
            return load_digits(settings)
        case RegressionDataset():
            return draw_regression(settings)
        case ClassificationDataset():
            return draw_classification(settings)
        case _:
            raise TypeError(f"the dataset '{settings.name}' is drawn for each trial, not loaded")
