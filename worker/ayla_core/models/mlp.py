"""A fully connected network with ReLU between its layers."""

import itertools
import math

import numpy as np
import numpy.typing as npt
import torch
from ayla_spec.problems import MlpModel
from torch import Tensor


class Mlp:
    """Layers h ← relu(h W + b), the last one without relu and one wide.

    Parameters lie flat in the order W1, b1, W2, b2, ..., each matrix of shape [inputs, outputs] by rows.

    Args:
        model: widths and scale of the initial weights.

    Raises:
        ValueError: unless the last layer is one wide.
    """

    def __init__(self, model: MlpModel) -> None:
        if model.layers[-1] != 1:
            raise ValueError(f"A regression predicts one number, so the last layer is 1 wide, not {model.layers[-1]}.")
        self._scale = model.weight_scale
        self._shapes = [shape for pair in itertools.pairwise(model.layers) for shape in (pair, pair[1:])]
        self._sizes = [math.prod(shape) for shape in self._shapes]

    def draw_parameters(self, generator: np.random.RandomState) -> npt.NDArray[np.float64]:
        """Weights N(0, 1)·weight_scale, drawn layer by layer; biases 0 and not drawn. Shape [parameters]."""
        parts = [
            generator.randn(size) * self._scale if len(shape) == 2 else np.zeros(size)
            for shape, size in zip(self._shapes, self._sizes, strict=True)
        ]
        return np.concatenate(parts)

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """W1 [trials, inputs, outputs], b1 [trials, outputs], W2, b2, ... as views."""
        parts = torch.split(parameters, self._sizes, dim=1)
        return tuple(part.view(-1, *shape) for part, shape in zip(parts, self._shapes, strict=True))

    def predict(self, weights: tuple[Tensor, ...], inputs: Tensor) -> Tensor:
        """The network's output, shape [trials, samples]."""
        values = inputs.expand(len(weights[0]), *inputs.shape)
        for matrix, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            values = torch.baddbmm(bias.unsqueeze(1), values, matrix).relu()
        return torch.baddbmm(weights[-1].unsqueeze(1), values, weights[-2]).squeeze(-1)
