"""Which columns of a table are read."""

from collections import Counter
from collections.abc import Sequence

from ayla_data.errors import TableError, shown
from ayla_data.names import no_column
from ayla_spec.datasets import FileDataset, UploadDataset


def choose_columns(settings: FileDataset | UploadDataset, names: Sequence[str]) -> list[str]:
    """The input columns, in the order of the settings or else of the table, and last the target.

    Args:
        settings: which are chosen.
        names: of all columns, each there once.

    Raises:
        TableError: when a column is missing, or is input and target at once.
    """
    chosen = [*(settings.inputs or (name for name in names if name != settings.target)), settings.target]
    known = set(names)
    for name in chosen:
        if name not in known:
            raise TableError(no_column(name, names))
    for name, count in Counter(chosen).items():
        if count > 1:
            raise TableError(f"The column {shown(name)} is chosen twice; an input is named once and is not the target.")
    return chosen
