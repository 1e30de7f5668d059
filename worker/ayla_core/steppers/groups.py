"""The trials of one update rule, which stand together in the parameter matrix."""

from collections.abc import Mapping

import torch
from ayla_torch.rules import CEILING
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.optimizers import Rule
from ayla_core.optimizers.arrays import Floats
from ayla_core.optimizers.gradients import GradientSettings, Preparation
from ayla_core.steppers.step_numbers import SCHEDULE, StepNumbers


class RuleGroup:
    """Rows that share a rule, each with numbers of its own.

    Args:
        rule: the formula.
        learning_rate: of each row.
        numbers: those that the rule takes and that never change, by name; of each row.
        initial: its memory before the first update, where that is not 0; of each row.
        gradients: what is done to the gradient of each row.
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
        self,
        rule: Rule,
        *,
        learning_rate: Floats,
        numbers: Mapping[str, Floats],
        initial: Mapping[str, Floats],
        gradients: GradientSettings,
        where: slice,
        parameters: Tensor,
        layout: Layout,
    ) -> None:
        self.where = where
        self.in_place = False
        self.parameters = parameters.clone()
        self._rule = rule
        self._layout = layout
        self._learning_rate = layout.column(learning_rate)
        self._numbers = {name: layout.column(values) for name, values in numbers.items()}
        self._memory = {
            name: layout.column(initial[name]).repeat(1, parameters.shape[1])
            if name in initial
            else torch.zeros_like(parameters)
            for name in rule.memory
        }
        self._preparation = Preparation.of(gradients, layout)
        self._names: tuple[str, ...] = ()
        self.step_numbers = parameters.new_empty(0)

    def prepare(self, step_numbers: StepNumbers, table: Tensor) -> None:
        """Take the numbers of the coming updates from a table of shape [updates, columns]."""
        variant = step_numbers.variant[:, self.where].astype("int64")
        self._names = step_numbers.names
        rows = table.index_select(1, torch.from_numpy(variant.ravel()).to(table.device))
        self.step_numbers = rows.view(len(table), *variant.shape, 1)

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
