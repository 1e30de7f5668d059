"""A fully connected network; without hidden layers a linear model."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from ayla_spec.networks import Activation, Initialization
from torch import Tensor

from ayla_core.models.initialization import draw_layers
from ayla_core.models.layers import ACTIVATIONS, Floats, dense, split


class Mlp:
    """Layers h ← a(h W + b), the last one without the activation a.

    Args:
        shape: of one sample's inputs, which are taken as one row of numbers.
        hidden: widths of the hidden layers.
        outputs: width of the last layer.
        activation: of the hidden layers.
        initialization: where the parameters begin.
    """

    def __init__(
        self,
        shape: Sequence[int],
        hidden: Sequence[int],
        outputs: int,
        activation: Activation,
        initialization: Initialization,
    ) -> None:
        widths = [math.prod(shape), *hidden, outputs]
        self.layers = tuple(dense(*pair) for pair in itertools.pairwise(widths))
        self.width = max(widths)
        self._activate = ACTIVATIONS[activation]
        self._initialization = initialization

    def draw_parameters(self, generator: np.random.RandomState) -> Floats:
        """Initial parameters of one trial, shape [parameters]."""
        return draw_layers(self.layers, self._initialization, generator)

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """W1 [rows, inputs, outputs], b1 [rows, outputs], W2, b2, ... as views."""
        return split(self.layers, parameters)

    def predict(self, weights: tuple[Tensor, ...], inputs: Tensor) -> Tensor:
        """Outputs for inputs [rows or 1, samples, features], shape [rows, samples, outputs]."""
        values = inputs.expand(len(weights[0]), -1, -1)
        for matrix, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            values = self._activate(torch.baddbmm(bias.unsqueeze(1), values, matrix))
        return torch.baddbmm(weights[-1].unsqueeze(1), values, weights[-2])
