"""Losses of a model's outputs against their targets, for every trial at once.

Outputs have shape [rows, samples, outputs]. Targets are numbers [rows or 1, samples, outputs] or class labels
[rows or 1, samples]; a 1 stands for targets that all rows share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from ayla_spec.networks import Loss as LossName
from ayla_spec.networks import usual_loss
from torch import Tensor

from ayla_core.datasets.errors import DatasetError


class LossEvaluation(Protocol):
    """Outputs of every trial held against the targets."""

    @property
    def loss(self) -> Tensor:
        """The mean over the elements, shape [rows]."""

    @property
    def magnitude(self) -> Tensor:
        """Magnitude of each element, which ``transform_on: sample`` transforms; shape [rows, elements]."""

    def slope(self, weights: Tensor | None) -> Tensor:
        """Derivative of mean(weights·loss of the element) with respect to the outputs, of their shape.

        Args:
            weights: held constant, shape [rows, elements]; None is 1 everywhere.
        """


class Loss(Protocol):
    """A mean over elements: the samples, or every output of every sample."""

    def compare(self, outputs: Tensor, targets: Tensor) -> LossEvaluation:
        """Hold outputs against targets."""

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """The loss if the elements had these magnitudes, shape [rows, elements] to [rows]."""


class SquaredError:
    """Mean of r² over samples and outputs, r = output - target; the magnitude is |r|."""

    def compare(self, outputs: Tensor, targets: Tensor) -> LossEvaluation:
        """Hold outputs against numbers."""
        residual = outputs - targets
        return _Residuals(residual, self.mean_loss(residual.flatten(1)), _square_slope)

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """Mean of the squares."""
        return magnitude.square().mean(1)


class Huber:
    """Mean over samples and outputs of r²/2 where |r| <= 1, else |r| - 1/2; the magnitude is |r|."""

    def compare(self, outputs: Tensor, targets: Tensor) -> LossEvaluation:
        """Hold outputs against numbers."""
        residual = outputs - targets
        return _Residuals(residual, self.mean_loss(residual.flatten(1).abs()), _huber_slope)

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """Mean of the Huber function with delta 1."""
        return torch.where(magnitude <= 1, magnitude.square() / 2, magnitude - 0.5).mean(1)


class SquaredSoftmaxError:
    """Mean of (p - y)² over samples and classes, p the softmax of the outputs, y 1 for the class; magnitude |p - y|."""

    def compare(self, outputs: Tensor, targets: Tensor) -> LossEvaluation:
        """Hold outputs against labels."""
        probability = outputs.softmax(-1)
        residual = _less_one_hot(probability, targets)
        loss = self.mean_loss(residual.flatten(1))
        return _SoftmaxResiduals(probability, _Residuals(residual, loss, _square_slope))

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """Mean of the squares."""
        return magnitude.square().mean(1)


class CrossEntropy:
    """Mean over samples of -log p, p the softmax's value for the class; the magnitude is -log p itself."""

    def compare(self, outputs: Tensor, targets: Tensor) -> LossEvaluation:
        """Hold outputs against labels."""
        logarithm = outputs.log_softmax(-1)
        surprise = -logarithm.gather(-1, _places(targets, logarithm)).squeeze(-1)
        return _LogProbabilities(logarithm, targets, surprise, self.mean_loss(surprise))

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """Mean of the magnitudes."""
        return magnitude.mean(1)


@dataclass(frozen=True, slots=True)
class _Residuals:
    residual: Tensor
    loss: Tensor
    derivative: Callable[[Tensor, float], Tensor]

    @property
    def magnitude(self) -> Tensor:
        return self.residual.flatten(1).abs()

    def slope(self, weights: Tensor | None) -> Tensor:
        slope = self.derivative(self.residual, 1 / self.residual[0].numel())
        return slope if weights is None else slope * weights.view_as(slope)


@dataclass(frozen=True, slots=True)
class _SoftmaxResiduals:
    probability: Tensor
    residuals: _Residuals

    @property
    def loss(self) -> Tensor:
        return self.residuals.loss

    @property
    def magnitude(self) -> Tensor:
        return self.residuals.magnitude

    def slope(self, weights: Tensor | None) -> Tensor:
        inner = self.probability * self.residuals.slope(weights)
        return inner - self.probability * inner.sum(-1, keepdim=True)


@dataclass(frozen=True, slots=True)
class _LogProbabilities:
    logarithm: Tensor
    targets: Tensor
    magnitude: Tensor
    loss: Tensor

    def slope(self, weights: Tensor | None) -> Tensor:
        slope = _less_one_hot(self.logarithm.exp(), self.targets) * (1 / self.magnitude.shape[1])
        return slope if weights is None else slope * weights.unsqueeze(-1)


def _square_slope(residual: Tensor, share: float) -> Tensor:
    return residual * (2 * share)


def _huber_slope(residual: Tensor, share: float) -> Tensor:
    return residual.clamp(-1, 1) * share


def _places(labels: Tensor, outputs: Tensor) -> Tensor:
    """Index of each sample's class among the outputs, shape [rows, samples, 1]."""
    return labels.expand(outputs.shape[:-1]).unsqueeze(-1)


def _less_one_hot(probability: Tensor, labels: Tensor) -> Tensor:
    places = _places(labels, probability)
    return probability.scatter_add(-1, places, probability.new_full((), -1.0).expand(places.shape))


_FOR_NUMBERS: dict[LossName, Loss] = {"mse": SquaredError(), "huber": Huber()}
_FOR_CLASSES: dict[LossName, Loss] = {"cross-entropy": CrossEntropy(), "mse-softmax": SquaredSoftmaxError()}


def build_loss(name: LossName | None, *, has_classes: bool) -> Loss:
    """The loss of a problem.

    Args:
        name: as in the job spec; None is 'cross-entropy' for classes, else 'mse'.
        has_classes: whether the targets are class labels.

    Raises:
        DatasetError: when the loss is not for such targets.
    """
    losses = _FOR_CLASSES if has_classes else _FOR_NUMBERS
    chosen = losses.get(name or usual_loss(has_classes=has_classes))
    if chosen is None:
        kind = "classes" if has_classes else "numbers"
        fitting = " or ".join(f"'{other}'" for other in losses)
        raise DatasetError(
            f"problem.loss: '{name}' does not fit this dataset, whose targets are {kind}; use {fitting}."
        )
    return chosen
