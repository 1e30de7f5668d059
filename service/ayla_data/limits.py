"""How large a table may be; asked before memory is taken."""

from ayla_data.errors import TableError

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

_LEAST_ROWS = 2


def check_size(rows: int, columns: int) -> None:
    """Refuse a table that is empty, or larger than a worker has room for.

    Raises:
        TableError: when it is.
    """
    if rows < _LEAST_ROWS:
        raise TableError(f"The table has {rows} rows; a dataset needs at least {_LEAST_ROWS}.")
    check_not_too_large(rows, columns)


def check_not_too_large(rows: int, columns: int) -> None:
    """Refuse a table that is too large already, though it may go on.

    Raises:
        TableError: when it is.
    """
    for count, limit, unit in (
        (rows, MAX_SAMPLES, "rows"),
        (columns, MAX_COLUMNS, "columns"),
        (rows * (columns - 1), MAX_INPUT_VALUES, "values (rows times columns less one)"),
    ):
        if count > limit:
            raise TableError(f"The table has more {unit} than the {limit} allowed; make it smaller.")


def rows_at_once(columns: int) -> int:
    """How many rows a batch has."""
    return max(_LEAST_BATCH_ROWS, _BATCH_VALUES // columns)
