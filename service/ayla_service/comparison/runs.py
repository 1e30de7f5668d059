"""Data of a comparison: trials that ended with a result, as columns, by problem and optimizer setting."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.metrics import WHOLE_PART_METRICS, Part, WholePartMetric
from ayla_spec.optimizers.base import nameless
from ayla_spec.optimizers.effect import LossCounts

from ayla_service.comparison.metrics import is_of_rows, is_whole_part, more_is_better
from ayla_service.comparison.query import Metric, TargetMetric

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

RUN = np.dtype(
    [
        ("seed", np.int64),
        ("job", np.int32),
        ("trial", np.int32),
        ("diverged", np.bool_),
        ("steps_done", np.int64),
        ("final_loss", np.float64),
        ("best_loss", np.float64),
        ("best_step", np.int64),
        ("wall_seconds", np.float64),
        ("ran_alone", np.bool_),
        ("rows", np.int64),
        ("stored_bytes", np.int64),
        ("losses_below_one", np.int64),
        ("losses_above_one", np.int64),
        *((name, np.float64) for name in WHOLE_PART_METRICS),
        ("area", np.float64),
        ("steps_to_goal", np.float64),
        ("epochs_to_goal", np.float64),
    ]
)
"""A trial that ended with a result.

``job`` is the place of its job among those of the problem, ``trial`` its own there. ``final_loss`` is infinite if it
diverged; ``best_loss`` the lowest finite loss, infinite if there was none. ``rows`` are about how many its trajectory
has, and ``stored_bytes`` is the size of all it recorded. Losses below and above one are -1 where nobody has counted
them, and ``best_step`` where there is none. Metrics of whole parts are NaN where they were not evaluated. The last
three are read from recorded rows: infinite where the trial diverged, or never reached its goal; NaN where they are not
recorded.
"""

_BYTES = np.dtype((np.void, RUN.itemsize))
_OF_ROWS: Mapping[Metric, str] = {
    "area_under_curve": "area",
    "steps_to_target": "steps_to_goal",
    "epochs_to_target": "epochs_to_goal",
}


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Trials of one setting on one problem that ended with a result.

    Attributes:
        table: of type ``RUN``, in the order of the seeds, of which each is there once; shape [runs].
        mini_batches: whether each of their losses is that of a single mini-batch.
        minimum: the least possible loss; None if unknown.
        is_drawn: whether the seed decides start point or noise: then even equal results are no copies.
        unrecorded: metrics that of the setting nobody recorded who completed; to diverge is no value of them either.
        is_read: whether what they recorded was read.
        hits: the step at which each of many targets is reached first, from the easiest to the hardest; infinite where
            it is not, NaN where that is not recorded, shape [runs, targets]. None before anything was read.
    """

    table: npt.NDArray[np.void] = field(default_factory=lambda: np.empty(0, RUN))
    mini_batches: bool = False
    minimum: float | None = None
    is_drawn: bool = False
    unrecorded: frozenset[WholePartMetric] = frozenset()
    is_read: bool = False
    hits: Floats | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.table)

    @property
    def seeds(self) -> Places:
        """Their seeds, growing; shape [runs]."""
        return self.table["seed"]

    @property
    def diverged(self) -> Mask:
        """Which diverged; shape [runs]."""
        return self.table["diverged"]

    def values(self, metric: Metric) -> Floats:
        """The runs by one metric, as numbers of which less is better: accuracies are negated; shape [runs].

        Infinite if a trial diverged, which is worse than every number. NaN where the metric is not recorded, as is the
        loss of a single mini-batch: it is never replaced by another metric.

        Raises:
            ValueError: if it is measured on recorded rows, which were not read.
        """
        if is_of_rows(metric):
            if not self.is_read:
                raise ValueError("the recorded rows were not read")
            return self.table[_OF_ROWS[metric]]
        if is_whole_part(metric):
            values = ranked(metric, self.table[metric])
            return values if metric in self.unrecorded else np.where(self.diverged, np.inf, values)
        if self.mini_batches or (metric == "gap" and self.minimum is None):
            return np.full(len(self), np.nan)
        if metric == "gap":
            return self.table["final_loss"] - self.minimum
        return self.table["final_loss" if metric == "final_loss" else "best_loss"]

    def at(self, places: Places | Mask | slice) -> "Runs":
        """Those at these places."""
        hits = None if self.hits is None else self.hits[places]
        return replace(self, table=self.table[places], hits=hits)

    def on(self, seeds: Iterable[int]) -> "Runs":
        """Those with one of these seeds."""
        return self.at(np.isin(self.seeds, np.fromiter(seeds, np.int64)))

    @property
    def loss_counts(self) -> LossCounts | None:
        """Losses below and above 1 of all of them; None where they are not known of each, or there are none."""
        below, above = self.table["losses_below_one"], self.table["losses_above_one"]
        if not len(self) or below.min() < 0 or above.min() < 0:
            return None
        return LossCounts(int(below.sum()), int(above.sum()))

    @property
    def fingerprints(self) -> Floats:
        """Numbers that two runs have in common only if they are copies, unless none of the first two is finite."""
        seeds = self.seeds if self.is_drawn else np.full(len(self), -1)
        columns = [self.table[name] for name in ("final_loss", "best_loss", "best_step", "steps_done")]
        return np.column_stack([*columns, seeds])


