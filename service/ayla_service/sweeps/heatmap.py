"""Heat map of a sweep over two axes: in each cell the best or the median setting over the other axes."""

from collections.abc import Iterator, Sequence
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
class CellsOverAxes:
    """Cells over two axes, and which of them each setting is in.

    Attributes:
        across: places along the columns.
        up: places along the rows.
        cell: number of the cell of each setting, row by row; -1 where it is in none. Shape [settings].
        arms: numbers of the arms that have both axes.
        lacking: names of those that lack one.
    """

    across: Places
    up: Places
    cell: Counts
    arms: tuple[int, ...]
    lacking: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.up.centres), len(self.across.centres)

    @property
    def total(self) -> int:
        """Cells of all arms."""
        return self.shape[0] * self.shape[1] * len(self.arms)


def grid_over(table: SweepTable, paths: tuple[str, str], arms: Sequence[int], bins: int | None = None) -> CellsOverAxes:
    """The cells of some arms over two axes, without their values.

    Args:
        table: of the sweep.
        paths: of the axis along the columns and of that along the rows.
        arms: numbers of the arms.
        bins: along each axis; None for the rule of ``places_along``.
    """
    wanted = np.isin(table.arm, arms) & ~np.isnan(table.columns[paths[0]]) & ~np.isnan(table.columns[paths[1]])
    x, y = (np.where(wanted, table.columns[path], np.nan) for path in paths)
    across, up = places_along(table.axes[paths[0]], x, 2, bins), places_along(table.axes[paths[1]], y, 2, bins)
    cell = np.where(wanted, up.of(y) * len(across.centres) + across.of(x), -1)
    having = set(np.unique(table.arm[wanted]).tolist())
    return CellsOverAxes(
        across,
        up,
        cell,
        tuple(arm for arm in arms if arm in having),
        tuple(table.arms[arm] for arm in arms if arm not in having),
    )


def panels_of(table: SweepTable, grid: CellsOverAxes, reduce: Reduce) -> Iterator[ArmCells]:
    """The cells of each arm with their values.

    Args:
        table: of the sweep.
        grid: of some of its arms.
        reduce: which of the settings in one cell counts.
    """
    for arm in grid.arms:
        yield _panel(table, arm, np.where(table.arm == arm, grid.cell, -1), grid.shape, reduce)


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
