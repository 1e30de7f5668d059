"""The trials of one update rule, which stand together in the parameter matrix."""

from collections.abc import Sequence

import torch
from ayla_spec.optimizers import Optimizer
from ayla_torch.rules import CEILING
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.optimizers import Rule
from ayla_core.optimizers.gradients import Preparation
from ayla_core.steppers.step_numbers import SCHEDULE, StepNumbers


class RuleGroup:
    """Rows that share a rule, each with numbers of its own.

    Args:
        rule: the formula.
        settings: one per row.
        where: the rows of the whole matrix.
        parameters: their start, shape [rows, parameters].
        layout: type and device.

    Attributes:
        where: the rows of the whole matrix.
        parameters: of these rows now.
        in_place: whether updates write into the tensors there are, rather than making new ones.
        step_numbers: numbers of the prepared updates, shape [updates, names, rows, 1].
    """

    def __init__(
        self, rule: Rule, settings: Sequence[Optimizer], where: slice, parameters: Tensor, layout: Layout
    ) -> None:
        self.where = where
        self.in_place = False
        self.parameters = parameters.clone()
        self._rule = rule
        self._layout = layout
        self._learning_rate = layout.column(item.learning_rate for item in settings)
        numbers = [rule.numbers(item) for item in settings]
        self._numbers = {name: layout.column(item[name] for item in numbers) for name in numbers[0]}
        initial = [rule.initial(item) for item in settings]
        self._memory = {
            name: layout.column(item.get(name, 0.0) for item in initial).repeat(1, parameters.shape[1])
            for name in rule.memory
        }
        self._preparation = Preparation.of(settings, layout)
        self._names: tuple[str, ...] = ()
        self.step_numbers = parameters.new_empty(0)

    def prepare(self, step_numbers: StepNumbers, table: Tensor) -> None:
        """Take the numbers of the coming updates from a table of shape [updates, names, variants]."""
        variant = torch.from_numpy(step_numbers.variant[self.where].astype("int64")).to(table.device)
        self._names = step_numbers.names
        self.step_numbers = table.index_select(2, variant).unsqueeze(-1)

    def update(self, slope: Tensor, scale: Tensor, now: Tensor) -> None:
        """One update.

        Args:
            slope: G/v of these rows.
            scale: v, shape [rows, 1].
            now: the update's entry in ``step_numbers``.
        """
        h = self._numbers | dict(zip(self._names, now.unbind(0), strict=True))
        h["lr"] = self._learning_rate * h[SCHEDULE]
        gradient = slope if self._preparation is None else self._preparation.apply(slope, self.parameters)
        after, memory = self._rule.update(self.parameters, gradient, scale, self._memory, h)
        if self.in_place:
            self.parameters.copy_(after)
            for name, value in memory.items():
                self._memory[name].copy_(value)
        else:
            self.parameters, self._memory = after, memory

    def capped(self, scales: Tensor) -> Tensor:
        """Where an averaging weight is above its ceiling; bool, shape of ``scales``, which is [steps, rows]."""
        over = torch.zeros_like(scales, dtype=torch.bool)
        for weight in self._rule.weights(scales.unsqueeze(-1), self._numbers):
            over |= (weight > self._numbers[CEILING]).squeeze(-1)
        return over

    def state(self) -> dict[str, Tensor]:
        """The rule's memory by name, shape [rows, parameters] each, and the parameters."""
        return {"parameters": self.parameters, **self._memory}