def together(tables: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    """Tables of type ``RUN``, one after the other; as plain bytes, as NumPy compares the fields of each otherwise."""
    found: npt.NDArray[np.void] = np.concatenate([np.empty(0, _BYTES), *(one.view(_BYTES) for one in tables)])
    return found.view(RUN)


def ranked(metric: Metric, values: Floats) -> Floats:
    """Values of a metric as ones of which less is better; what is not finite is the worst there is, NaN unknown."""
    signed = -values if more_is_better(metric) else values
    return np.where(np.isinf(values), np.inf, signed)


def independent(*sides: Runs) -> bool:
    """Whether the seeds of a setting, or of several side by side, are runs of their own.

    Where all come out equal to the last digit, nothing in the problem is random, and they are copies of one run.
    Trials that diverged at once look alike without being so: only a finite loss can show that they are copies.

    Args:
        sides: of each setting the runs on the same seeds.
    """
    if len(sides[0]) < 2:
        return True
    marks = [side.fingerprints for side in sides]
    is_finite = any(np.isfinite(mark[:, :2]).any() for mark in marks)
    return not is_finite or any((mark != mark[0]).any() for mark in marks)


def known(values: Floats) -> Floats:
    """Those that are recorded."""
    return values[~np.isnan(values)]


@dataclass(slots=True)
class ComparedSetting:
    """An optimizer setting on one problem.

    Attributes:
        label: what settings are matched by.
        optimizer: its settings, of the first job that has it.
        arms: names of the arm that the jobs have put it in, each once.
        numbers: of the problem, where these are axes: batch size, widths, start.
        varies: whether another job has other settings under the label.
        unfinished: trials that have not ended, or ended without a result.
        runs: its trials with a result.
    """

    label: str
    optimizer: dict[str, Any]
    varies: bool = False
    unfinished: int = 0
    runs: Runs = field(default_factory=Runs)
    arms: list[str] = field(default_factory=list)
    numbers: Mapping[str, float] = field(default_factory=dict)

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
        own = sorted((key, value) for key, value in nameless(self.optimizer).items() if key != "ayla")
        return repr((own, sorted(self.numbers.items())) if self.numbers else own)

    @property
    def has_ayla(self) -> bool:
        """Whether AYLA is on it."""
        return bool(self.optimizer.get("ayla"))

    def mark_unrecorded(self) -> None:
        """Take note of the metrics that none of its completed runs has; without such runs there are none."""
        completed = self.runs.table[~self.runs.diverged]
        if 0 < len(completed) < len(self.runs):
            lacking = frozenset(name for name in WHOLE_PART_METRICS if np.isnan(completed[name]).all())
            self.runs = replace(self.runs, unrecorded=lacking)

    @property
    def loss_counts(self) -> LossCounts | None:
        """Those of all its trials; None where they are not known of each, or the trials are not all of these settings.

        What has not ended, or has no result, may have come to other losses.
        """
        return None if self.varies or self.unfinished else self.runs.loss_counts


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

    @property
    def table(self) -> npt.NDArray[np.void]:
        """All its runs, setting by setting, of type ``RUN``; shape [runs]."""
        return together([setting.runs.table for setting in self.settings.values()])

    def trials_of_jobs(self) -> dict[str, list[int]]:
        """Places of the trials that are its runs, by job."""
        table = self.table
        return {job_id: table["trial"][table["job"] == number].tolist() for number, job_id in enumerate(self.job_ids)}


def labels_of(problems: Iterable[ComparedProblem]) -> list[str]:
    """Every label, in order of appearance."""
    return list(dict.fromkeys(label for problem in problems for label in problem.settings))


def common_labels(problems: Sequence[ComparedProblem]) -> list[str]:
    """The labels that have a result on every problem."""
    counts: dict[str, int] = defaultdict(int)
    for problem in problems:
        for label, setting in problem.settings.items():
            counts[label] += len(setting.runs) > 0
    return [label for label in labels_of(problems) if counts[label] == len(problems)]
