"""CSV with a header line, read in blocks."""

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from ayla_service.datasets.bounds import MAX_COLUMN_NAME, MAX_COLUMNS, check_names, check_not_too_large
from ayla_service.datasets.faults import Unusable, not_finite, reason, shown
from ayla_service.datasets.spool import Scratch, Spool
from ayla_service.datasets.table import Floats

_BLOCK_BYTES = 4 * 2**20
"""A line has to fit in."""

_HEADER_BYTES = 4 * MAX_COLUMNS * (MAX_COLUMN_NAME + 1)
"""More than the longest header there can be; UTF-8 takes up to four bytes for a letter."""


def read_csv(file: IO[bytes], scratch: Scratch) -> Spool:
    """The numbers of a CSV file: UTF-8, commas, a header line, values quoted where they need it.

    Args:
        file: the upload.
        scratch: makes a file for the numbers.

    Raises:
        Unusable: when it is not that, or a value is no number; names the column and the row.
    """
    names = _header(file)
    start = file.tell()
    # Nearly every file holds plain numbers, which are read fast and in little memory. If not, text tells what is there.
    with suppress(Unusable):
        return _filled(Spool(names, "C", scratch()), _batches(file, names, pa.float64()), _floats)
    file.seek(start)
    return _filled(Spool(names, "C", scratch()), _batches(file, names, pa.string()), _parsed)


def _filled(spool: Spool, batches: Iterator[Any], convert: Callable[[Any, str, int], Floats]) -> Spool:
    for batch in batches:
        check_not_too_large(spool.rows + len(batch), len(spool.names))
        block = np.empty((len(batch), len(spool.names)))
        for place, name in enumerate(spool.names):
            block[:, place] = convert(batch.column(place), name, spool.rows + 1)
        spool.add(block)
    return spool


def _header(file: IO[bytes]) -> list[str]:
    """The names of the columns; the file is left behind them."""
    # Read by hand: a reader of tables would make columns of a million commas before anybody counts them.
    line = file.readline(_HEADER_BYTES)
    if len(line) == _HEADER_BYTES and not line.endswith(b"\n"):
        raise Unusable("The header line is too long; a table has names of columns, separated by commas, in line 1.")
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise Unusable("The header line is not UTF-8 text; save the file as UTF-8.") from None
    try:
        names = [name.strip() for name in next(csv.reader([text.rstrip("\r\n")], strict=True), [])]
    except csv.Error as error:
        raise Unusable(f"The header line cannot be read: {reason(error)}.") from None
    if len(names) == 1 and any(other in text for other in ";\t|"):
        raise Unusable("The header line has no comma; separate the columns by commas.")
    check_names(names)
    return names


def _batches(file: IO[bytes], names: Sequence[str], kind: pa.DataType) -> Iterator[Any]:
    """Record batches of this type. One that is guessed would change from block to block and lose what a value said."""
    reading = arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False, column_names=list(names))
    types = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, kind), null_values=[], quoted_strings_can_be_null=False
    )
    try:
        with arrow_csv.open_csv(file, read_options=reading, convert_options=types) as reader:
            yield from reader
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, MemoryError):
            raise
        if "Empty CSV" not in str(error):
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> Unusable:
    if "straddling" in str(error):
        return Unusable(f"A line is longer than {_BLOCK_BYTES} bytes; every row is a line of its own.")
    return Unusable(f"The file cannot be read as CSV: {reason(error)}.")


def _floats(column: Any, _name: str, _first_row: int) -> Floats:
    values: Floats = column.to_numpy(zero_copy_only=False)
    return values


def _parsed(column: Any, name: str, first_row: int) -> Floats:
    text = pc.utf8_trim_whitespace(column)
    for read in (_as_numbers, _as_truths):
        with suppress(pa.ArrowInvalid):
            return read(text)
    row, value = next((row, value) for row, value in enumerate(text.to_pylist(), first_row) if not _is_number(value))
    raise not_finite(name, row, shown(value) if value else "empty")


def _as_numbers(text: Any) -> Floats:
    values: Floats = text.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _as_truths(text: Any) -> Floats:
    """Numbers, with true and false among them as 1 and 0."""
    lower = pc.utf8_lower(text)
    return _as_numbers(pc.if_else(pc.equal(lower, "true"), "1", pc.if_else(pc.equal(lower, "false"), "0", text)))


def _is_number(value: str) -> bool:
    with suppress(pa.ArrowInvalid):
        pa.scalar(value).cast(pa.float64())
        return True
    return value.lower() in {"true", "false"}
