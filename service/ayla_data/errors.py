"""What is wrong with a file of numbers. The messages are for the person whose file it is."""

import errno

_SHOWN = 40
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class TableError(ValueError):
    """The file is no table of numbers that can be used; the message names the place and what would be right."""


def shown(text: str) -> str:
    """Text of the file as a message quotes it: in quotes, escaped where it cannot be printed, cut if long."""
    return "'" + "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in _cut(text)) + "'"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def column(name: str) -> str:
    """A column as messages call it."""
    return f"Column {shown(name)}"


def not_a_number(what: str, row: int, value: str) -> TableError:
    """The error for a value that is not a finite number.

    Args:
        what: the column, as messages call it.
        row: counted from 1, without a header line.
        value: as the message shows it.
    """
    return TableError(
        f"{what}, row {row} is {value}; every value must be a finite number. Correct or drop the row, number the "
        "classes 0, 1, ..., k-1, or leave the column out."
    )


def rounded(what: str, row: int, value: int) -> TableError:
    """The error for a whole number that no float64 is; arguments as of ``not_a_number``."""
    return TableError(
        f"{what}, row {row} is {_cut(str(value))}, which would be rounded to {_cut(str(int(float(value))))}: beyond "
        "2^53 not every whole number is a float64. Leave the column out, or, where rounding does no harm, store it as "
        "floats, with a decimal point."
    )


def reason(error: Exception) -> str:
    """What a library says of a file that it cannot read: its first line, cut, as it may quote the file."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return "".join(letter if letter.isprintable() else "?" for letter in line[:200]).rstrip(".")


def is_lack_of_room(error: Exception) -> bool:
    """Whether an error says that this machine's disk is full, which is no fault of the file."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM
