"""Names of columns: which may be there, and which are meant."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from ayla_data.errors import TableError, shown
from ayla_data.limits import MAX_COLUMN_NAME, check_not_too_large

_LEAST_COLUMNS = 2
_LISTED = 20


def check_names(names: Sequence[str]) -> None:
    """Refuse names of columns by which nobody could choose them.

    Raises:
        TableError: when there are too few or too many, or one is empty, too long, not printable or there twice.
    """
    check_not_too_large(0, len(names))
    if len(names) < _LEAST_COLUMNS:
        raise TableError("The table has too few columns; it needs at least a target and one input.")
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise TableError(f"Column {place} has no name; name every column.")
        if not name.isprintable():
            raise TableError(f"The name of column {place}, {shown(name)}, has characters that cannot be printed.")
        if len(name) > MAX_COLUMN_NAME:
            raise TableError(f"The name of column {place}, {shown(name)}, is longer than {MAX_COLUMN_NAME} characters.")
        if name in seen:
            raise TableError(f"Two columns have the name {shown(name)}; give each its own.")
        seen.add(name)


def no_column(name: str, names: Collection[str]) -> str:
    """Hint for a name that no column has: a similar one, or those that there are."""
    close = get_close_matches(name, names, n=1)
    if close:
        return f"The table has no column {shown(name)}. Did you mean {shown(close[0])}?"
    listed = ", ".join(shown(column) for column in list(names)[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"The table has no column {shown(name)}. It has: {listed}{more}."
