"""Data of figures: plain values, apart from the store and from matplotlib."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ayla_service.trials.quantiles import median

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Columns = Mapping[str, Floats]

LARGEST = 1e100
"""Largest size of a drawn number."""
_SMALLEST = 1e-250
"""Smaller numbers are drawn as 0."""

MOST_NAMED = 12
"""Settings that have a look of their own and a place in the legend; of more, the best few have."""
FEW_NAMED = 8


@dataclass(frozen=True, slots=True)
class RecordedTrial:
    """Recorded rows of one trial.

    Attributes:
        seed: of the trial.
        diverged: whether it ended so.
        steps: recorded steps, growing.
        columns: values at these steps; empty before anything is recorded.
        path: its path over a plane, both parameters, NaN between lines that do not meet; None where that is in columns.
    """

    seed: int
    diverged: bool
    steps: Integers
    columns: dict[str, Floats]
    path: tuple[Floats, Floats] | None = None

    def column(self, name: str) -> Floats:
        """One column; NaN where it was not recorded."""
        found = self.columns.get(name)
        return np.full(len(self.steps), np.nan) if found is None else found

    def finite_count(self, name: str) -> int:
        """The number of rows before the first whose value is not finite."""
        bad = np.flatnonzero(~np.isfinite(self.column(name)))
        return int(bad[0]) if len(bad) else len(self.steps)

    def last_finite(self, name: str) -> tuple[int, float] | None:
        """Step and value of the last row before the first whose value is not finite."""
        count = self.finite_count(name)
        return (int(self.steps[count - 1]), float(self.column(name)[count - 1])) if count else None


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Result of a trial, as far as it has come.

    Attributes:
        index: place of the trial in the job.
        state: of the trial.
        final_loss: None before the end, and of a diverged trial.
        best_loss: None if there was none that is finite.
        best_step: the first step with it.
        whole_part_loss: of a model, on the test part, else on the whole training part; infinite if neither is known.
            None of an expression.
    """

    index: int
    optimizer_index: int
    seed: int
    state: str
    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    whole_part_loss: float | None = None

    @property
    def diverged(self) -> bool:
        """Whether it ended so."""
        return self.state == "diverged"


@dataclass(frozen=True, slots=True)
class SettingData:
    """One optimizer setting with its trials.

    Attributes:
        index: its place in the job.
        label: as its user wrote it.
        optimizer: the setting, as the spec has it.
        results: of the trials that are drawn.
        trials: their recorded rows; empty for figures that need none.
    """

    index: int
    label: str
    optimizer: dict[str, Any]
    results: list[TrialResult]
    trials: list[RecordedTrial] = field(default_factory=list)

    @property
    def median_loss(self) -> float:
        """Median loss of its trials; infinite for those that diverged, and where there are none."""
        return median([_loss(result) for result in self.results]) if self.results else np.inf


@dataclass(frozen=True, slots=True)
class FittedCurves:
    """Predictions of one trial of each setting.

    Attributes:
        steps: at which they are drawn, growing.
        columns: by step and place of the setting: ``x`` growing, ``prediction``, and where known ``target`` and
            ``truth``.
    """

    steps: list[int]
    columns: dict[tuple[int, int], Columns]


@dataclass(frozen=True, slots=True)
class SettingValues:
    """The value of each setting for the cells of a heat map.

    Attributes:
        name: of the value.
        of: the value of a setting by its index: infinite where most trials diverged, NaN where nothing has ended.
        more_is_better: whether larger values are better.
        missing: why there are none; empty if there are some.
    """

    name: str
    of: Mapping[int, float]
    more_is_better: bool = False
    missing: str = ""


@dataclass(frozen=True, slots=True)
class FigureData:
    """All data of one figure.

    Attributes:
        settings: in the job's order.
        seeds: how many of the job's seeds are drawn.
        seeds_total: how many there are.
        fits: fitted curves, for a figure of them.
        values: of the settings, for a heat map.
        unequal: whether several jobs have different numbers of seeds; the largest are given.
    """

    settings: list[SettingData]
    seeds: int
    seeds_total: int
    fits: FittedCurves | None = None
    values: SettingValues | None = None
    unequal: bool = False

    @property
    def seeds_text(self) -> str:
        """Number of the seeds that are drawn, in words."""
        if self.seeds < self.seeds_total:
            return f"the first {self.seeds} of {self.seeds_total} seeds"
        return f"up to {self.seeds} seeds" if self.unequal else f"{self.seeds} seeds"

    def has(self, column: str) -> bool:
        """Whether any trial has recorded a number in this column."""
        trials = (trial for setting in self.settings for trial in setting.trials)
        return any(np.isfinite(trial.column(column)).any() for trial in trials)

    def by_epoch(self) -> "FigureData":
        """The same with epochs in place of steps; rows of metrics have both."""
        settings = [replace(one, trials=[_by_epoch(trial) for trial in one.trials]) for one in self.settings]
        return replace(self, settings=settings)


def ranked(settings: Sequence[SettingData]) -> list[SettingData]:
    """The settings by median loss, the best first; equals in the job's order."""
    return sorted(settings, key=lambda setting: (setting.median_loss, setting.index))


def drawable(values: Floats) -> Floats:
    """Values clipped to sizes that can be drawn: margins around them, and their ratios, must not overflow."""
    clipped: Floats = np.clip(values, -LARGEST, LARGEST)
    return np.where(np.abs(clipped) < _SMALLEST, 0.0, clipped)


def drawable_number(value: float | None) -> float:
    """One value clipped likewise, where infinity stays what it is; NaN for none."""
    if value is None:
        return math.nan
    return float(drawable(np.array(value))) if math.isfinite(value) else value


def _by_epoch(trial: RecordedTrial) -> RecordedTrial:
    return replace(trial, steps=trial.column("epoch").astype(np.int64)) if "epoch" in trial.columns else trial


def _loss(result: TrialResult) -> float:
    """What settings are ranked by: never the loss of a single mini-batch."""
    if result.diverged:
        return np.inf
    if result.whole_part_loss is not None:
        return result.whole_part_loss
    loss = result.final_loss if result.final_loss is not None else result.best_loss
    return np.inf if loss is None or not np.isfinite(loss) else loss
