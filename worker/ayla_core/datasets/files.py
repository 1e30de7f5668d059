"""Files that the users of a service put into its data folder."""

from difflib import get_close_matches
from pathlib import Path

from ayla_data.formats import Format
from ayla_spec.datasets import FileDataset

from ayla_core.datasets.dataset import LoadedDataset
from ayla_core.datasets.errors import DatasetError, DatasetUnavailable
from ayla_core.datasets.preparation import prepared
from ayla_core.datasets.source import DataSource
from ayla_core.datasets.tables import read_raw

FOLDER = "files"

_FORMATS: dict[str, Format] = {".csv": "csv", ".npz": "npz", ".parquet": "parquet"}


def locate(settings: FileDataset, source: DataSource) -> Path:
    """The file of the settings.

    Raises:
        DatasetUnavailable: when it is not there.
        DatasetError: when it is not a file, or a link out of the folder.
    """
    folder = source.folder / FOLDER
    path = folder / settings.file
    if not _is_inside(path, folder):
        raise DatasetError(f"{settings.file} is a link out of the data folder; copy the file into {folder}.")
    if not path.exists():
        raise DatasetUnavailable(
            f"There is no file '{settings.file}' on this worker.{_suggestion(settings.file, folder)} Put it into "
            f"{folder} on every worker; AYLA_DATASETS_DIR sets the folder above."
        )
    if not path.is_file():
        raise DatasetError(f"{settings.file} in {folder} is not a file.")
    return path


def read(settings: FileDataset, path: Path) -> LoadedDataset:
    """The checked, split and, where the settings say so, standardized content of a file.

    A test part in the file (NPZ) is taken as it is; otherwise samples are split by ``test_fraction``.

    Raises:
        DatasetError: when the content cannot be used.
    """
    kind = _FORMATS[path.suffix.lower()]
    return prepared(settings, read_raw(kind, path, settings, path.name), path.name)


def _is_inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to itself; which of the two depends on Python's version
        return False


def _suggestion(name: str, folder: Path) -> str:
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    close = get_close_matches(name, names, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
