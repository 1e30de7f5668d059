"""Data of a comparison: trials that ended with a result, by problem and optimizer setting."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ayla_spec.optimizers.effect import LossCounts

from ayla_service.comparison.query import Metric


@dataclass(frozen=True, slots=True)
class LossCurve:
    """Numbers that are read from the trajectory of a trial.

    Attributes:
        area: under the curve of the loss over the steps, by the trapezoid rule; infinite if the trial diverged.
        steps_to_goal: first recorded step with a loss at or below the goal; infinite if there is none.
    """

    area: float
    steps_to_goal: float


@dataclass(frozen=True, slots=True)
class SeedRun:
    """A trial that ended with a result.

    Attributes:
        problem: number of the problem in the comparison.
        final_loss: infinite if the trial diverged.
        best_loss: lowest finite loss; infinite if there was none.
        wall_seconds: computing time, shared with the trials beside it.
        rows: about how many the trajectory has.
        stored_bytes: size of the trajectory and what else was recorded.
        loss_counts: its losses below and above 1; None where nobody has counted them.
        curve: of its loss; None where trajectories were not read.
        is_drawn: whether its seed decides start point or noise: then even equal results are no copies.
    """

    trial_id: str
    problem: int
    label: str
    seed: int
    diverged: bool
    steps_done: int
    final_loss: float
    best_loss: float
    best_step: int | None
    wall_seconds: float
    rows: int
    stored_bytes: int
    loss_counts: LossCounts | None = None
    curve: LossCurve | None = None
    is_drawn: bool = False

    def value(self, metric: Metric) -> float:
        """The run by one measure, of which less is better.

        Raises:
            ValueError: if it is measured on trajectories, which were not read.
        """
        if metric == "final_loss":
            return self.final_loss
        if metric == "best_loss":
            return self.best_loss
        if self.curve is None:
            raise ValueError("the trajectories were not read")
        return self.curve.area if metric == "area_under_curve" else self.curve.steps_to_goal

    @property
    def fingerprint(self) -> tuple[float, ...]:
        """Numbers that two runs have in common only if they are copies, unless none of them is finite."""
        seed = self.seed if self.is_drawn else -1
        return self.final_loss, self.best_loss, -1 if self.best_step is None else self.best_step, self.steps_done, seed


@dataclass(slots=True)
class ComparedSetting:
    """An optimizer setting on one problem.

    Attributes:
        label: what settings are matched by.
        optimizer: its settings, of the first job that has it.
        varies: whether another job has other settings under the label.
        unfinished: trials that have not ended, or ended without a result.
        runs: its trials with a result, by seed.
    """

    label: str
    optimizer: dict[str, Any]
    varies: bool = False
    unfinished: int = 0
    runs: dict[int, SeedRun] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The settings without AYLA and label: equal for a setting with AYLA and the one it is built on."""
        return repr(sorted((key, value) for key, value in self.optimizer.items() if key not in {"ayla", "label"}))

    @property
    def has_ayla(self) -> bool:
        """Whether AYLA is on it."""
        return bool(self.optimizer.get("ayla"))

    @property
    def loss_counts(self) -> LossCounts | None:
        """Those of all its trials; None where they are not known of each, or the trials are not all of these settings.

        What has not ended, or has no result, may have come to other losses.
        """
        known = [run.loss_counts for run in self.runs.values() if run.loss_counts is not None]
        if self.varies or self.unfinished or not known or len(known) < len(self.runs):
            return None
        return sum(known, start=LossCounts(0, 0))


@dataclass(slots=True)
class ComparedProblem:
    """One problem with its budget, and what was run on it.

    Attributes:
        title: the problem in words.
        steps: the budget.
        dtype: of the computation.
        mini_batches: whether each loss is that of one mini-batch only.
        job_ids: the jobs that ran it.
        settings: by label, in the order of the jobs and their optimizers.
        repeated: trials left out, as another job has the same setting with the same seed.
    """

    title: str
    steps: int
    dtype: str
    mini_batches: bool
    job_ids: list[str] = field(default_factory=list)
    settings: dict[str, ComparedSetting] = field(default_factory=dict)
    repeated: int = 0


def independent(groups: Iterable[Sequence[SeedRun]]) -> bool:
    """Whether the seeds of a setting, or of two side by side, are runs of their own.

    Where all come out equal to the last digit, nothing in the problem is random, and they are copies of one run.
    Trials that diverged at once look alike without being so: only a finite loss can show that they are copies.

    Args:
        groups: for every seed its runs.
    """
    marks = [tuple(run.fingerprint for run in runs) for runs in groups]
    is_finite = any(math.isfinite(loss) for mark in marks for fingerprint in mark for loss in fingerprint[:2])
    return len(marks) < 2 or not is_finite or any(mark != marks[0] for mark in marks)


def labels_of(problems: Iterable[ComparedProblem]) -> list[str]:
    """Every label, in order of appearance."""
    return list(dict.fromkeys(label for problem in problems for label in problem.settings))


def common_labels(problems: Sequence[ComparedProblem]) -> list[str]:
    """The labels that have a result on every problem."""
    counts: dict[str, int] = defaultdict(int)
    for problem in problems:
        for label, setting in problem.settings.items():
            counts[label] += bool(setting.runs)
    return [label for label in labels_of(problems) if counts[label] == len(problems)]
