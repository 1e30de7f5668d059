"""Heat map of a sweep over two axes: in each cell the best or the median setting over the other axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ayla_service.sweeps.axes import Places, places_along
from ayla_service.sweeps.groups import Floats, Groups
from ayla_service.sweeps.table import SweepTable

Reduce = Literal["best", "median"]
"""Which of the settings in one cell counts."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ArmCells:
    """Cells of an arm; every array has the shape [rows, columns], the lowest row first.

    Attributes:
        arm: number of the arm.
        cells: less is better; infinite where all or most diverged, NaN where there is no value.
        settings: that are in a cell and have a value on each of their seeds.
        left_out: settings in a cell that lack one, or have not ended.
        best: row and column of the best cell, the first of equals; None without a finite one.
        best_place: of the best setting of that cell in the table; None likewise.
        tied: cells as good as the best.
        several_jobs: cells with settings of several jobs.
    """

    arm: int
    cells: Floats
    settings: Counts
    left_out: Counts
    best: tuple[int, int] | None
    best_place: int | None
    tied: int
    several_jobs: int


@dataclass(frozen=True, slots=True)
class CellsOfArms:
    """Heat maps of all arms that have both axes, over the same places.

    Attributes:
        across: places along the columns.
        up: places along the rows.
        reduce: which of the settings in one cell counts.
        panels: an arm each, in their order.
        lacking: names of the arms that lack an axis.
    """

    across: Places
    up: Places
    reduce: Reduce
    panels: list[ArmCells]
    lacking: list[str]


def cells_over(
    table: SweepTable, paths: tuple[str, str], reduce: Reduce, arms: Sequence[int], bins: int | None = None
) -> CellsOfArms:
    """The heat maps of some arms over two axes.

    Args:
        table: of the sweep.
        paths: of the axis along the columns and of that along the rows.
        reduce: which of the settings in one cell counts.
        arms: numbers of the arms.
        bins: along each axis; None for the rule of ``places_along``.
    """
    wanted = np.isin(table.arm, arms)
    x, y = (np.where(wanted, table.columns[path], np.nan) for path in paths)
    x, y = np.where(np.isnan(y), np.nan, x), np.where(np.isnan(x), np.nan, y)
    across, up = places_along(table.axes[paths[0]], x, 2, bins), places_along(table.axes[paths[1]], y, 2, bins)
    column, row = across.of(x), up.of(y)
    cell = np.where((column >= 0) & (row >= 0), row * len(across.centres) + column, -1)
    shape = len(up.centres), len(across.centres)
    having = [arm for arm in arms if ((cell >= 0) & (table.arm == arm)).any()]
    panels = [_panel(table, arm, np.where(table.arm == arm, cell, -1), shape, reduce) for arm in having]
    return CellsOfArms(across, up, reduce, panels, [table.arms[arm] for arm in arms if arm not in having])


def _panel(table: SweepTable, arm: int, cell: Counts, shape: tuple[int, int], reduce: Reduce) -> ArmCells:
    groups = Groups.of(cell, table.judged, shape[0] * shape[1])
    cells = groups.by(reduce)
    finite = np.isfinite(cells)
    best = int(np.argmin(np.where(finite, cells, np.inf))) if finite.any() else None
    everything = np.bincount(cell[cell >= 0], minlength=len(cells))
    return ArmCells(
        arm=arm,
        cells=cells.reshape(shape),
        settings=groups.counts.reshape(shape),
        left_out=(everything - groups.counts).reshape(shape),
        best=None if best is None else divmod(best, shape[1]),
        best_place=None if best is None else int(groups.firsts[best]),
        tied=0 if best is None else int(np.sum(cells == cells[best])) - 1,
        several_jobs=_several_jobs(table, cell, len(cells)),
    )


def _several_jobs(table: SweepTable, cell: Counts, count: int) -> int:
    """How many cells have settings of several jobs."""
    if len(table.jobs) < 2:
        return 0
    jobs = np.zeros(count, dtype=np.int64)
    for place in range(len(table.jobs)):
        jobs += np.bincount(cell[(cell >= 0) & (table.job == place)], minlength=count) > 0
    return int(np.sum(jobs > 1))
