"""Initial parameters of a model. All draws come from one legacy NumPy generator, layer by layer."""

import math
from collections.abc import Callable, Sequence
from typing import assert_never

import numpy as np
from ayla_spec.networks import (
    AnyInitialization,
    HeInitialization,
    NormalInitialization,
    TorchInitialization,
    XavierInitialization,
)

from ayla_core.models.layers import Floats, Layer

_Draw = Callable[[np.random.RandomState, int], Floats]


def draw_layers(layers: Sequence[Layer], initialization: AnyInitialization, generator: np.random.RandomState) -> Floats:
    """Weights and biases of one trial, flat in the order W1, b1, W2, b2, ...; shape [parameters].

    Biases are 0 and not drawn, except those of ``torch``, which are drawn right after the weights of their layer.
    """
    return np.concatenate([part for layer in layers for part in _layer(layer, initialization, generator)])


def _layer(layer: Layer, initialization: AnyInitialization, generator: np.random.RandomState) -> tuple[Floats, Floats]:
    draw = _distribution(layer, initialization)
    weights = draw(generator, math.prod(layer.weight))
    if isinstance(initialization, TorchInitialization):
        return weights, draw(generator, layer.biases)
    return weights, np.zeros(layer.biases)


def _distribution(layer: Layer, initialization: AnyInitialization) -> _Draw:
    match initialization:
        case NormalInitialization():
            return _normal(initialization.std)
        case HeInitialization():
            return _normal(math.sqrt(2 / layer.fan_in))
        case TorchInitialization():
            return _uniform(1 / math.sqrt(layer.fan_in))
        case XavierInitialization():
            return _uniform(math.sqrt(6 / (layer.fan_in + layer.fan_out)))
        case _:
            assert_never(initialization)


def _normal(deviation: float) -> _Draw:
    return lambda generator, size: generator.randn(size) * deviation


def _uniform(bound: float) -> _Draw:
    return lambda generator, size: generator.uniform(-bound, bound, size)
