"""Sensitivity of a sweep to one axis: at each of its values the best and the median setting over the other axes."""

from collections.abc import Iterator, Sequence
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
class PlacesOfArms:
    """Places along an axis, and at which of them each setting stands.

    Attributes:
        places: along the axis.
        at: number of the place of each setting; -1 where it has none. Shape [settings].
        arms: numbers of the arms that have the axis.
        lacking: names of those without it.
    """

    places: Places
    at: Integers
    arms: tuple[int, ...]
    lacking: tuple[str, ...]


def places_of_arms(table: SweepTable, path: str, arms: Sequence[int], bins: int | None = None) -> PlacesOfArms:
    """The places of some arms along an axis, without their values.

    Args:
        table: of the sweep.
        path: of one of its axes.
        arms: numbers of the arms.
        bins: into which the values are put; None for the rule of ``places_along``.
    """
    column = np.where(np.isin(table.arm, arms), table.columns[path], np.nan)
    places = places_along(table.axes[path], column, 1, bins)
    at = places.of(column)
    having = set(np.unique(table.arm[at >= 0]).tolist())
    return PlacesOfArms(
        places,
        at,
        tuple(arm for arm in arms if arm in having),
        tuple(table.arms[arm] for arm in arms if arm not in having),
    )


def along(table: SweepTable, found: PlacesOfArms) -> Iterator[ArmAlong]:
    """What each arm reaches at each place."""
    for arm in found.arms:
        yield _along(table, arm, np.where(table.arm == arm, found.at, -1), len(found.places.centres))


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
