"""Any problem on any device with PyTorch, one step after the other."""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from ayla_spec.metrics import Part
from ayla_spec.recording import COLUMNS, Recording
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.objectives import Objective
from ayla_core.recorded_steps import RecordedSteps, recorded_steps
from ayla_core.scaling import Scaled, Scaling
from ayla_core.steppers.groups import RuleGroup
from ayla_core.steppers.replay import Replay, capture_for
from ayla_core.steppers.step_numbers import StepNumbers
from ayla_core.steppers.step_progress import StepProgress
from ayla_core.steppers.trace import Quantities, StepTensors, Trace, step_tensors
from ayla_core.trial_settings import TrialSettings
from ayla_core.trial_statistics import Floats, Integers, TrialStatistics


class TensorStepper:
    """Trials of an objective; those of one rule stand side by side.

    Args:
        objective: of the trials in the order that ``by_rule`` gives.
        settings: of the trials, in the order they were given.
        recording: what is kept of the steps.
        layout: type and device.
    """

    def __init__(self, objective: Objective, settings: TrialSettings, recording: Recording, layout: Layout) -> None:
        self._objective = objective
        self._recording = recording
        self._layout = layout
        self._trials = len(settings)
        start = objective.initial_parameters()
        self.lanes = len(start)
        order = by_rule(settings)
        rows = np.concatenate((order, np.repeat(order[-1], self.lanes - len(order))))
        self._step_numbers = StepNumbers(settings, rows, recording.budget)
        self._scaling = Scaling(settings.ayla.take(rows), objective.samples, layout)
        self._learning_rates = settings.numbers(lambda item: item.learning_rate)[rows]
        self._groups = self._grouped(settings, rows, start)
        self._replay = Replay(self._step, self.state, capture_for(layout.device))
        for group in self._groups:
            group.in_place = self._replay.is_wanted
        self._progress = StepProgress(layout.device)

    def _grouped(self, settings: TrialSettings, rows: Integers, start: Tensor) -> list[RuleGroup]:
        """The rows of each rule, which stand together."""
        numbers, initial, gradients = settings.rule_numbers(), settings.initial_memory(), settings.gradients
        names = {part.rule.name: part.rule.numbers(part.settings).keys() for part in settings.parts}
        ends = np.cumsum(np.bincount(settings.rule[rows], minlength=len(settings.rules))).tolist()
        return [
            RuleGroup(
                rule,
                learning_rate=self._learning_rates[where],
                numbers={name: numbers[name][rows[where]] for name in names[rule.name]},
                initial={name: values[rows[where]] for name, values in initial.items()},
                gradients=gradients.take(rows[where]),
                where=where,
                parameters=start[where],
                layout=self._layout,
            )
            for rule, where in zip(settings.rules, map(slice, [0, *ends[:-1]], ends), strict=True)
        ]

    @property
    def places(self) -> Integers:
        """Trials stand in the order given."""
        return np.arange(self._trials)

    @property
    def row_places(self) -> Integers:
        """The same."""
        return self.places

    @property
    def numbers_per_step(self) -> int:
        """Numbers that one step keeps on the device."""
        samples = 3 if self._scaling.scales_samples else 0
        return self.lanes * (8 + samples + len(self._recording.parameters)) + self._step_numbers.numbers_per_step

    @torch.no_grad()
    def advance(self, first: int, updates: int, statistics: TrialStatistics, *, last: bool) -> RecordedSteps:
        """Make updates and count them (see ``Stepper``)."""
        table = torch.from_numpy(self._step_numbers.table(first + 1, max(1, updates))).to(
            self._layout.device, self._layout.dtype
        )
        for group in self._groups:
            group.prepare(self._step_numbers, table)
        trace = Trace(bool(self._recording.parameters))
        for place in range(updates):
            with self._progress.step():
                batch = self._objective.batch(first + place)
                trace.steps.append(self._replay.make(batch, [group.step_numbers[place] for group in self._groups]))
        if last:
            with self._progress.step():
                trace.steps.append(self._evaluate(self._objective.batch(first + updates), counts=False)[0])
        steps = updates + last
        rates = self._step_numbers.learning_rates(self._learning_rates, first + 1, steps)
        quantities = trace.collect(self._capped(trace), rates)
        statistics.update(
            first, quantities.loss, quantities.finite, quantities.capped[:updates], quantities.loss_counts
        )
        return self._rows(first, steps, quantities, statistics)

    def _step(self, batch: Tensor | None, now: Sequence[Tensor]) -> StepTensors:
        """Evaluate the current parameters and move them, each group by its numbers of this update."""
        step, scaled = self._evaluate(batch, counts=True)
        for group, numbers in zip(self._groups, now, strict=True):
            group.update(scaled.slope[group.where], scaled.scale[group.where].unsqueeze(1), numbers)
        return step

    def _evaluate(self, batch: Tensor | None, *, counts: bool) -> tuple[StepTensors, Scaled]:
        parameters = self._parameters()
        evaluation = self._objective.evaluate(parameters, batch, counts=counts)
        scaled = self._scaling.apply(evaluation)
        keeps = bool(self._recording.parameters)
        reads = self._scaling.scales_samples
        return step_tensors(evaluation.loss, scaled, parameters, keep_parameters=keeps, scales_samples=reads), scaled

    def _parameters(self) -> Tensor:
        parts = [group.parameters for group in self._groups]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _capped(self, trace: Trace) -> Tensor:
        scales = trace.scales()
        return torch.cat([group.capped(scales[:, group.where]) for group in self._groups], dim=1)

    def _rows(self, first: int, steps: int, quantities: Quantities, statistics: TrialStatistics) -> RecordedSteps:
        if not self._recording.kept:
            none = np.empty((0, 0, self.lanes)), np.empty((0, self.lanes))
            return RecordedSteps(first, first + steps - 1, np.empty(0, dtype=np.int64), (), *none)
        columns = [getattr(quantities, name) for name in COLUMNS]
        if quantities.parameters is not None:
            columns += list(np.moveaxis(quantities.parameters, -1, 0))
        whole = np.stack(columns, axis=1)
        kept = recorded_steps(self._recording, first, first + steps - 1)
        diverged = np.clip(statistics.first_nonfinite - first, 0, steps - 1)
        return RecordedSteps(
            first_step=first,
            last_step=first + steps - 1,
            steps=kept,
            names=self._recording.quantities,
            values=whole[kept - first],
            diverged_rows=whole[diverged, :, np.arange(self.lanes)].T,
        )

    def state(self) -> dict[str, Tensor]:
        """Parameters and memory of each group, and what the objective remembers."""
        groups = {
            f"{number}.{name}": tensor
            for number, group in enumerate(self._groups)
            for name, tensor in group.state().items()
        }
        return groups | self._objective.state()

    @torch.no_grad()
    def predictions(self) -> list[dict[str, Floats]] | None:
        """Predictions of each trial's model now."""
        with self._progress.step():
            return self._objective.predictions(self._parameters())

    @torch.no_grad()
    def metrics(self, parts: Collection[Part]) -> dict[str, Floats]:
        """Metrics of the models since the last call."""
        with self._progress.step():
            found = self._objective.metrics(self._parameters(), parts)
        return {name: values[: self._trials] for name, values in found.items()}


def by_rule(settings: TrialSettings) -> Integers:
    """The places of the trials with those of one rule side by side, in order of first appearance."""
    return np.argsort(settings.rule, kind="stable")
