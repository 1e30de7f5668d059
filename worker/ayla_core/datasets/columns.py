"""Which columns of a table are read."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

from ayla_spec.datasets import FileDataset, UploadDataset

from ayla_core.datasets.errors import DatasetError

_LISTED = 20
_SHOWN = 60


def choose_columns(settings: FileDataset | UploadDataset, title: str, names: Sequence[str]) -> list[str]:
    """The input columns, in the order of the settings or else of the table, and last the target.

    Args:
        settings: which are chosen.
        title: what messages call the table.
        names: of all its columns.

    Raises:
        DatasetError: when a column is missing, is there twice, or is input and target at once.
    """
    inputs = settings.inputs or [name for name in dict.fromkeys(names) if name != settings.target]
    chosen = [*inputs, settings.target]
    counts = Counter(names)
    for name in chosen:
        if name not in counts:
            raise DatasetError(f"{title} has no column {name!r}. {_suggestion(name, names)}")
        if counts[name] > 1:
            raise DatasetError(f"{title} has {counts[name]} columns {name!r}; give each its own name.")
    for name, count in Counter(chosen).items():
        if count > 1:
            raise DatasetError(f"The column {name!r} is chosen twice; an input is named once and is not the target.")
    return chosen


def _suggestion(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean {_short(close[0])}?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"It has: {', '.join(_short(name) for name in names[:_LISTED])}{more}."


def _short(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else name[:_SHOWN] + "…")
