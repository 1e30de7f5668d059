"""Drives an update rule by itself, as the engine does, over rows of one optimizer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from ayla_core.optimizers import Numbers, Rule, arrays, rule_of
from ayla_core.optimizers.schedules import factors
from ayla_spec.optimizers import Optimizer, WithWeightDecay
from torch import Tensor


def column(values: Sequence[float]) -> Tensor:
    """One number for each row, shape [rows, 1]."""
    return torch.tensor(list(values), dtype=torch.float64).unsqueeze(1)


def seen(settings: Sequence[Optimizer], x: Tensor, slope: Tensor) -> Tensor:
    """The gradient the optimizers see: clipped by PyTorch's own functions, weight decay added."""
    rows = [_clipped(row, u) for row, u in zip(settings, slope, strict=True)]
    decay = column([row.weight_decay if isinstance(row, WithWeightDecay) else 0.0 for row in settings])
    return torch.stack(rows) + decay * x


def _clipped(settings: Optimizer, slope: Tensor) -> Tensor:
    holder = torch.zeros_like(slope)
    holder.grad = slope.clone()
    if settings.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_([holder], settings.clip_norm)
    if settings.clip_value is not None:
        torch.nn.utils.clip_grad_value_([holder], settings.clip_value)
    return holder.grad


@dataclass
class Driver:
    """RowSeeds of one rule with settings of their own.

    Attributes:
        settings: one per row.
        x: parameters, shape [rows, P]; replaced by each step.
        budget: updates of the whole trial.
        memory: of the rule.
        t: updates made.
    """

    settings: Sequence[Optimizer]
    x: Tensor
    budget: int = 1000
    memory: dict[str, Tensor] = field(default_factory=dict)
    t: int = 0

    def __post_init__(self) -> None:
        initial = [self.rule.initial(row) for row in self.settings]
        for name in self.rule.memory:
            start = column([row.get(name, 0.0) for row in initial])
            self.memory[name] = start.expand_as(self.x).clone()

    @property
    def rule(self) -> Rule:
        """The rule of every row."""
        (rule,) = {rule.name: rule for rule in map(rule_of, self.settings)}.values()
        return rule

    def step(self, slope: Tensor, v: Sequence[float]) -> None:
        """One update of every row, given its ∇l and its scale."""
        self.t += 1
        gradient = seen(self.settings, self.x, slope)
        self.x, self.memory = self.rule.update(self.x, gradient, column(v), self.memory, self._numbers())

    def _numbers(self) -> Numbers:
        rows = [self._row(settings) for settings in self.settings]
        return {name: column([row[name] for row in rows]) for name in rows[0]}

    def _row(self, settings: Optimizer) -> dict[str, float]:
        t = np.array([float(self.t)])
        step_numbers = {name: float(values[0]) for name, values in self.rule.step_numbers(settings, t, arrays).items()}
        lr = settings.learning_rate * float(factors(settings, t, self.budget)[0])
        return {"lr": lr, **self.rule.numbers(settings), **step_numbers}
