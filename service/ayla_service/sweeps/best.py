"""Best setting of a sweep, of each arm or of all: the lowest value over the seeds, the first of equals."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ayla_service.sweeps.effects import different_settings
from ayla_service.sweeps.groups import Bools, Floats, Integers
from ayla_service.sweeps.table import SweepTable

MOST_TIED = 10
"""Settings that are as good as the best, and are named."""

MOST_QUANTILES = 101
"""Of the values of an arm, so many are told: at most one for each percent."""

End = Literal["lowest", "highest"]


@dataclass(frozen=True, slots=True)
class BestSetting:
    """Best setting among some of a table.

    Attributes:
        arm: number of its arm; None of all arms, where no setting has a finite value.
        place: of the setting in the table; None where none has a finite value.
        tied: places of other settings that are as good, at most ``MOST_TIED``.
        tied_total: how many those are.
        settings: among which it is the best: those with a value on each of their seeds.
        different: how many different ones these are; copies are one.
        diverged: those of them that have no finite value.
        partial: settings left out, as they lack a value on some of their seeds.
        waiting: settings of which no trial has ended.
        at_ends: axes on which it stands at an end of what was tried.
        values: of the settings, the best first, infinite of diverged ones; of many those at evenly spaced ranks.
    """

    arm: int | None
    place: int | None
    tied: tuple[int, ...]
    tied_total: int
    settings: int
    different: int
    diverged: int
    partial: int
    waiting: int
    at_ends: dict[str, End]
    values: Floats


def best_settings(table: SweepTable, *, per_arm: bool) -> Iterator[BestSetting]:
    """The best setting of each arm, in order of the arms, or the best of all.

    Args:
        table: of the sweep.
        per_arm: whether each arm has one.
    """
    if not per_arm:
        yield _best(table, np.ones(len(table.value), dtype=bool), None)
        return
    for arm in range(len(table.arms)):
        yield _best(table, table.arm == arm, arm)


def _best(table: SweepTable, among: Bools, arm: int | None) -> BestSetting:
    judged = table.complete & among
    finite = judged & np.isfinite(table.value)
    place = _first_lowest(table, finite)
    tied = np.array([], dtype=np.int64) if place is None else _tied(table, judged, place)
    return BestSetting(
        arm=arm if place is None else int(table.arm[place]),
        place=place,
        tied=tuple(map(int, tied[:MOST_TIED])),
        tied_total=len(tied),
        settings=int(judged.sum()),
        different=different_settings(table, judged),
        diverged=int(judged.sum() - finite.sum()),
        partial=int((table.partial & among).sum()),
        waiting=int((table.waiting & among).sum()),
        at_ends={} if place is None else _at_ends(table, place),
        values=_quantiles(np.sort(table.value[judged])),
    )


def _quantiles(values: Floats) -> Floats:
    """Values at evenly spaced ranks, the first and last among them; all of few."""
    if len(values) <= MOST_QUANTILES:
        return values
    return values[np.linspace(0, len(values) - 1, MOST_QUANTILES).round().astype(np.int64)]


def _first_lowest(table: SweepTable, finite: Bools) -> int | None:
    return int(np.argmin(np.where(finite, table.value, np.inf))) if finite.any() else None


def _tied(table: SweepTable, judged: Bools, place: int) -> Integers:
    found = judged & (table.value == table.value[place])
    found[place] = False
    return np.flatnonzero(found)


def _at_ends(table: SweepTable, place: int) -> dict[str, End]:
    """The axes on which a setting has the lowest or highest value of its arm; drawn values have no such ends."""
    found: dict[str, End] = {}
    own = table.arm == table.arm[place]
    for path, column in table.columns.items():
        levels = np.unique(column[own & ~np.isnan(column)])
        if len(levels) > 2 and not table.axes[path].is_drawn and column[place] in (levels[0], levels[-1]):
            found[path] = "lowest" if column[place] == levels[0] else "highest"
    return found
