"""What a model is. To add one: a class with these methods, and its choice in ``objectives.regression``."""

from typing import Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor


class Model(Protocol):
    """A function from samples to predictions, for every trial at once."""

    def draw_parameters(self, generator: np.random.RandomState) -> npt.NDArray[np.float64]:
        """Initial parameters of one trial as one flat vector, shape [parameters]."""

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """Views of a matrix [trials, parameters] as the model's weights, in the order they lie there."""

    def predict(self, weights: tuple[Tensor, ...], inputs: Tensor) -> Tensor:
        """Predictions for the inputs [samples, features] with the weights of ``split``; shape [trials, samples]."""
