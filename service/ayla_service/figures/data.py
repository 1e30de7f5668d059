"""What figures are drawn from: plain values, apart from the store and from matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ayla_service.trials.quantiles import median

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """What is recorded of one trial.

    Attributes:
        seed: of the trial.
        diverged: whether it ended so.
        steps: recorded steps, growing.
        columns: values at these steps; empty before anything is recorded.
        path: its way over a plane, both parameters, NaN where the pen is lifted; None where the columns are all of it.
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


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A trial in numbers, as far as it has come.

    Attributes:
        index: place of the trial in the job.
        state: of the trial.
        final_loss: None before the end, and of a diverged trial.
        best_loss: None if there was none that is finite.
        best_step: the first step with it.
    """

    index: int
    optimizer_index: int
    seed: int
    state: str
    final_loss: float | None
    best_loss: float | None
    best_step: int | None

    @property
    def diverged(self) -> bool:
        """Whether it ended so."""
        return self.state == "diverged"


@dataclass(frozen=True, slots=True)
class Setting:
    """One optimizer setting, with its trials.

    Attributes:
        index: its place in the job.
        label: as its user wrote it.
        optimizer: the setting, as the spec has it.
        results: of the trials that are drawn.
        runs: what they recorded; empty for figures that need nothing of it.
    """

    index: int
    label: str
    optimizer: dict[str, Any]
    results: list[TrialResult]
    runs: list[Run] = field(default_factory=list)

    @property
    def standing(self) -> float:
        """The median loss of its trials, the lower the better; infinite for those that diverged or have none."""
        return median([_loss(result) for result in self.results]) if self.results else np.inf


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that one figure shows.

    Attributes:
        settings: in the job's order.
        seeds: how many of the job's seeds are drawn.
        seeds_total: how many there are.
    """

    settings: list[Setting]
    seeds: int
    seeds_total: int

    @property
    def seeds_told(self) -> str:
        """In words, how many seeds are drawn."""
        if self.seeds < self.seeds_total:
            return f"the first {self.seeds} of {self.seeds_total} seeds"
        return f"{self.seeds} seeds"

    def by_epoch(self) -> "Material":
        """The same with epochs, which metrics tell, in place of steps."""
        settings = [replace(setting, runs=[_by_epoch(run) for run in setting.runs]) for setting in self.settings]
        return replace(self, settings=settings)


def _by_epoch(run: Run) -> Run:
    return replace(run, steps=run.column("epoch").astype(np.int64)) if "epoch" in run.columns else run


def _loss(result: TrialResult) -> float:
    if result.diverged:
        return np.inf
    loss = result.final_loss if result.final_loss is not None else result.best_loss
    return np.inf if loss is None or not np.isfinite(loss) else loss


def ranked(settings: Sequence[Setting]) -> list[Setting]:
    """The settings, the best first; equals in the job's order."""
    return sorted(settings, key=lambda setting: (setting.standing, setting.index))
