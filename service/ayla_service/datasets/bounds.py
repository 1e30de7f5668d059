"""How large an uploaded table may be; asked before memory is taken."""

from collections.abc import Sequence

from ayla_service.datasets.faults import Unusable, shown

# As in ayla_spec.limits, which a test holds. The process that checks a file has a quarter of a second to start, and
# importing the contract would double that.
MAX_SAMPLES = 1_000_000
MAX_FEATURES = 10_000
MAX_INPUT_VALUES = 100_000_000

MAX_COLUMNS = MAX_FEATURES + 1
"""The target is one of them."""

MAX_COLUMN_NAME = 200

_BATCH_VALUES = 2**22
_LEAST_BATCH_ROWS = 1024
"""What is read and kept together is of so many values, as float64 32 MiB, or so many rows: up to 80 MiB."""

_LEAST_ROWS, _LEAST_COLUMNS = 2, 2


def check_size(rows: int, columns: int) -> None:
    """Refuse a table that is empty, or larger than a worker has room for.

    Raises:
        Unusable: when it is.
    """
    if rows < _LEAST_ROWS:
        raise Unusable(f"The table has {rows} rows; a dataset needs at least {_LEAST_ROWS}.")
    check_not_too_large(rows, columns)


def check_not_too_large(rows: int, columns: int) -> None:
    """Refuse a table that is too large already, though it may go on.

    Raises:
        Unusable: when it is.
    """
    for count, limit, unit in (
        (rows, MAX_SAMPLES, "rows"),
        (columns, MAX_COLUMNS, "columns"),
        (rows * (columns - 1), MAX_INPUT_VALUES, "values (rows times columns less one)"),
    ):
        if count > limit:
            raise Unusable(f"The table has more {unit} than the {limit} allowed; make it smaller.")


def rows_at_once(columns: int) -> int:
    """How many rows a batch has."""
    return max(_LEAST_BATCH_ROWS, _BATCH_VALUES // columns)


def check_names(names: Sequence[str]) -> None:
    """Refuse names of columns by which nobody could choose them.

    Raises:
        Unusable: when there are too few or too many, or one is empty, too long, not printable or there twice.
    """
    check_not_too_large(0, len(names))
    if len(names) < _LEAST_COLUMNS:
        raise Unusable("The table has too few columns; it needs at least a target and one input.")
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise Unusable(f"Column {place} has no name; name every column.")
        if not name.isprintable():
            raise Unusable(f"The name of column {place}, {shown(name)}, has characters that cannot be printed.")
        if len(name) > MAX_COLUMN_NAME:
            raise Unusable(f"The name of column {place}, {shown(name)}, is longer than {MAX_COLUMN_NAME} characters.")
        if name in seen:
            raise Unusable(f"Two columns have the name {shown(name)}; give each its own.")
        seen.add(name)
