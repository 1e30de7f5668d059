"""From a column of a table to finite numbers."""

from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ayla_core.datasets.dataset import Floats
from ayla_core.datasets.errors import DatasetError

_SHOWN = 40


def numbers(column: Any, what: str, first_row: int) -> Floats:
    """A column as float64, shape [rows]; booleans become 0 and 1, text is read as numbers.

    Args:
        column: a ``pyarrow.Array`` of text or of a numeric type.
        what: what messages call it.
        first_row: number of its first row, from 1.

    Raises:
        DatasetError: when a value is missing, is not a number or is not finite; the message has its row.
    """
    if pa.types.is_string(column.type):
        column = _parsed(column, what, first_row)
    # Unsafe casts round integers above 2^53, as float64 does everywhere else; safe ones refuse them.
    values: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    faults = np.flatnonzero(~np.isfinite(values))
    if len(faults):
        row = int(faults[0])
        raise unusable(what, first_row + row, _shown(column[row].as_py()))
    return values


def unusable(what: str, row: int, value: str) -> DatasetError:
    """The error for a value that is not a finite number; ``row`` counts from 1."""
    return DatasetError(f"{what}, row {row} is {value}; every value must be a finite number. Correct or drop the row.")


def _parsed(column: Any, what: str, first_row: int) -> Any:
    text = pc.utf8_trim_whitespace(column)
    for candidate in (text, _with_digits(text)):
        with suppress(pa.ArrowInvalid):
            return candidate.cast(pa.float64())
    row, value = next((row, value) for row, value in enumerate(text.to_pylist(), first_row) if not _is_number(value))
    hint = " Choose the columns to predict from with 'inputs'; classes are 0, 1, ..., k-1." if value else ""
    raise DatasetError(f"{unusable(what, row, _shown(value))}{hint}")


def _with_digits(text: Any) -> Any:
    lower = pc.utf8_lower(text)
    return pc.if_else(pc.equal(lower, "true"), "1", pc.if_else(pc.equal(lower, "false"), "0", text))


def _is_number(value: str) -> bool:
    with suppress(pa.ArrowInvalid):
        pa.scalar(value).cast(pa.float64())
        return True
    return value.lower() in {"true", "false"}


def _shown(value: object) -> str:
    if value is None or value == "":
        return "empty"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
