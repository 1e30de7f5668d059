"""Objectives written as expressions of named variables, computed with PyTorch."""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from ayla_spec.metrics import Part
from torch import Tensor

from ayla_core.layout import Layout, padded
from ayla_core.objectives.base import SampleLoss
from ayla_core.program import ObjectiveProgram, TensorProgram
from ayla_core.trial_statistics import Floats


@dataclass(frozen=True, slots=True)
class StartPoint:
    """Start point of every trial of an expression.

    Attributes:
        names: of the variables, one number each; those of a vector are x[0], x[1], ...
        values: their start values.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]


class ExpressionObjective:
    """One expression, each trial at a point of its own.

    Args:
        program: value and gradient of the expression.
        start: where every trial begins.
        trials: how many trials there are; the rows are padded (see ``layout.padded``).
        layout: type and device.
    """

    samples: SampleLoss | None = None

    def __init__(self, program: ObjectiveProgram, start: StartPoint, trials: int, layout: Layout) -> None:
        self._program = TensorProgram(program.graph, program.inputs, program.results, layout)
        self._start = layout.vector(start.values)
        self._rows = padded(trials)

    def initial_parameters(self) -> Tensor:
        """The problem's start point in every row, shape [rows, variables]."""
        return self._start.repeat(self._rows, 1)

    def batch(self, step: int) -> None:
        """None: every step is the same."""

    def evaluate(self, parameters: Tensor, batch: Tensor | None, *, counts: bool = True) -> "_ExpressionEvaluation":
        """The expression and its gradient at each row of ``parameters``, shape [rows, variables]."""
        del batch, counts
        columns = parameters.t().contiguous().unbind(0)
        loss, *slopes = self._program(columns)
        rows = loss.expand(len(parameters)) if loss.ndim == 0 else loss
        # An expression that is a variable alone must not share its memory.
        rows = rows.clone() if any(rows is column for column in columns) else rows
        return _ExpressionEvaluation(rows, torch.stack([slope.expand_as(rows) for slope in slopes], dim=1))

    def predictions(self, parameters: Tensor) -> None:
        """None: an expression has no model."""
        del parameters

    def metrics(self, parameters: Tensor, parts: Collection[Part]) -> dict[str, Floats]:
        """Nothing: an expression has no dataset."""
        del parameters, parts
        return {}

    def state(self) -> dict[str, Tensor]:
        """Nothing: an expression remembers nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class _ExpressionEvaluation:
    loss: Tensor
    gradient: Tensor
    magnitude: Tensor | None = None

    def gradients(self, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """∇l twice: an expression has no samples to weight."""
        del weights
        return self.gradient, self.gradient
