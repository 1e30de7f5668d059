"""Sensitivity of a sweep to one axis: at each of its values the best and the median setting over the other axes."""

from dataclasses import dataclass

import numpy as np

from ayla_service.sweeps.axes import Places, places_along
from ayla_service.sweeps.groups import Floats, Groups, Integers
from ayla_service.sweeps.table import SweepTable


@dataclass(frozen=True, slots=True)
class ArmAlong:
    """An arm along an axis; every column has the shape [places].

    Attributes:
        arm: number of the arm.
        best: value of the best setting at each place; infinite where all diverged, NaN where there is none.
        median: of the settings there.
        best_place: of the best setting in the table, -1 where there is none.
        settings: that are there, with a value on each of their seeds.
        finite: those of them with a finite value.
        left_out: settings that lack a value on some of their seeds, or have not ended.
    """

    arm: int
    best: Floats
    median: Floats
    best_place: Integers
    settings: Integers
    finite: Integers
    left_out: Integers


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Sensitivity of all arms that have the axis, at the same places.

    Attributes:
        places: along the axis.
        arms: in their order.
        lacking: names of the arms without the axis.
    """

    places: Places
    arms: list[ArmAlong]
    lacking: list[str]


def sensitivity_along(table: SweepTable, path: str, bins: int | None = None) -> Sensitivity:
    """What each arm reaches along an axis.

    Args:
        table: of the sweep.
        path: of one of its axes.
        bins: into which the values are put; None for the rule of ``places_along``.
    """
    column = table.columns[path]
    places = places_along(table.axes[path], column, 1, bins)
    at = places.of(column)
    having = [arm for arm in range(len(table.arms)) if ((at >= 0) & (table.arm == arm)).any()]
    return Sensitivity(
        places,
        [_along(table, arm, np.where(table.arm == arm, at, -1), len(places.centres)) for arm in having],
        [name for arm, name in enumerate(table.arms) if arm not in having],
    )


def _along(table: SweepTable, arm: int, at: Integers, count: int) -> ArmAlong:
    groups = Groups.of(at, table.judged, count)
    everything = np.bincount(at[at >= 0], minlength=count)
    return ArmAlong(
        arm,
        groups.by("best"),
        groups.by("median"),
        groups.firsts,
        groups.counts,
        groups.finite,
        everything - groups.counts,
    )
