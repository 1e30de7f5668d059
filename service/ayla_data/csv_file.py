"""CSV: a line of names, then a row in every line."""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from ayla_data.errors import TableError, column, reason, shown
from ayla_data.limits import MAX_COLUMN_NAME, MAX_COLUMNS, check_not_too_large
from ayla_data.names import check_names
from ayla_data.table import Floats
from ayla_data.values import are_numbers, from_text

_BLOCK_BYTES = 4 * 2**20
"""A line has to fit in."""

_HEADER_BYTES = 4 * MAX_COLUMNS * (MAX_COLUMN_NAME + 1)
"""More than the longest header there can be; UTF-8 takes up to four bytes for a letter."""

_MISSING = frozenset({"na", "n/a", "#n/a", "<na>", "null", "none", "?", "-", "."})
"""How a missing value is written, in small letters; NaN counts as a number."""

_TOO_LONG = "The header line is too long; it has the names of the columns, separated by commas."

# What Arrow says of a row. A handler for rows of another length would be lost on one that is not UTF-8.
_OTHER_LENGTH = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)
_NOT_UTF8 = re.compile(r"CSV column #(\d+): Row #(\d+): .*invalid UTF8")

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")


class CsvFile:
    """A CSV file: UTF-8, commas, names in the first line that is not blank, values quoted where they need it.

    Lines end with LF, CR or both; blank lines are no rows. Blanks around names and numbers do not count.

    Args:
        file: at its start.
        header: whether the first line is known to have the names. Else it is refused if it has numbers only, as it is
            then taken for a sample in a file without names.

    Raises:
        TableError: when there are no names, or they cannot be used.
    """

    order: Literal["C"] = "C"
    rows = 0

    def __init__(self, file: IO[bytes], *, header: bool = False) -> None:
        self.names: Sequence[str] = _names(file, header=header)
        self._file, self._start = file, file.tell()

    def is_single(self, _name: str) -> bool:
        """Never: numbers are written with as many digits as they have."""
        return False

    def values(self, columns: Sequence[str]) -> Iterator[Floats]:
        """As of ``Table``."""
        self._file.seek(self._start)
        labels = [column(name) for name in columns]
        rows = 0
        for batch in self._batches(columns):
            check_not_too_large(rows + len(batch), len(columns))
            yield _block(batch, labels, rows)
            rows += len(batch)

    def _batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches of text. A type that is guessed would change from block to block and lose what was written."""
        reading = arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False, column_names=list(self.names))
        parsing = arrow_csv.ParseOptions(newlines_in_values=True)
        types = arrow_csv.ConvertOptions(
            include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
        )
        try:
            with arrow_csv.open_csv(self._file, reading, parsing, types) as reader:
                yield from reader
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            if isinstance(error, MemoryError):
                raise
            if "Empty CSV" not in str(error):
                raise _unreadable(error, self.names) from error


def _block(batch: Any, labels: Sequence[str], rows_before: int) -> Floats:
    rows = len(batch)
    # All columns at once: a call for each of ten thousand takes longer than its work.
    flat = from_text(
        pa.concat_arrays(batch.columns), lambda index: (labels[index // rows], rows_before + index % rows + 1)
    )
    return np.ascontiguousarray(flat.reshape(len(labels), rows).T)


def _unreadable(error: Exception, names: Sequence[str]) -> TableError:
    said = str(error)
    if match := _OTHER_LENGTH.search(said):
        row, expected, actual, line = match.groups()
        return TableError(
            f"Row {row} must have {expected} values, one for each name of the header line, but has {actual}: "
            f"{shown(line)}."
        )
    if match := _NOT_UTF8.search(said):
        place, row = match.groups()
        return TableError(f"{column(names[int(place)])}, row {row} is not UTF-8 text; save the file as UTF-8.")
    if "straddling" in said:
        return TableError(
            f"A line is longer than {_BLOCK_BYTES} bytes, or a quote is not closed; every row is a line of its own."
        )
    return TableError(f"The file cannot be read as CSV: {reason(error)}.")


def _names(file: IO[bytes], *, header: bool) -> list[str]:
    """The names of the columns; the file is left behind them."""
    # Read by hand: a reader of tables would make columns of a million commas before anybody counts them.
    start = file.read(_HEADER_BYTES)
    ends = [len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0]
    names = _first_row(_lines(start, ends))
    if ends[-1] == _HEADER_BYTES:
        raise TableError(_TOO_LONG)
    if len(names) == 1 and any(other in names[0] for other in ";\t|"):
        raise TableError("The header line has no comma; separate the columns by commas.")
    check_not_too_large(0, len(names))
    if not header and _is_sample(names):
        raise TableError(
            f"Line {len(ends) - 1} has numbers only, or missing values beside, and would be taken for the names of the "
            "columns. Put a line of names above it; if these are the names, set 'header' to true."
        )
    check_names(names)
    file.seek(ends[-1])
    return names


def _is_sample(names: list[str]) -> bool:
    """Whether a line of names looks like one of numbers, of which some may be missing."""
    numbers = [name for name in names if name.lower() not in _MISSING]
    return bool(numbers) and are_numbers(numbers)


def _lines(start: bytes, ends: list[int]) -> Iterator[str]:
    """Line after line; ``ends`` has the end of each that was asked for."""
    for line in _LINE.finditer(start, ends[0]):
        ends.append(line.end())
        yield line[0].decode()


def _first_row(lines: Iterator[str]) -> list[str]:
    """The first line that is not blank, or lines, where a quoted name goes on in the next."""
    try:
        for row in csv.reader(lines, strict=True, skipinitialspace=True):
            names = [name.strip() for name in row]
            if names not in ([], [""]):
                return names
    except UnicodeDecodeError:
        raise TableError("The header line is not UTF-8 text; save the file as UTF-8.") from None
    except csv.Error as error:
        if "limit" in str(error):
            raise TableError(_TOO_LONG) from None
        raise TableError(f"The header line cannot be read: {reason(error)}.") from None
    return []
