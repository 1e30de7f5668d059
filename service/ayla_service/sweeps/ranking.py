"""Ranking of the settings of a sweep, page by page: the best first, those that are not judged last."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.sweeps.groups import Bools, Floats, Integers
from ayla_service.sweeps.table import SweepTable
from ayla_service.trials.conditions import Condition


@dataclass(frozen=True, slots=True)
class RankedPage:
    """One page of a ranking.

    Attributes:
        places: of its settings in the table.
        ranks: of them among all judged settings, from 1; equal ones share the better rank, and 0 is not judged.
        total: settings of all pages.
        has_more: whether there is a page after it.
    """

    places: Integers
    ranks: Integers
    total: int
    has_more: bool


def ranked_page(
    table: SweepTable,
    arms: Sequence[int],
    conditions: Sequence[Condition],
    after: tuple[float | None, int] | None,
    limit: int,
) -> RankedPage:
    """Settings after a place of the ranking.

    Args:
        table: of the sweep.
        arms: numbers of the arms.
        conditions: on the axes, all of which settings meet.
        after: value and place of the last setting of the page before; None for the first page. A value of None is
            that of a setting that is not judged.
        limit: settings of the page.
    """
    wanted = _wanted(table, arms, conditions)
    judged = table.judged
    places = np.flatnonzero(wanted if after is None else wanted & _after(judged, *after))
    # Equal ones stand in their order in the table, and NaN, of those that are not judged, is the last of all.
    order = places[np.argsort(judged[places], kind="stable")]
    page = order[:limit]
    return RankedPage(page, _ranks(judged, judged[page]), int(wanted.sum()), len(order) > limit)


def _wanted(table: SweepTable, arms: Sequence[int], conditions: Sequence[Condition]) -> Bools:
    wanted = np.isin(table.arm, arms)
    for condition in conditions:
        wanted &= condition.met(table.columns[condition.column])
    return wanted


def _after(judged: Floats, value: float | None, place: int) -> Bools:
    later = np.arange(len(judged)) > place
    if value is None:
        return np.isnan(judged) & later
    found: Bools = (judged > value) | np.isnan(judged) | ((judged == value) & later)
    return found


def _ranks(judged: Floats, values: Floats) -> Integers:
    known = np.sort(judged[~np.isnan(judged)])
    return np.where(np.isnan(values), 0, np.searchsorted(known, values, side="left") + 1)
