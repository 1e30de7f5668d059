"""Interface of the steppers, which make the steps of a batch: several ways to compute the same."""

from collections.abc import Collection
from typing import Protocol

from ayla_spec.metrics import Part
from torch import Tensor

from ayla_core.recorded_steps import RecordedSteps
from ayla_core.trial_statistics import Floats, Integers, TrialStatistics


class Stepper(Protocol):
    """The parameters and the memory of a batch of trials, and how they move."""

    @property
    def lanes(self) -> int:
        """Rows of the batch: one for each trial, and some that fill it up."""

    @property
    def places(self) -> Integers:
        """The lane of each trial, in the order the trials were given."""

    @property
    def row_places(self) -> Integers:
        """Place of each trial in ``RecordedSteps.values``."""

    @property
    def numbers_per_step(self) -> int:
        """About how many numbers one step keeps in memory until its block ends."""

    def advance(self, first: int, updates: int, statistics: TrialStatistics, *, last: bool) -> RecordedSteps:
        """Make updates and count them.

        Args:
            first: step to begin with, counted from 0.
            updates: how many.
            statistics: of the batch, by lane; changed in place.
            last: whether the step after the last update is evaluated too.
        """

    def state(self) -> dict[str, Tensor]:
        """Every tensor that changes, by name; writing into one changes the batch."""

    def predictions(self) -> list[dict[str, Floats]] | None:
        """Columns of what each trial's model predicts now, in the order the trials were given; None without models."""

    def metrics(self, parts: Collection[Part]) -> dict[str, Floats]:
        """Metrics of the models since the last call, shape [trials] each; empty where there are no models.

        Args:
            parts: of the data, on which the models are evaluated as they are now.
        """
