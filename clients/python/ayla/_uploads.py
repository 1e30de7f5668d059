"""Tables of numbers as a file to upload: from a path, a frame, or arrays."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from ayla.errors import InvalidRequest, MissingDependency

DatasetFormat: TypeAlias = Literal["csv", "npz", "parquet"]

CHUNK_BYTES = 256 * 1024

_MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "npz": "application/x-npz",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class Upload:
    """A file that can be sent more than once.

    Attributes:
        format: of the file.
        content: the file itself, or its path.
    """

    format: str
    content: bytes | Path

    @property
    def media_type(self) -> str:
        """As HTTP calls the format."""
        return _MEDIA_TYPES[self.format]

    @property
    def name(self) -> str:
        """That of the file, without its ending.

        Raises:
            InvalidRequest: it is none that has a name.
        """
        if isinstance(self.content, bytes):
            raise InvalidRequest("name", "what is no file needs one: upload(source, name=…).")
        return self.content.stem

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        with self._open() as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _open(self) -> IO[bytes]:
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")


def as_upload(source: object, form: str | None = None) -> Upload:
    """What is to be uploaded, as a file.

    Args:
        source: a path; bytes; a frame of pandas or polars or a table of Arrow; or arrays by name, which become the
            columns, or the parts "inputs" and "targets".
        form: of a path or of bytes: "csv", "npz" or "parquet"; None: by the ending of the path.

    Raises:
        InvalidRequest: it is none of these, or the format is not known; or there is no such file.
    """
    if form is not None and form not in _MEDIA_TYPES:
        raise InvalidRequest("format", f"{form!r} is not one of {', '.join(_MEDIA_TYPES)}.")
    if isinstance(source, str | PathLike):
        return _file(Path(source), form)
    if isinstance(source, bytes | bytearray):
        if form is None:
            raise InvalidRequest("format", f"of bytes it has to be given: {', '.join(_MEDIA_TYPES)}.")
        return Upload(form, bytes(source))
    if form is not None:
        raise InvalidRequest("format", f"a {type(source).__name__} is written by the client; leave the format out.")
    if isinstance(source, Mapping):
        return _arrays(source)
    return _frame(source)


def _file(path: Path, form: str | None) -> Upload:
    if not path.is_file():
        raise InvalidRequest("source", f"there is no file {str(path)!r}.")
    found = form or path.suffix.lower().removeprefix(".")
    if found not in _MEDIA_TYPES:
        raise InvalidRequest(
            "format", f"the ending of {path.name!r} does not name it; give one of {', '.join(_MEDIA_TYPES)}."
        )
    return Upload(found, path)


def _frame(frame: Any) -> Upload:
    """A frame as Parquet, or as CSV where pandas has nothing that writes Parquet."""
    to_parquet = getattr(frame, "to_parquet", None) or getattr(frame, "write_parquet", None)
    if callable(to_parquet):
        try:
            return _parquet_of(frame, to_parquet)
        except ImportError:
            return Upload("csv", frame.to_csv(index=False).encode())
    if hasattr(frame, "schema") and hasattr(frame, "column_names"):
        return Upload("parquet", _parquet_of_arrow(frame))
    raise InvalidRequest(
        "source", f"a {type(frame).__name__} is neither a path, nor bytes, nor a frame, nor arrays by name."
    )


def _parquet_of(frame: Any, write: Any) -> Upload:
    buffer = io.BytesIO()
    if hasattr(frame, "to_parquet"):
        write(buffer, index=False)
    else:
        write(buffer)
    return Upload("parquet", buffer.getvalue())


def _parquet_of_arrow(table: Any) -> bytes:
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def _arrays(arrays: Mapping[str, Any]) -> Upload:
    """Arrays "inputs" and "targets" as NPZ; others are columns."""
    if {*arrays} == {"inputs", "targets"}:
        return Upload("npz", _npz(arrays))
    return Upload("csv", _csv(arrays))


def _npz(arrays: Mapping[str, Any]) -> bytes:
    try:
        import numpy
    except ImportError as error:
        raise MissingDependency("numpy", "upload() of inputs and targets", "numpy") from error
    buffer = io.BytesIO()
    numpy.savez(buffer, inputs=numpy.asarray(arrays["inputs"]), targets=numpy.asarray(arrays["targets"]))
    return buffer.getvalue()


def _csv(columns: Mapping[str, Any]) -> bytes:
    """Columns as CSV, in which every number has all of its digits."""
    listed = {name: getattr(column, "tolist", lambda column=column: [*column])() for name, column in columns.items()}
    lengths = {len(column) for column in listed.values()}
    if len(lengths) != 1:
        raise InvalidRequest("source", f"the columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    rows = (
        ",".join(_number(value, name) for name, value in zip(listed, row, strict=True))
        for row in zip(*listed.values(), strict=True)
    )
    return "\n".join([",".join(map(_header, listed)), *rows, ""]).encode()


def _header(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"\n') else name


def _number(value: object, name: str) -> str:
    if isinstance(value, bool | int):
        return str(int(value))
    if not isinstance(value, float) or not math.isfinite(value):
        raise InvalidRequest(f"/{name}", f"{value!r} is not a finite number.")
    return repr(value)
