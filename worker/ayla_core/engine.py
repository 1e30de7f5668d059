"""Trains a batch of trials at once: one loop, every hyper-parameter its own tensor, any mix of optimizers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import TrialPlan
from torch import Tensor

from ayla_core import checkpoint
from ayla_core.checkpoint import CheckpointError
from ayla_core.layout import Layout
from ayla_core.ledger import NEVER, Ledger, RowSelector
from ayla_core.objectives import Evaluation, build_objective
from ayla_core.optimizers import RULES, UpdateRule
from ayla_core.recorder import Block, PredictionRows
from ayla_core.scaling import Scaled, Scaling
from ayla_core.trace import Course, Trace

__all__ = ["CheckpointError", "Engine"]

_DTYPES = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True, slots=True)
class _Group:
    """The trials of one optimizer, which stand together in the parameter matrix."""

    rule: UpdateRule
    rows: slice
    parameters: Tensor


class Engine:
    """A batch of trials of one job, from start points to the last step.

    Row k of a trajectory is the state before update k; row T, after the last update, ends it. A trial diverges at the
    first step at which its loss or a parameter is not finite, and nothing after that step is handed out. The numbers
    depend on spec, trials, device kind and dtype only: not on how the steps are cut into blocks, nor on a checkpoint
    and restore in between, bit for bit.

    Args:
        spec: the job; problem, budget, record and dtype are used.
        trials: the trials of the batch, at least one.
        device: where to compute.

    Attributes:
        step: updates made so far.
        finished: whether every trial has completed or diverged.
    """

    def __init__(self, spec: ResolvedJobSpec, trials: Sequence[TrialPlan], device: torch.device) -> None:
        self.step = 0
        self.finished = False
        self._spec = spec
        self._indices = [trial.index for trial in trials]
        self._owner = checkpoint.fingerprint(spec, trials)
        ordered = _by_optimizer(trials)
        self._places = [ordered.index(place) for place in range(len(trials))]
        self._start([trials[place] for place in ordered], Layout(_DTYPES[spec.dtype], device))
        self._ledger = Ledger.blank(len(trials))
        self._selector = RowSelector(spec.record.every, spec.budget.steps, self._objective.parameter_names)
        self._learning_rates = np.array([trial.settings.learning_rate for trial in trials])

    def _start(self, ordered: Sequence[TrialPlan], layout: Layout) -> None:
        self._objective = build_objective(self._spec.problem, [trial.seed for trial in ordered], layout)
        self._parameters = self._objective.initial_parameters()
        filling = len(self._parameters) - len(ordered)
        settings = [trial.settings.ayla for trial in ordered] + [None] * filling
        self._scaling = Scaling(settings, self._objective.samples, layout)
        self._groups = []
        for kind, make in RULES.items():
            rows = [row for row, trial in enumerate(ordered) if type(trial.settings) is kind]
            if rows:
                rule = make([ordered[row].settings for row in rows], self._parameters.shape[1], layout)
                where = slice(rows[0], rows[-1] + 1)
                self._groups.append(_Group(rule, where, self._parameters[where]))

    @property
    def numbers_per_step(self) -> int:
        """How many numbers one step keeps in memory until its block ends."""
        return self._parameters.shape[0] * (6 + len(self._objective.parameter_names))

    @torch.no_grad()
    def advance(self, max_steps: int) -> Block:
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
        first = self.step
        updates = min(max_steps, self._spec.budget.steps - first)
        for group in self._groups:
            group.rule.prepare(first + 1, updates)
        trace = Trace(bool(self._objective.parameter_names), self._scaling.reads_samples)
        predictions: dict[int, Tensor] = {}
        for place in range(updates):
            scaled = self._observe(first + place, trace, predictions)
            for group in self._groups:
                scale = scaled.scale[group.rows].unsqueeze(1)
                group.rule.update(group.parameters, scaled.slope[group.rows], scale, place)
        self.step += updates
        if self.step == self._spec.budget.steps:
            self._observe(self.step, trace, predictions)
        course = trace.collect(first, self._capped(trace), self._places, self._learning_rates)
        return self._close(course, updates, predictions)

    def _observe(self, step: int, trace: Trace, predictions: dict[int, Tensor]) -> Scaled:
        """Evaluate the current parameters and keep what is to be recorded of them."""
        evaluation: Evaluation = self._objective.evaluate(self._parameters)
        scaled = self._scaling.apply(evaluation)
        trace.append(evaluation.loss, scaled, self._parameters)
        if step in self._spec.record.predictions_at and self._objective.samples is not None:
            predictions[step] = self._objective.samples.predictions(self._parameters)
        return scaled

    def _capped(self, trace: Trace) -> Tensor:
        scales = trace.scales()
        capped = torch.zeros_like(scales, dtype=torch.bool)
        for group in self._groups:
            capped[:, group.rows] = group.rule.capped(scales[:, group.rows])
        return capped

    def _close(self, course: Course, updates: int, predictions: dict[int, Tensor]) -> Block:
        """Book the steps and make their block."""
        was_alive = self._ledger.alive()
        valid = self._ledger.book(course, updates)
        completed = self.step == self._spec.budget.steps
        last = self.step if completed else self.step - 1
        self.finished = completed
        if not self._ledger.alive().any():
            self.finished = True
            self.step = last = int(self._ledger.first_nonfinite.max())
        return Block(
            first_step=course.first_step,
            last_step=last,
            rows=self._selector.rows(course, was_alive, valid, self._indices),
            predictions=[rows for step, values in predictions.items() for rows in self._predictions(step, values)],
            summaries=self._ledger.summaries(self._indices, self.step, completed=completed),
            finished=self.finished,
        )

    def _predictions(self, step: int, values: Tensor) -> list[PredictionRows]:
        samples = self._objective.samples
        if samples is None:
            return []
        on_host = values.to("cpu", torch.float64).numpy()
        return [
            PredictionRows(index, step, samples.columns(row) | {"prediction": on_host[row]})
            for index, row, stop in zip(self._indices, self._places, self._ledger.first_nonfinite, strict=True)
            if stop == NEVER or step < stop
        ]

    def checkpoint(self) -> bytes:
        """The whole state, to go on from in another process."""
        return checkpoint.pack(self._state(), step=self.step, finished=self.finished, owner=self._owner)

    def restore(self, data: bytes) -> None:
        """Take over the state of a checkpoint of the same job and trials.

        Raises:
            CheckpointError: when the bytes are something else; the engine is unchanged then.
        """
        self.step, self.finished = checkpoint.unpack(data, self._state(), owner=self._owner)

    def _state(self) -> dict[str, Tensor]:
        """Every tensor that changes, by name; writing into one changes the engine."""
        state = {"parameters": self._parameters}
        for number, group in enumerate(self._groups):
            state |= {f"optimizer.{number}.{name}": item for name, item in group.rule.state().items()}
        return state | {f"ledger.{name}": torch.from_numpy(item) for name, item in self._ledger.arrays().items()}


def _by_optimizer(trials: Sequence[TrialPlan]) -> list[int]:
    """The places of the trials with those of one optimizer side by side, in the order of the registry."""
    kinds = list(RULES)
    return sorted(range(len(trials)), key=lambda place: kinds.index(type(trials[place].settings)))
