"""Sweeps as columns for tests: a grid of settings with made-up values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from ayla_service.sweeps.axes import Places, SweepAxis
from ayla_service.sweeps.heatmap import ArmCells, CellsOverAxes, Reduce, grid_over, panels_of
from ayla_service.sweeps.sensitivity import ArmAlong, PlacesOfArms, along, places_of_arms
from ayla_service.sweeps.table import JobTrials, SweepTable, table_of

RATE, N1, N2 = "learning_rate", "ayla.n1", "ayla.n2"


def trials(
    values: Sequence[Sequence[float]],
    columns: Mapping[str, Sequence[float]],
    *,
    arms: Sequence[str] = ("adam",),
    arm_of: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    ended: Sequence[Sequence[bool]] | None = None,
    axes: Mapping[str, SweepAxis] | None = None,
    job_id: str = "job",
    below: float | None = None,
    above: float | None = None,
) -> JobTrials:
    """A job's trials: a row of values for each setting, a number for each seed."""
    found = np.array(values, dtype=np.float64)
    return JobTrials(
        job_id=job_id,
        arms=tuple(arms),
        axes=axes or {path: SweepAxis(path) for path in columns},
        arm_of=np.array(arm_of or [0] * len(found)),
        columns={path: np.array(column, dtype=np.float64) for path, column in columns.items()},
        seeds=tuple(seeds or range(found.shape[1])),
        values=found,
        ended=~np.isnan(found) if ended is None else np.array(ended),
        below=None if below is None else np.full(found.shape, below),
        above=None if above is None else np.full(found.shape, above),
    )


def grid(axes: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Columns of every combination, the last axis fastest."""
    rows = list(product(*axes.values()))
    return {path: [row[place] for row in rows] for place, path in enumerate(axes)}


def table(*jobs: JobTrials) -> SweepTable:
    return table_of(jobs, "median")


@dataclass(frozen=True)
class Cells:
    grid: CellsOverAxes
    panels: list[ArmCells]

    @property
    def across(self) -> Places:
        return self.grid.across

    @property
    def up(self) -> Places:
        return self.grid.up

    @property
    def lacking(self) -> tuple[str, ...]:
        return self.grid.lacking


def cells_over(table: SweepTable, paths: tuple[str, str], reduce: Reduce, arms: Sequence[int]) -> Cells:
    grid = grid_over(table, paths, arms)
    return Cells(grid, list(panels_of(table, grid, reduce)))


@dataclass(frozen=True)
class Along:
    found: PlacesOfArms
    arms: list[ArmAlong]

    @property
    def places(self) -> Places:
        return self.found.places

    @property
    def lacking(self) -> tuple[str, ...]:
        return self.found.lacking


def sensitivity_along(table: SweepTable, path: str) -> Along:
    found = places_of_arms(table, path, range(len(table.arms)))
    return Along(found, list(along(table, found)))
