"""Formats of files, and what the first bytes of a file say of its own."""

from typing import IO, Literal

from ayla_data.errors import TableError

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


def check_start(kind: Format, source: IO[bytes]) -> None:
    """Refuse a file whose first bytes show that it is something else; leaves it at its start.

    Args:
        kind: the format that it is said to have.
        source: the file.

    Raises:
        TableError: when they do.
    """
    source.seek(0)
    start = source.read(8)
    source.seek(0)
    if not start:
        raise TableError("The file is empty.")
    expected = _STARTS.get(kind)
    found = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
    if expected is not None and not start.startswith(expected):
        raise TableError(f"The file is not {_NAMES[kind]}{f' but {found}' if found else ''}; give the format it has.")
    if expected is None and found is not None:
        raise TableError(f"The file is not {_NAMES[kind]} but {found}; give the format it has, or unpack it.")
