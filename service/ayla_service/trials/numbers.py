"""Numbers of trials by name: of their settings, their place in the job and their results so far, as columns."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ayla_service.errors import InvalidQuery
from ayla_service.trials.columns import BLANK, MISSING, TrialColumns
from ayla_service.trials.conditions import Condition, Numbers, Order
from ayla_service.trials.layout import TrialLayout

_LISTED = 60
"""Columns that an error names."""

_PLACES = ("trial_index", "optimizer_index", "seed")
_NO_NUMBERS = frozenset({"state", "device", "stored_bytes"})

RESULTS = tuple(name for name in BLANK if name not in _NO_NUMBERS)
"""Columns of summaries that are numbers."""

_DERIVED = "steps_per_second"


def known_columns(layout: TrialLayout) -> list[str]:
    """Names of the numbers that trials of a job have: of their settings, of their place, and of their results."""
    return [*layout.number_names, *_PLACES, *RESULTS, _DERIVED]


def summaries_needed(names: Sequence[str]) -> set[str]:
    """The columns of summaries that these numbers follow from."""
    derived = {"steps_done", "wall_seconds"} if _DERIVED in names else set()
    return {name for name in names if name in RESULTS} | derived


def numbers_of(columns: TrialColumns, name: str) -> Numbers:
    """One number of each trial; NaN where it has none; shape [trials]."""
    if name == "trial_index":
        return columns.index.astype(np.float64)
    if name == "optimizer_index":
        return columns.setting.astype(np.float64)
    if name == "seed":
        return columns.seed.astype(np.float64)
    if name == _DERIVED:
        return pace(columns)
    if name in RESULTS:
        values = columns[name]
        return np.where(values == MISSING, np.nan, values) if values.dtype.kind == "i" else values
    return columns.layout.numbers(name, columns.setting)


def pace(columns: TrialColumns) -> Numbers:
    """Steps in a second of computing time; NaN of what took none."""
    steps, seconds = columns["steps_done"].astype(np.float64), columns["wall_seconds"]
    found: Numbers = np.divide(steps, seconds, out=np.full(len(steps), np.nan), where=seconds > 0)
    return found


def meeting(columns: TrialColumns, conditions: Sequence[Condition]) -> npt.NDArray[np.bool_]:
    """Which trials meet all conditions; shape [trials]."""
    met = np.ones(len(columns), dtype=np.bool_)
    for one in conditions:
        met &= one.met(numbers_of(columns, one.column))
    return met


def refuse_unknown(layout: TrialLayout, conditions: Sequence[Condition], order: Order | None = None) -> None:
    """Refuse columns that trials of the job do not have.

    Raises:
        InvalidQuery: on the first of them.
    """
    known = known_columns(layout)
    for one in conditions:
        if one.column not in known:
            raise InvalidQuery("where", f"'{one}' names no column of numbers; the job has {_listed(known)}.")
    if order is not None and order.column not in known:
        raise InvalidQuery("sort", f"'{order.column[:64]}' is no column of numbers; the job has {_listed(known)}.")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
