"""Interface of the objectives: functions of the parameters of every trial at once, with their gradient.

To add one: a class with the methods of ``Objective``, and a case in ``steppers.choose_stepper``. Where the loss is a
mean over samples it also has ``samples``, and then AYLA can transform each sample.
"""

from collections.abc import Collection
from typing import Protocol

import numpy as np
import numpy.typing as npt
from ayla_spec.metrics import Part
from torch import Tensor

Floats = npt.NDArray[np.float64]


class Evaluation(Protocol):
    """The objective at one point of each trial. ``gradients`` may be called once."""

    @property
    def loss(self) -> Tensor:
        """The plain loss l, shape [rows]."""

    @property
    def magnitude(self) -> Tensor | None:
        """Magnitude of each sample for eq. 1, such as |ŷ - y|, shape [rows, samples]; None without samples."""

    def gradients(self, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """The gradient of the loss ∇l, and of the loss whose samples are weighted; shape [rows, parameters] each.

        Args:
            weights: a constant factor of each sample's loss, shape [rows, samples]. None: all 1, and the second
                gradient is the first.
        """


class SampleLoss(Protocol):
    """The samples behind a loss that is a mean over them."""

    def mean_loss(self, magnitude: Tensor) -> Tensor:
        """The loss if the samples had these magnitudes, shape [rows, samples] to [rows]."""


class Objective(Protocol):
    """A function to minimize. A batch may have more rows than trials: those at the end only fill it up."""

    @property
    def samples(self) -> SampleLoss | None:
        """The samples the loss is a mean over; None where it is not."""

    def initial_parameters(self) -> Tensor:
        """A fresh matrix of start points, shape [rows, parameters]."""

    def batch(self, step: int) -> Tensor | None:
        """Samples or noise of a step, as ``evaluate`` takes them; None where every step is the same."""

    def evaluate(self, parameters: Tensor, batch: Tensor | None, *, counts: bool = True) -> Evaluation:
        """Loss and gradient at ``parameters``, shape [rows, parameters], on a batch or with its noise.

        Makes the same operations on the same tensors for every batch of one size, and never waits for the device.

        Args:
            parameters: of every row.
            batch: as ``batch`` gave it.
            counts: whether the samples count towards the next ``metrics``: where an update follows.
        """

    def predictions(self, parameters: Tensor) -> list[dict[str, Floats]] | None:
        """Columns of what each trial's model predicts; None where there is no model or not one input and output."""

    def metrics(self, parameters: Tensor, parts: Collection[Part]) -> dict[str, Floats]:
        """Metrics of the models since the last call, shape [rows] each; empty where there are no models.

        Args:
            parameters: of every row.
            parts: of the data, on which the models are evaluated.
        """

    def state(self) -> dict[str, Tensor]:
        """Every tensor that changes from step to step; writing into one restores it."""
