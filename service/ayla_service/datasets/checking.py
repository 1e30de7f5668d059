"""From an uploaded file to the form in which it is kept, or to what is wrong with it."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Literal

from ayla_service.datasets.bounds import check_size
from ayla_service.datasets.csv_source import read_csv
from ayla_service.datasets.encoding import encode
from ayla_service.datasets.faults import Unusable
from ayla_service.datasets.measures import Column, measure
from ayla_service.datasets.npz_source import read_npz
from ayla_service.datasets.parquet_source import read_parquet
from ayla_service.datasets.spool import Scratch
from ayla_service.datasets.table import Table

Format = Literal["csv", "npz", "parquet"]

_MAGIC = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a zip or NPZ file",
    b"PK\x05\x06": "an empty zip file",
    b"\x1f\x8b": "a file compressed with gzip",
    b"BZh": "a file compressed with bzip2",
    b"\xfd7zXZ": "a file compressed with xz",
    b"\x28\xb5\x2f\xfd": "a file compressed with zstd",
    b"\x93NUMPY": "a single NumPy array",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"%PDF": "a PDF file",
}
_STARTS = {"parquet": b"PAR1", "npz": b"PK\x03\x04"}
_NAMES = {"csv": "CSV", "npz": "NPZ", "parquet": "Parquet"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds."""

    rows: int
    columns: list[Column]


def check(kind: Format, source: IO[bytes], target: IO[bytes]) -> Checked:
    """Read a file to its end, measure it and write it as it is kept.

    Args:
        kind: the format that it is said to have.
        source: the file.
        target: where it is written to; empty before.

    Raises:
        Unusable: when the content is not a table of finite numbers within the limits.
        MemoryError: when reading takes more memory than a table within the limits can need.
    """
    check_start(kind, source)
    # Files without a name: nothing is left of them, whatever becomes of this process.
    with ExitStack() as files:
        table = _read(kind, source, lambda: files.enter_context(tempfile.TemporaryFile()))
        check_size(table.rows, len(table.names))
        columns = measure(table)
        encode(table, columns, target)
        return Checked(table.rows, columns)


def check_start(kind: Format, source: IO[bytes]) -> None:
    """Refuse a file whose first bytes show that it is something else; leaves it at its start.

    Raises:
        Unusable: when they do.
    """
    source.seek(0)
    start = source.read(8)
    source.seek(0)
    if not start:
        raise Unusable("The file is empty.")
    expected = _STARTS.get(kind)
    found = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
    if expected is not None and not start.startswith(expected):
        raise Unusable(f"The file is not {_NAMES[kind]}{f' but {found}' if found else ''}; give the format it has.")
    if expected is None and found is not None:
        raise Unusable(f"The file is not {_NAMES[kind]} but {found}; give the format it has, or unpack it.")


def _read(kind: Format, source: IO[bytes], scratch: Scratch) -> Table:
    match kind:
        case "csv":
            return read_csv(source, scratch)
        case "npz":
            return read_npz(source, scratch)
        case "parquet":
            return read_parquet(source, scratch)
