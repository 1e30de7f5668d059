"""From the values of a file to float64: each becomes the nearest one, or is refused."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ayla_data.errors import TableError, not_a_number, rounded, shown
from ayla_data.table import Floats

EXACT = 2**53
"""Below it every whole number is a float64 of its own, and no other whole number is rounded to it."""

_BLANKS = " \t"
_WHOLE = re.compile(r"[+-]?([0-9]+)")

Place = Callable[[int], tuple[str, int]]
"""Column, as messages call it, and row of a value, by its index."""


def from_text(text: Any, place: Place) -> Floats:
    """Numbers as they are written in decimal digits; ``true`` and ``false`` among them are 1 and 0.

    Args:
        text: a ``pyarrow.Array`` of strings.
        place: of each of them.

    Raises:
        TableError: for the first value that is not a finite number, or a whole number that no float64 is.
    """
    values = _cast(text)
    if values is None:
        text = _with_digits(pc.utf8_trim(text, _BLANKS))
        values = _cast(text)
    if values is None:
        raise _no_number(text, _first_that_is_none(text), place)
    is_finite = np.isfinite(values)
    if not is_finite.all():
        raise _no_number(text, int(is_finite.argmin()), place)
    large = np.flatnonzero(np.abs(values) >= EXACT)
    written = (_WHOLE.fullmatch(value.strip(_BLANKS)) for value in text.take(large).to_pylist())
    _refuse_rounded(values, large, (match and int(match[1].lstrip("0") or "0") for match in written), place)
    return values


def are_numbers(texts: Sequence[str]) -> bool:
    """Whether each of these could be a value of a table, finite or not."""
    return _cast(_with_digits(pc.utf8_trim(pa.array(texts, pa.string()), _BLANKS))) is not None


def from_arrow(column: Any, place: Place) -> Floats:
    """Numbers or booleans of any Arrow type; arguments and errors as of ``from_text``."""
    if column.null_count:
        raise not_a_number(*place(int(column.is_null().to_numpy(zero_copy_only=False).argmax())), "empty")
    if pa.types.is_decimal(column.type):
        return _from_decimals(column, place)
    if pa.types.is_integer(column.type):
        return from_numpy(column.to_numpy(zero_copy_only=False), place)
    return _finite(column.cast(pa.float64()).to_numpy(zero_copy_only=False), place)


def from_numpy(values: npt.NDArray[Any], place: Place) -> Floats:
    """Integers and floats of at most 64 bits, or booleans, of any shape; arguments and errors as of ``from_text``.

    The index of a value is that of the array in the order of C.
    """
    if values.dtype.kind in "iu" and values.dtype.itemsize == np.dtype(np.float64).itemsize:
        is_inexact = _is_inexact(values)
        if is_inexact.any():
            index = int(is_inexact.argmax())
            raise rounded(*place(index), int(values.flat[index]))
    return _finite(values.astype(np.float64), place)


def _cast(text: Any) -> Floats | None:
    try:
        values: Floats = text.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return values


def _with_digits(text: Any) -> Any:
    lower = pc.utf8_lower(text)
    return pc.if_else(pc.equal(lower, "true"), "1", pc.if_else(pc.equal(lower, "false"), "0", text))


def _first_that_is_none(text: Any) -> int:
    """Index of the first text that is no number; there is one."""
    first, last = 0, len(text) - 1
    while first < last:
        middle = (first + last) // 2
        if _cast(text[first : middle + 1]) is None:
            last = middle
        else:
            first = middle + 1
    return first


def _no_number(text: Any, index: int, place: Place) -> TableError:
    value, number = text[index].as_py(), _cast(text[index : index + 1])
    if not value:
        described = "empty"
    elif number is None:
        described = shown(value)
    else:
        is_word = "n" in value.lower()  # nan, inf or infinity
        described = str(number[0]) if is_word else f"{shown(value)}, beyond the range of float64"
    return not_a_number(*place(index), described)


def _from_decimals(column: Any, place: Place) -> Floats:
    # By way of text: Arrow's own cast multiplies by a rounded power of ten, and is off by a bit in every third value.
    values: Floats = column.cast(pa.string()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    if column.type.scale <= 0:
        large = np.flatnonzero(np.abs(values) >= EXACT)
        _refuse_rounded(values, large, (abs(int(value)) for value in column.take(large).to_pylist()), place)
    return values


def _refuse_rounded(values: Floats, large: npt.NDArray[np.intp], written: Iterable[int | None], place: Place) -> None:
    """Raise an error for the first of the large values that was written as another whole number."""
    for index, whole in zip(large, written, strict=True):
        value = int(values[index])
        if whole is not None and whole != abs(value):
            raise rounded(*place(int(index)), whole if value > 0 else -whole)


def _is_inexact(integers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of these 64-bit integers are no float64: those of more than 53 binary digits, zeros at the end aside."""
    bits = integers.astype(np.uint64)
    # Two's complement: the size of the lowest int64 is beyond int64, but not beyond uint64.
    size = np.where(integers < 0, ~bits + np.uint64(1), bits)
    lowest_digit = size & (~size + np.uint64(1))
    return np.asarray(size // np.maximum(lowest_digit, np.uint64(1)) >= EXACT)


def _finite(values: Floats, place: Place) -> Floats:
    is_finite = np.isfinite(values)
    if not is_finite.all():
        index = int(is_finite.argmin())
        raise not_a_number(*place(index), str(values.flat[index]))
    return values
