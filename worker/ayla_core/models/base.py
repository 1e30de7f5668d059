"""What a model is. To add one: a class with these methods, and its choice in ``build_model``."""

from typing import Protocol

import numpy as np
from torch import Tensor

from ayla_core.models.layers import Floats


class Model(Protocol):
    """A function from samples to outputs, for every trial at once.

    A trial's parameters lie flat in the order W1, b1, W2, b2, ...; each matrix [inputs, outputs] and each filter bank
    [filters, channels, 3, 3] by rows.
    """

    @property
    def width(self) -> int:
        """The most numbers that one layer makes of one sample."""

    def draw_parameters(self, generator: np.random.RandomState) -> Floats:
        """Initial parameters of one trial as one flat vector, shape [parameters]."""

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """Views of a matrix [rows, parameters] as W1, b1, W2, b2, ..., each with the rows in front."""

    def predict(self, weights: tuple[Tensor, ...], inputs: Tensor) -> Tensor:
        """Outputs for samples with the weights of ``split``.

        Args:
            weights: of all rows.
            inputs: shape [rows, samples, features]; [1, samples, features] for samples that all rows share.

        Returns:
            Shape [rows, samples, outputs].
        """
