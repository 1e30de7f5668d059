"""Fitting a model to samples by the mean squared error, full batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ayla_spec.problems import DatasetProblem
from torch import Tensor

from ayla_core.datasets.curve import draw_curve
from ayla_core.layout import Layout
from ayla_core.models.base import Model
from ayla_core.models.mlp import Mlp
from ayla_core.objectives.base import Floats


class RegressionObjective:
    """Mean of r² over the samples, r = ŷ - y; each trial has data and initial weights from its own seed.

    One generator per seed draws the data first and then the weights (AYLA.md section 4).

    Args:
        problem: dataset, model and loss.
        seeds: one per trial.
        layout: type and device.
    """

    parameter_names: tuple[str, ...] = ()

    def __init__(self, problem: DatasetProblem, seeds: Sequence[int], layout: Layout) -> None:
        self._model: Model = Mlp(problem.model)
        distinct, places = np.unique(np.array(seeds, dtype=np.uint32), return_inverse=True)
        weights, targets = [], []
        for seed in distinct:
            generator = np.random.RandomState(int(seed))
            curve = draw_curve(problem.dataset, generator)
            targets.append(curve.target)
            weights.append(self._model.draw_parameters(generator))
        self._x, self._truth = curve.x, curve.truth
        self._target = np.stack(targets)[places]
        self._initial = _tensor(np.stack(weights)[places], layout)
        self._inputs = _tensor(curve.x, layout).unsqueeze(1)
        self._targets = _tensor(self._target, layout)

    @property
    def samples(self) -> "RegressionObjective":
        """Itself: the loss is a mean over samples."""
        return self

    def initial_parameters(self) -> Tensor:
        """The initial weights and biases of each trial, shape [trials, parameters]."""
        return self._initial.clone()

    def evaluate(self, parameters: Tensor) -> "_Evaluation":
        """The mean squared error and its gradient at each row of ``parameters``, shape [trials, parameters]."""
        weights = self._model.split(parameters.detach())
        for weight in weights:
            weight.requires_grad_()
        with torch.enable_grad():
            prediction = self._model.predict(weights, self._inputs)
        residual = prediction.detach() - self._targets
        return _Evaluation(self.mean_loss(residual), residual, prediction, weights)

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """Mean of the squares, shape [trials, samples] to [trials]."""
        return magnitude.square().mean(1)

    def predictions(self, parameters: Tensor) -> Tensor:
        """ŷ for each sample, shape [trials, samples]."""
        return self._model.predict(self._model.split(parameters), self._inputs)

    def columns(self, row: int) -> dict[str, Floats]:
        """x, the noisy target and the true curve of a trial's samples, shape [samples] each."""
        return {"x": self._x, "target": self._target[row], "truth": self._truth}


@dataclass(frozen=True, slots=True)
class _Evaluation:
    loss: Tensor
    residual: Tensor
    prediction: Tensor
    weights: tuple[Tensor, ...]

    @property
    def magnitude(self) -> Tensor:
        """|ŷ - y|, shape [trials, samples]."""
        return self.residual.abs()

    def gradients(self, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """∇ mean(r²) and ∇ mean(c r²) with c = ``weights`` held constant, shape [trials, parameters] each."""
        # d mean(r²) / dŷ
        slope = self.residual * (2 / self.residual.shape[1])
        plain = self._backward(slope, keep=weights is not None)
        return plain, plain if weights is None else self._backward(slope * weights, keep=False)

    def _backward(self, slope: Tensor, *, keep: bool) -> Tensor:
        with torch.enable_grad():
            total = (self.prediction * slope).sum()
        parts = torch.autograd.grad(total, self.weights, retain_graph=keep)
        return torch.cat([part.flatten(1) for part in parts], dim=1)


def _tensor(values: Floats, layout: Layout) -> Tensor:
    return torch.tensor(values, dtype=layout.dtype, device=layout.device)
