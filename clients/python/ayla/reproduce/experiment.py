"""Experiments of the paper with the runs of their methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from ayla.errors import AylaError
from ayla.models import Job, Trial
from ayla.tables import Predictions, Trajectory

POLYNOMIALS = ("poly-sgd", "poly-adam")
CURVES = ("curve-a", "curve-b")
MNIST = ("mnist-sgd", "mnist-adam")
PRESETS = (*POLYNOMIALS, *CURVES, *MNIST)

PAPER_SEED = 42
"""The seed of the paper's curve-fitting experiments."""


class Method(StrEnum):
    """The methods that an experiment compares."""

    PLAIN = "plain"
    LOSS = "loss"
    SAMPLE = "sample"

    @classmethod
    def of(cls, optimizer: Mapping[str, Any]) -> Method:
        """The method of an optimizer: PLAIN without AYLA, else what AYLA's exponent is applied to."""
        settings = optimizer.get("ayla")
        return cls.PLAIN if not settings else cls(settings.get("transform_on", "loss"))


VARIANTS = {Method.LOSS: "on the mean loss", Method.SAMPLE: "on each sample"}
"""The variants of AYLA: what the exponent is applied to, which the paper leaves open."""


@dataclass(frozen=True, slots=True)
class MethodRun:
    """The run of a method: one trial with its trajectory.

    Attributes:
        trial: setting, seed and outcome.
        trajectory: every recorded step, from the service.
        predictions: what its model predicts; without columns for the polynomial.
    """

    trial: Trial
    trajectory: Trajectory
    predictions: Predictions

    @property
    def method(self) -> Method:
        """The method that was run."""
        return Method.of(self.trial.optimizer)

    @property
    def last_step(self) -> int:
        """The last recorded step."""
        return int(self.trajectory.numbers("step")[-1])

    def pairs(self, column: str) -> list[tuple[int, float]]:
        """Step and value of every row."""
        return [
            (int(step), value)
            for step, value in zip(self.trajectory.numbers("step"), self.trajectory.numbers(column), strict=True)
        ]

    def value_at(self, column: str, step: int) -> float:
        """The value at a step; NaN where the trajectory does not have it, as after a divergence."""
        return dict(self.pairs(column)).get(step, math.nan)

    def upward_moves(self, column: str) -> float:
        """Sum of all moves up from one recorded step to the next; NaN if a value is not finite."""
        values = self.trajectory.numbers(column)
        moves = [after - before for before, after in pairwise(values)]
        return math.fsum(move for move in moves if move > 0) if all(map(math.isfinite, values)) else math.nan

    def last(self, column: str) -> float:
        """The value at the last recorded step."""
        return self.pairs(column)[-1][1]

    def first_step(self, column: str, condition: Callable[[float], bool]) -> int | None:
        """The first step whose value meets the condition; None if none does."""
        return next((step for step, value in self.pairs(column) if condition(value)), None)

    def settled_from(self, column: str, target: float, tolerance: float) -> int | None:
        """The first step from which on every value stays within ``tolerance`` of ``target``; None if none."""
        settled = None
        for step, value in reversed(self.pairs(column)):
            if not abs(value - target) <= tolerance:
                break
            settled = step
        return settled

    def spread(self, column: str, steps: int) -> float:
        """Highest minus lowest value over the last ``steps`` steps; NaN if a value there is not finite."""
        tail = [value for step, value in self.pairs(column) if step >= self.last_step - steps]
        return max(tail) - min(tail) if all(map(math.isfinite, tail)) else math.nan


@dataclass(frozen=True, slots=True)
class Experiment:
    """A finished job of a preset.

    Attributes:
        name: of the preset.
        job: the job on the service.
        runs: one per method.
    """

    name: str
    job: Job
    runs: tuple[MethodRun, ...]

    def run(self, method: Method) -> MethodRun:
        """The run of a method.

        Raises:
            AylaError: the service's preset does not have it.
        """
        found = next((run for run in self.runs if run.method is method), None)
        if found is None:
            raise AylaError(f"The service's preset {self.name} has no '{method}' run; its job is {self.job.id}.")
        return found

    def with_control(self, control: MethodRun, methods: Container[Method]) -> Experiment:
        """The experiment with another run in place of those of some methods."""
        runs = [_as(run, control) if run.method in methods else run for run in self.runs]
        return replace(self, runs=tuple(runs))

    @property
    def seed(self) -> int:
        """That all its runs have."""
        return self.runs[0].trial.seed

    @property
    def ayla_runs(self) -> tuple[MethodRun, ...]:
        """The runs with AYLA."""
        return tuple(run for run in self.runs if run.method is not Method.PLAIN)


def _as(run: MethodRun, control: MethodRun) -> MethodRun:
    """The control, taken for a run of another method."""
    return replace(control, trial=control.trial.model_copy(update={"optimizer": run.trial.optimizer}))
