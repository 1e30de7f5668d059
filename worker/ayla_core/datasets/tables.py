"""Files of numbers as samples: inputs and targets."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, BytesIO, FileIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from ayla_data.csv_file import CsvFile
from ayla_data.errors import TableError, column, shown
from ayla_data.formats import Format, check_start
from ayla_data.names import no_column
from ayla_data.npz_file import Array, read_npz
from ayla_data.parquet_file import ParquetFile
from ayla_data.table import Table, matrix
from ayla_spec.datasets import FileDataset, UploadDataset

from ayla_core.datasets.dataset import Floats
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.preparation import RawData
from ayla_core.progress import current


def read_raw(kind: Format, path: Path, settings: FileDataset | UploadDataset, title: str) -> RawData:
    """The chosen columns of a table, or the arrays of an NPZ.

    Args:
        kind: what the file has to be.
        path: the file.
        settings: which columns are chosen.
        title: what messages call it.

    Raises:
        DatasetError: when it cannot be read, or is no table of finite numbers within the limits.
    """
    with _dataset_errors(title), _FileWithProgress(path) as raw, BufferedReader(raw) as file:
        check_start(kind, file)
        match kind:
            case "csv":
                header = isinstance(settings, FileDataset) and settings.header is not None
                return _of_table(CsvFile(file, header=header), settings)
            case "parquet":
                return _of_table(ParquetFile(file), settings)
            case "npz":
                return _of_arrays(file, settings)


class _FileWithProgress(FileIO):
    """A file that reports progress with each read, in whichever thread it is read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._progress = current()

    def readinto(self, buffer: Any, /) -> int | None:
        """Read some."""
        self._progress.report_progress()
        return super().readinto(buffer)


@contextmanager
def _dataset_errors(title: str) -> Iterator[None]:
    """Error of a file, as the error of a dataset."""
    try:
        yield
    except TableError as fault:
        raise DatasetError(f"{title}: {fault}") from fault
    except OSError as error:
        raise DatasetError(f"{title} cannot be read: {error.strerror or error}.") from error


def _of_table(table: Table, settings: FileDataset | UploadDataset) -> RawData:
    columns = _choose_columns(settings, table.names)
    numbers = matrix(table, columns)
    return RawData(
        numbers[:, :-1],
        numbers[:, -1:],
        None,
        None,
        lambda place: column(columns[place]),
        column(columns[-1]),
        _precision(table.is_single(name) for name in columns[:-1]),
    )


def _of_arrays(file: IO[bytes], settings: FileDataset | UploadDataset) -> RawData:
    if settings.inputs is not None:
        raise TableError("The file holds arrays, not columns; leave 'inputs' out.")
    arrays = read_npz(file, BytesIO, as_table=False)
    test = arrays.test
    return RawData(
        _samples(arrays.inputs),
        arrays.targets.numbers(),
        None if test is None else _samples(test[0]),
        None if test is None else test[1].numbers(),
        arrays.inputs.place,
        arrays.targets.label,
        _precision([arrays.inputs.is_single] * arrays.inputs.features),
    )


def _precision(are_single: Iterable[bool]) -> Floats:
    kinds = (np.float32 if is_single else np.float64 for is_single in are_single)
    return np.array([np.finfo(kind).eps for kind in kinds], np.float64)


def _samples(array: Array) -> Floats:
    """Inputs of the shape that they are stored in; an axis of one may have been left out."""
    return array.numbers().reshape(len(array.stored), *(array.stored.shape[1:] or (1,)))


def _choose_columns(settings: FileDataset | UploadDataset, names: Sequence[str]) -> list[str]:
    """The input columns, in the order of the settings or else of the table, and last the target.

    Args:
        settings: which are chosen.
        names: of all columns, each there once.

    Raises:
        TableError: when a column is missing, or is input and target at once.
    """
    chosen = [*(settings.inputs or (name for name in names if name != settings.target)), settings.target]
    known = set(names)
    for name in chosen:
        if name not in known:
            raise TableError(no_column(name, names))
    for name, count in Counter(chosen).items():
        if count > 1:
            raise TableError(f"The column {shown(name)} is chosen twice; an input is named once and is not the target.")
    return chosen
