"""Data of a comparison: trials that ended with a result, by problem and optimizer setting."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ayla_spec.metrics import WHOLE_PART_METRICS, Part, WholePartMetric
from ayla_spec.optimizers.base import nameless
from ayla_spec.optimizers.effect import LossCounts

from ayla_service.comparison.metrics import is_to_target, is_whole_part, more_is_better
from ayla_service.comparison.query import Metric, TargetMetric


@dataclass(frozen=True, slots=True)
class LossCurve:
    """Numbers that are read from the recorded rows of a trial.

    Attributes:
        area: under the curve of the loss over the steps, by the trapezoid rule; infinite if the trial diverged, None
            where it is not read or recorded too rarely.
        steps_to_goal: first step at which the goal is known to be reached; infinite if there is none, None where it is
            not recorded.
        epochs_to_goal: likewise in epochs.
        steps_to_targets: likewise of each of many targets, from the easiest to the hardest; None where not recorded.
    """

    area: float | None
    steps_to_goal: float | None
    epochs_to_goal: float | None = None
    steps_to_targets: tuple[float, ...] | None = None


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
        curve: of its loss; None where nothing recorded was read.
        mini_batches: whether each of its losses is that of a single mini-batch.
        minimum: the least possible loss; None if unknown.
        whole_parts: metrics after the last step, as they are, of what was evaluated.
        unrecorded: metrics that of its setting nobody recorded who completed; to diverge is no value of them either.
        is_drawn: whether its seed decides start point or noise: then even equal results are no copies.
        ran_alone: whether it is known that nothing else was computed beside it.
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
    mini_batches: bool = False
    minimum: float | None = None
    whole_parts: Mapping[WholePartMetric, float] = field(default_factory=dict)
    is_drawn: bool = False
    ran_alone: bool = False
    unrecorded: frozenset[WholePartMetric] = frozenset()

    def value(self, metric: Metric) -> float | None:
        """The run by one metric, as a number of which less is better: accuracies are negated.

        Infinite if the trial diverged, which is worse than every number. None where the metric is not recorded, as
        is the loss of a single mini-batch: it is never replaced by another metric.

        Raises:
            ValueError: if it is measured on recorded rows, which were not read.
        """
        if is_to_target(metric):
            return self._read.steps_to_goal if metric == "steps_to_target" else self._read.epochs_to_goal
        if metric == "area_under_curve":
            return self._read.area
        if is_whole_part(metric):
            is_worst = self.diverged and metric not in self.unrecorded
            return math.inf if is_worst else ranked(metric, self.whole_parts.get(metric))
        if self.mini_batches:
            return None
        if metric == "gap":
            return None if self.minimum is None else self.final_loss - self.minimum
        return self.final_loss if metric == "final_loss" else self.best_loss

    @property
    def steps_to_targets(self) -> tuple[float, ...]:
        """To each of many targets; none where they are not recorded.

        Raises:
            ValueError: if the recorded rows were not read.
        """
        return self._read.steps_to_targets or ()

    @property
    def _read(self) -> LossCurve:
        if self.curve is None:
            raise ValueError("the recorded rows were not read")
        return self.curve

    @property
    def fingerprint(self) -> tuple[float, ...]:
        """Numbers that two runs have in common only if they are copies, unless none of them is finite."""
        seed = self.seed if self.is_drawn else -1
        return self.final_loss, self.best_loss, -1 if self.best_step is None else self.best_step, self.steps_done, seed


def ranked(metric: Metric, value: float | None) -> float | None:
    """A value of a metric as one of which less is better; what is not finite is the worst there is."""
    if value is None:
        return None
    if not math.isfinite(value):
        return math.inf
    return -value if more_is_better(metric) else value


@dataclass(slots=True)
class ComparedSetting:
    """An optimizer setting on one problem.

    Attributes:
        label: what settings are matched by.
        optimizer: its settings, of the first job that has it.
        arms: names of the arm that the jobs have put it in, each once.
        varies: whether another job has other settings under the label.
        unfinished: trials that have not ended, or ended without a result.
        runs: its trials with a result, by seed.
    """

    label: str
    optimizer: dict[str, Any]
    varies: bool = False
    unfinished: int = 0
    runs: dict[int, SeedRun] = field(default_factory=dict)
    arms: list[str] = field(default_factory=list)

    def add(self, settings: Mapping[str, Any]) -> None:
        """Take note of the settings that a job has under the label."""
        self.varies |= nameless(self.optimizer) != nameless(settings)
        arm = settings.get("arm")
        if arm is not None and arm not in self.arms:
            self.arms.append(arm)

    @property
    def arm(self) -> str:
        """What it is a setting of: the first arm that a job has put it in, or itself."""
        return self.arms[0] if self.arms else self.label

    @property
    def base(self) -> str:
        """The settings without AYLA and names: equal for a setting with AYLA and the one it is built on."""
        return repr(sorted((key, value) for key, value in nameless(self.optimizer).items() if key != "ayla"))

    @property
    def has_ayla(self) -> bool:
        """Whether AYLA is on it."""
        return bool(self.optimizer.get("ayla"))

    def mark_unrecorded(self) -> None:
        """Take note of the metrics that none of its completed runs has; without such runs there are none."""
        completed = [run for run in self.runs.values() if not run.diverged]
        lacking = frozenset(WHOLE_PART_METRICS).difference(*(run.whole_parts for run in completed))
        if completed and len(completed) < len(self.runs):
            self.runs = {seed: replace(run, unrecorded=lacking) for seed, run in self.runs.items()}

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
        parts: whole parts of its dataset, over which epochs go; none of an expression.
        has_classes: whether accuracies are known.
        minimum: the least possible loss; None if unknown.
        metric: what its runs are judged by.
        target_metric: what a target is a value of.
        job_ids: the jobs that ran it.
        settings: by label, in the order of the jobs and their optimizers.
        seeds: of all its trials, ended or not.
        repeated: trials left out, as another job has the same setting with the same seed.
    """

    title: str
    steps: int
    dtype: str
    mini_batches: bool
    parts: tuple[Part, ...] = ()
    has_classes: bool = False
    minimum: float | None = None
    metric: Metric = "final_loss"
    target_metric: TargetMetric = "final_loss"
    job_ids: list[str] = field(default_factory=list)
    settings: dict[str, ComparedSetting] = field(default_factory=dict)
    seeds: set[int] = field(default_factory=set)
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
