"""Which part of an objective's domain is shown: where the optimizers went, with some room around it."""

from collections.abc import Sequence

import numpy as np

from ayla_service.figures.bands import last_finite
from ayla_service.figures.material import Floats, Run

_ROOM = 0.12
_LEAST = 0.5
"""Half the width around a path that does not move, as a share of its place (of 1 near 0)."""

_MOST = 1e100
"""Beyond it neither an objective nor a picture is any use."""


def finite_path(run: Run, columns: Sequence[str]) -> list[Floats]:
    """The columns up to the last step at which all of them are finite."""
    counts = [0 if last_finite(run, column) is None else _count(run, column) for column in columns]
    return [run.column(column)[: min(counts)] for column in columns]


def window(runs: Sequence[Run], column: str) -> tuple[float, float]:
    """The lowest and highest value of a parameter that are shown.

    Trials that diverged count only where no other has been: their last steps would make a dot of all the rest.
    """
    settled = [_values(run, column) for run in runs if not run.diverged]
    found = _joined(settled)
    if not len(found):
        found = _inner(_joined([_values(run, column) for run in runs]))
    if not len(found):
        return -1.0, 1.0
    low, high = float(found.min()), float(found.max())
    least = _LEAST * max(1.0, abs(low)) if high - low <= 1e-9 * max(1.0, abs(low)) else 0.0
    room = max(least, _ROOM * (high - low))
    return low - room, high + room


def _count(run: Run, column: str) -> int:
    bad = np.flatnonzero(~np.isfinite(run.column(column)))
    return int(bad[0]) if len(bad) else len(run.steps)


def _values(run: Run, column: str) -> Floats:
    (values,) = finite_path(run, [column])
    return values[np.abs(values) < _MOST]


def _inner(values: Floats) -> Floats:
    """The values without the outermost, where a trial has run away."""
    if len(values) < 2:
        return values
    middle, spread = np.median(values), np.subtract(*np.quantile(values, [0.75, 0.25]))
    return values[np.abs(values - middle) <= 3 * spread + abs(middle)]


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate([*parts, np.array([], dtype=np.float64)])
