"""Layers by their shapes, where their parameters lie in a trial's flat vector, and the activations between them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from ayla_spec.networks import Activation
from torch import Tensor
from torch.nn import functional

Floats = npt.NDArray[np.float64]

ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "sigmoid": torch.sigmoid,
}
"""By name; gelu is x·Φ(x) with the normal distribution Φ itself, not an approximation of it."""

KERNEL = 3
"""Side of a convolution's filters, in pixels."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with one weight array and one bias per output.

    Attributes:
        weight: shape of the weights.
        biases: number of biases.
        fan_in: weights that meet in one output.
        fan_out: weights that one input meets.
    """

    weight: tuple[int, ...]
    biases: int
    fan_in: int
    fan_out: int

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int]]:
        """Of weights and biases."""
        return self.weight, (self.biases,)


def dense(inputs: int, outputs: int) -> Layer:
    """A fully connected layer with weights [inputs, outputs]."""
    return Layer((inputs, outputs), outputs, inputs, outputs)


def convolution(channels: int, filters: int) -> Layer:
    """A convolution with weights [filters, channels, 3, 3]."""
    area = KERNEL * KERNEL
    return Layer((filters, channels, KERNEL, KERNEL), filters, channels * area, filters * area)


def split(layers: Sequence[Layer], parameters: Tensor) -> tuple[Tensor, ...]:
    """Views of a matrix [rows, parameters] as W1, b1, W2, b2, ..., each with the rows in front."""
    shapes = [shape for layer in layers for shape in layer.shapes]
    parts = torch.split(parameters, [math.prod(shape) for shape in shapes], dim=1)
    return tuple(part.view(-1, *shape) for part, shape in zip(parts, shapes, strict=True))
