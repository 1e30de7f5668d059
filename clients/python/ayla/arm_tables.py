"""Tables of arms: what was selected, the expected best of k settings, and sensitivity to the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ayla._formatting import text_table
from ayla.arms import ArmResult, ArmsOnProblem, BestOfSettings, SensitivityPoint

_FEW = 12
"""Sizes k of a table; of more, those that double."""


@dataclass(frozen=True, slots=True)
class ArmTable:
    """A table in text.

    Attributes:
        title: what it shows.
        headers: of its columns.
        cells: row by row.
        left: how many columns are words.
    """

    title: str
    headers: list[str]
    cells: list[list[str]]
    left: int = 1

    def lines(self) -> list[str]:
        """The table as text, under its title."""
        return [f"{self.title}:", *text_table([self.headers, *self.cells], left=self.left)]


def selection_table(there: ArmsOnProblem) -> ArmTable:
    """Budget, selected setting, and its value on the tuning and the confirmation seeds, arm by arm."""
    headers = ["arm", "selected", "settings", "copies", "diverging", "tuning", "confirmed", "seeds"]
    metric = there.select_metric.replace("_", " ")
    title = f"Arms (selected by the median {metric} on the tuning seeds)"
    return ArmTable(title, headers, [_selection(arm, there) for arm in there.arms], left=2)


def best_table(there: ArmsOnProblem) -> ArmTable | None:
    """The expected best of k settings, with its band, arm by arm; None where no arm was tuned."""
    if not any(len(arm.expected_best) > 1 for arm in there.arms):
        return None
    found = {arm.arm: {one.k: one for one in arm.expected_best} for arm in there.arms}
    sizes = sorted({k for points in found.values() for k in points})
    return ArmTable(
        "Expected best of k settings on the tuning seeds (band)",
        ["k", *found],
        [[str(k), *(_best_of(points.get(k), there) for points in found.values())] for k in _shown(sizes)],
        left=0,
    )


def sensitivity_table(there: ArmsOnProblem) -> ArmTable | None:
    """The best tuning value at each learning rate, arm by arm; None where no arm has several."""
    found = {series.name: {point.at: point for point in series.points} for series in there.sensitivity}
    if not any(len(points) > 1 for points in found.values()):
        return None
    rates = sorted({rate for points in found.values() for rate in points})
    return ArmTable(
        "Best tuning value by learning rate",
        ["learning rate", *found],
        [[f"{rate:g}", *(_at(points.get(rate), there) for points in found.values())] for rate in rates],
        left=0,
    )


def tables_of(there: ArmsOnProblem) -> list[ArmTable]:
    """All tables that there are."""
    made: list[Callable[[ArmsOnProblem], ArmTable | None]] = [selection_table, best_table, sensitivity_table]
    return [table for make in made if (table := make(there)) is not None]


def _selection(arm: ArmResult, there: ArmsOnProblem) -> list[str]:
    value = arm.confirmation.value if arm.confirmation else None
    return [
        arm.arm,
        arm.selected or "-",
        str(arm.budget),
        str(arm.copies),
        "-" if arm.divergence.share is None else f"{arm.divergence.share:.0%}",
        _number(arm.tuning_value, there) if arm.tuning_seeds else "-",
        "-" if value is None else f"{value.median:.6g}",
        str(arm.confirmation.seeds if arm.confirmation else 0),
    ]


def _best_of(best: BestOfSettings | None, there: ArmsOnProblem) -> str:
    if best is None:
        return "-"
    low, high = (_number(end, there) for end in (best.low, best.high))
    expected = _number(best.expected, there)
    return expected if low == high == expected else f"{expected} ({low} to {high})"


def _at(point: SensitivityPoint | None, there: ArmsOnProblem) -> str:
    return "-" if point is None else _number(point.best, there)


def _number(value: float | None, there: ArmsOnProblem) -> str:
    """A value; what is infinite is the worst there is."""
    worst = -math.inf if there.more_is_better else math.inf
    return f"{worst if value is None else value:.6g}"


def _shown(sizes: list[int]) -> list[int]:
    if len(sizes) <= _FEW:
        return sizes
    return [k for place, k in enumerate(sizes) if k.bit_count() == 1 or place == len(sizes) - 1]
