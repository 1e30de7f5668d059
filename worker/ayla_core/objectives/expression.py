"""Objectives written as expressions of named variables."""

from dataclasses import dataclass

import torch
from ayla_spec.expression import parse
from ayla_spec.problems import ExpressionProblem
from torch import Tensor

from ayla_core.layout import Layout, padded
from ayla_core.objectives.base import Samples
from ayla_core.objectives.program import Program


class ExpressionObjective:
    """One expression, each trial at a point of its own.

    Args:
        problem: expression and start point.
        trials: how many trials there are; the rows are padded (see ``layout.padded``).
        layout: type and device.
    """

    samples: Samples | None = None

    def __init__(self, problem: ExpressionProblem, trials: int, layout: Layout) -> None:
        self.parameter_names = tuple(problem.start)
        expression = parse(problem.expression, problem.start)
        self._program = Program(expression, self.parameter_names, layout)
        self._start = layout.vector(problem.start.values())
        self._rows = padded(trials)

    def initial_parameters(self) -> Tensor:
        """The problem's start point in every row, shape [rows, variables]."""
        return self._start.repeat(self._rows, 1)

    def evaluate(self, parameters: Tensor) -> "_Evaluation":
        """The expression and its gradient at each row of ``parameters``, shape [rows, variables]."""
        columns = parameters.detach().t().contiguous().unbind(0)
        for column in columns:
            column.requires_grad_()
        with torch.enable_grad():
            value = self._program(columns)
            total = value.sum()
        return _Evaluation(value.detach(), total, columns)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    loss: Tensor
    total: Tensor
    columns: tuple[Tensor, ...]
    magnitude: Tensor | None = None

    def gradients(self, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """∇l twice: an expression has no samples to weight."""
        del weights
        # Rows are independent, so the gradient of their sum holds the gradient of each; PyTorch checks the shapes of
        # explicit output gradients in Python, which takes longer than the whole step.
        slopes = torch.autograd.grad(self.total, self.columns, allow_unused=True, materialize_grads=True)
        gradient = torch.stack(slopes, dim=1) if len(slopes) > 1 else slopes[0].unsqueeze(1)
        return gradient, gradient
