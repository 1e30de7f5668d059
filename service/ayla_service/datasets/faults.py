"""What is wrong with an uploaded file. The messages are for the person who uploaded it."""

import errno

_SHOWN = 40
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Unusable(ValueError):
    """The file cannot become a dataset; the message names the place and what would be right."""


def shown(text: str) -> str:
    """Text of the file as a message quotes it: in quotes, escaped where it cannot be printed, cut if long."""
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return "'" + "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in cut) + "'"


def not_finite(column: str, row: int, value: str) -> Unusable:
    """The error for a value that is not a finite number; ``row`` counts from 1, without a header line."""
    return Unusable(
        f"Column {shown(column)}, row {row} is {value}; every value must be a finite number. Correct or drop the row, "
        "or leave the column out."
    )


def reason(error: Exception) -> str:
    """What a library says of a file that it cannot read: its first line, cut, as it may quote the file."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return "".join(letter if letter.isprintable() else "?" for letter in line[:200]).rstrip(".")


def is_lack_of_room(error: Exception) -> bool:
    """Whether an error says that this machine's disk is full, which is no fault of the file."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM
