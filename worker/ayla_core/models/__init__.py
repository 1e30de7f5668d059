"""Models: functions of an input with parameters to fit, each trial with its own.

To add one: a class with the methods of ``BatchedModel``, and its choice in ``build_model``.
"""

from collections.abc import Sequence
from typing import Protocol, assert_never

import numpy as np
from ayla_spec.networks import AnyModel, CnnModel, LinearModel, MlpModel
from torch import Tensor

from ayla_core.models.cnn import Cnn
from ayla_core.models.layers import Floats
from ayla_core.models.mlp import Mlp

__all__ = ["BatchedModel", "Cnn", "Mlp", "build_model"]


class BatchedModel(Protocol):
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


def build_model(settings: AnyModel, shape: Sequence[int], outputs: int) -> BatchedModel:
    """The model of some settings, as wide as the data ask.

    Args:
        settings: a model of the job spec.
        shape: of one sample's inputs, such as (28, 28) or (10,).
        outputs: numbers it answers for one sample.

    Raises:
        ayla_core.datasets.DatasetError: when the model cannot take inputs of this shape.
    """
    match settings:
        case CnnModel():
            return Cnn(settings, shape, outputs)
        case MlpModel():
            return Mlp(shape, settings.hidden, outputs, settings.activation, settings.initialization)
        case LinearModel():
            return Mlp(shape, [], outputs, "relu", settings.initialization)
        case _:
            assert_never(settings)
