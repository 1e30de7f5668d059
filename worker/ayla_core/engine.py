"""Trains a batch of trials at once: one loop, every hyper-parameter its own number, any mix of optimizers."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from ayla_spec.batch import TrialBatch
from ayla_spec.evaluation import parts_of
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.metrics import PARTS, Part
from ayla_spec.problems import DatasetProblem
from ayla_spec.trials import TrialPlan
from torch import Tensor

from ayla_core import checkpoint
from ayla_core.checkpoint import CheckpointError
from ayla_core.datasets import DataSource
from ayla_core.metric_statistics import LATER as LATER_METRICS
from ayla_core.metric_statistics import MetricStatistics
from ayla_core.objectives.scores import LATER as LATER_SCORES
from ayla_core.outcomes import COMPLETED, OutcomeColumns
from ayla_core.progress import current
from ayla_core.recorded_steps import RecordedSteps, rows_of
from ayla_core.recorder import MetricRows, PredictionRows, TrialOutcome, TrialRows, outcomes_of
from ayla_core.steppers import choose_stepper
from ayla_core.trial_statistics import LATER, NEVER, Floats, Integers, TrialStatistics

__all__ = ["CheckpointError", "Engine", "EngineBlock"]


@dataclass(frozen=True)
class EngineBlock:
    """Consecutive steps of a batch (see ``recorder.Block``); rows and outcomes are made when asked for.

    Attributes:
        indices: of the trials in their job.
        first_step: the first step evaluated.
        last_step: the last step evaluated.
        finished: whether this is the last block.
        predictions: of the steps at which they are asked for.
        metrics: at the ends of epochs.
        statistics: what is known of each trial right after the block, in the order of the trials.
        metric_statistics: likewise of its metrics; None where there are no models.
    """

    indices: Integers
    first_step: int
    last_step: int
    finished: bool
    predictions: list[PredictionRows]
    metrics: list[MetricRows]
    statistics: TrialStatistics
    metric_statistics: MetricStatistics | None
    _pieces: Sequence[RecordedSteps]
    _places: Integers
    _steps_done: int
    _completed: bool

    @cached_property
    def rows(self) -> list[TrialRows]:
        """Recorded steps of each trial that has any in this block."""
        return rows_of(self._pieces, self.indices, self._places, self.statistics.first_nonfinite)

    @cached_property
    def columns(self) -> OutcomeColumns:
        """The outcome of every trial, as columns."""
        found, metrics = self.statistics.columns(self._steps_done, completed=self._completed), self.metric_statistics
        return found if metrics is None else replace(found, metrics=metrics.columns(found.outcome == COMPLETED))

    @cached_property
    def outcomes(self) -> list[TrialOutcome]:
        """Of every trial, one by one."""
        return outcomes_of(self.columns, self.indices)


class Engine:
    """A batch of trials of one job, from start points to the last step.

    Row k of a trajectory is the state before update k; row T, after the last update, ends it. A trial diverges at the
    first step at which its loss or a parameter is not finite, and nothing after that step is handed out. The numbers
    depend on spec, trials, device kind, dtype and the way of computing (``docs/decisions/0009``) only: not on how the
    steps are cut into blocks, nor on a checkpoint and restore in between, bit for bit.

    Args:
        spec: the job; budget, record and dtype are used.
        trials: the trials of the batch, at least one, with their problem; or, of the job's problem, one by one.
        device: where to compute.
        source: where datasets come from; needed for those that are files.
        shares_products: whether a network that is alone in its batch has its matrix products shared out over all
            threads, which can change the last bits of sums against the same trial in company.

    Attributes:
        step: updates made so far.
        finished: whether every trial has completed or diverged.

    Raises:
        ayla_core.datasets.DatasetError: when the dataset is not there or not fit for the problem.
    """

    def __init__(
        self,
        spec: ResolvedJobSpec,
        trials: TrialBatch | Sequence[TrialPlan],
        device: torch.device,
        source: DataSource | None = None,
        *,
        shares_products: bool = True,
    ) -> None:
        self.step = 0
        self.finished = False
        self._spec = spec
        batch = trials if isinstance(trials, TrialBatch) else TrialBatch.of(spec.problem, trials)
        self._trials = batch
        chosen = choose_stepper(spec, batch, device, source, shares_products=shares_products)
        self._stepper = chosen.stepper
        self._order = np.argsort(chosen.order)
        self._lanes = self._stepper.places[self._order]
        self._row_places = self._stepper.row_places[self._order]
        self._statistics = TrialStatistics.blank(self._stepper.lanes, self._stepper.places)
        self._parts: list[Part] = []
        self._metric_statistics: MetricStatistics | None = None
        if isinstance(batch.problem, DatasetProblem):
            self._parts = parts_of(batch.problem, spec.record)
            self._metric_statistics = MetricStatistics.blank(len(batch))
        self._evaluation_steps = _EvaluationSteps(spec, chosen.steps_per_epoch, self._parts)

    @property
    def numbers_per_step(self) -> int:
        """Numbers that one step keeps in memory until its block ends."""
        return self._stepper.numbers_per_step

    def advance(self, max_steps: int) -> EngineBlock:
        """Make up to ``max_steps`` updates.

        Args:
            max_steps: at least 1. Fewer are made when the budget ends.

        Returns:
            The block of the steps passed. The block that completes the budget holds the row after the last update
            too. The engine has finished as well once every trial has diverged.

        Raises:
            RuntimeError: when the engine has finished.
        """
        if self.finished:
            raise RuntimeError("Every trial of this batch has completed or diverged; there are no more steps.")
        first, budget = self.step, self._spec.budget.steps
        end = min(first + max_steps, budget)
        pieces: list[RecordedSteps] = []
        predictions: list[PredictionRows] = []
        metrics: list[MetricRows] = []
        for start, stop in itertools.pairwise([first, *self._evaluation_steps.between(first, end), end]):
            if start in self._spec.record.predictions_at:
                predictions += self._predictions(start)
            if stop > start:
                pieces.append(self._advance(start, stop))
            if self._evaluation_steps.has_metrics(stop):
                metrics += self._metrics(stop)
        if end == budget and budget in self._spec.record.predictions_at:
            predictions += self._predictions(budget)
        return self._close(pieces, predictions, metrics)

    def _advance(self, start: int, stop: int) -> RecordedSteps:
        last = stop == self._spec.budget.steps
        of = f"of {self._spec.budget.steps}"
        some = f"step {start} {of}" if stop - start <= 1 else f"one of the steps {start} to {stop - 1} {of}"
        current().activity = f"A single step ({some})"
        piece = self._stepper.advance(start, stop - start, self._statistics, last=last)
        self.step = stop
        return piece

    def _close(
        self, pieces: list[RecordedSteps], predictions: list[PredictionRows], metrics: list[MetricRows]
    ) -> EngineBlock:
        """Make the block of some steps."""
        completed = self.step == self._spec.budget.steps
        statistics = self._statistics.of(self._lanes)
        last = pieces[-1].last_step
        self.finished = completed
        if not statistics.alive().any():
            self.finished = True
            self.step = last = int(statistics.first_nonfinite.max())
        return EngineBlock(
            indices=self._trials.indices,
            first_step=pieces[0].first_step,
            last_step=last,
            finished=self.finished,
            predictions=predictions,
            metrics=metrics,
            statistics=statistics,
            metric_statistics=self._metric_statistics and self._metric_statistics.copy(),
            _pieces=pieces,
            _places=self._row_places,
            _steps_done=self.step,
            _completed=completed,
        )

    def _alive(self) -> Iterator[tuple[int, int]]:
        """Index in the job and place in the stepper's order, of each trial that has not diverged."""
        diverged = self._statistics.first_nonfinite[self._lanes]
        for place in np.flatnonzero(diverged == NEVER).tolist():
            yield int(self._trials.indices[place]), int(self._order[place])

    def _predictions(self, step: int) -> list[PredictionRows]:
        current().activity = f"Predicting at step {step}"
        columns = self._stepper.predictions()
        if columns is None:
            return []
        return [PredictionRows(index, step, columns[place]) for index, place in self._alive()]

    def _metrics(self, step: int) -> list[MetricRows]:
        current().activity = f"Taking the metrics at step {step}"
        parts = PARTS if step == self._spec.budget.steps else self._parts
        found: dict[str, Floats] = self._stepper.metrics(parts)
        epoch = self._evaluation_steps.epoch(step)
        if self._metric_statistics is not None:
            ordered = {name: values[self._order] for name, values in found.items()}
            self._metric_statistics.update(ordered, epoch, self._statistics.alive()[self._lanes])
        if self._spec.record.trajectories != "all":
            return []
        when = {"step": np.array([step], dtype=np.int64), "epoch": np.array([epoch], dtype=np.int64)}
        return [
            MetricRows(index, when | {name: values[place : place + 1] for name, values in found.items()})
            for index, place in self._alive()
        ]

    @cached_property
    def _owner(self) -> str:
        return checkpoint.fingerprint(self._spec, self._trials)

    def checkpoint(self) -> bytes:
        """The whole state, to go on from in another process."""
        return checkpoint.pack(self._state(), step=self.step, finished=self.finished, owner=self._owner)

    def restore(self, data: bytes) -> None:
        """Take over the state of a checkpoint of the same job and trials.

        One of an earlier version may lack statistics; they are unknown from then on.

        Raises:
            CheckpointError: when the bytes are something else; the engine is unchanged then.
        """
        later: dict[str, float] = {f"ledger.{name}": value for name, value in LATER.items()}  # their name ever since
        later |= {f"metrics.{name}": value for name, value in LATER_METRICS.items()}
        later |= {f"stepper.{name}": value for name, value in LATER_SCORES.items()}
        self.step, self.finished = checkpoint.unpack(data, self._state(), owner=self._owner, later=later)

    def _state(self) -> dict[str, Tensor]:
        """Every tensor that changes, by name; writing into one changes the engine."""
        statistics = {f"ledger.{name}": torch.from_numpy(item) for name, item in self._statistics.arrays().items()}
        metrics = {} if self._metric_statistics is None else self._metric_statistics.arrays()
        statistics |= {f"metrics.{name}": torch.from_numpy(item) for name, item in metrics.items()}
        return statistics | {f"stepper.{name}": item for name, item in self._stepper.state().items()}


class _EvaluationSteps:
    """The steps between which nothing but updates happens: predictions and metrics are taken at them."""

    def __init__(self, spec: ResolvedJobSpec, steps_per_epoch: int | None, parts: Sequence[Part]) -> None:
        self._budget = spec.budget.steps
        self._predictions = spec.record.predictions_at
        self._epoch = steps_per_epoch
        # Without parts there is the row of the last step only.
        self._period = self._budget
        if steps_per_epoch is not None and parts:
            self._period = steps_per_epoch * spec.record.metrics_every

    def between(self, first: int, end: int) -> list[int]:
        """The stops after ``first`` and before ``end``, in order."""
        stops = {step for step in self._predictions if first < step < end}
        if self._epoch is not None:
            stops.update(range((first // self._period + 1) * self._period, end, self._period))
        return sorted(stops)

    def has_metrics(self, step: int) -> bool:
        """Whether metrics are taken after that many updates."""
        return self._epoch is not None and (step % self._period == 0 or step == self._budget)

    def epoch(self, step: int) -> int:
        """Epochs that have begun by then."""
        return -(-step // (self._epoch or 1))
