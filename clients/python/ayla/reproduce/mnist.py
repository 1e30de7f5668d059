"""The paper's MNIST experiments: test accuracy by epoch of each arm on each seed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ayla.reproduce.intervals import MedianInterval, median_interval


class Arm(StrEnum):
    """What is compared: the optimizer alone, and AYLA with its exponents in either order."""

    PLAIN = "plain"
    WRITTEN = "written"
    REVERSED = "reversed"

    @classmethod
    def of(cls, optimizer: Mapping[str, Any]) -> Arm:
        """The arm of an optimizer's settings."""
        settings = optimizer.get("ayla")
        if not settings:
            return cls.PLAIN
        return cls.WRITTEN if settings["n1"] > settings["n2"] else cls.REVERSED


ORDERS = {Arm.WRITTEN: "N1 = 1.5, N2 = 1", Arm.REVERSED: "N1 = 1, N2 = 1.5"}
"""Both orders of the exponents: as the paper's text has them, and as an earlier description names them."""

LOSSES = {"cross-entropy": "cross-entropy", "mse-softmax": "MSE of the softmax"}


@dataclass(frozen=True, slots=True)
class Curve:
    """Test accuracy by epoch.

    Attributes:
        accuracies: after each epoch, from the first on.
    """

    accuracies: tuple[float, ...]

    def at(self, epoch: int) -> float:
        """The accuracy after an epoch; NaN beyond the last."""
        return self.accuracies[epoch - 1] if 0 < epoch <= len(self.accuracies) else math.nan

    def first(self, accuracy: float) -> int | None:
        """The first epoch with at least this accuracy; None if there is none."""
        return next((epoch for epoch, value in enumerate(self.accuracies, 1) if value >= accuracy), None)

    @property
    def epochs(self) -> int:
        """How many there are."""
        return len(self.accuracies)


@dataclass(frozen=True, slots=True)
class SeededCurves:
    """The curves of one setting.

    Attributes:
        label: of the setting.
        by_seed: its curve on each seed.
        training_loss: median of the loss on the whole training part after the last step.
        notes: the service's on its trials.
    """

    label: str
    by_seed: Mapping[int, Curve]
    training_loss: float
    notes: tuple[str, ...] = ()

    @property
    def median(self) -> Curve:
        """The median over the seeds at each epoch."""
        return Curve(self._over_seeds(statistics.median))

    def interval(self, epoch: int) -> MedianInterval:
        """The median after an epoch with its interval."""
        return median_interval([curve.at(epoch) for curve in self.by_seed.values()])

    def band(self) -> list[MedianInterval]:
        """The interval after each epoch."""
        return [self.interval(epoch) for epoch in range(1, self.median.epochs + 1)]

    def _over_seeds(self, reduce: Callable[[Sequence[float]], float]) -> tuple[float, ...]:
        return tuple(
            reduce(values) for values in zip(*(curve.accuracies for curve in self.by_seed.values()), strict=False)
        )


@dataclass(frozen=True, slots=True)
class MnistExperiment:
    """One optimizer at one of the paper's learning rates, with one loss.

    Attributes:
        preset: "mnist-sgd" or "mnist-adam".
        rate: the learning rate.
        loss: "cross-entropy" or "mse-softmax".
        paper_epochs: how long the paper's figure is.
        arms: their curves.
        job_id: of the job that ran them.
    """

    preset: str
    rate: float
    loss: str
    paper_epochs: int
    arms: Mapping[Arm, SeededCurves]
    job_id: str

    @property
    def base(self) -> str:
        """Name of the optimizer."""
        return "SGD" if self.preset == "mnist-sgd" else "Adam"

    @property
    def figure(self) -> str:
        """Of the paper."""
        return "Fig. 11" if self.preset == "mnist-sgd" else "Fig. 12"

    @property
    def title(self) -> str:
        """Optimizer, rate and loss."""
        return f"{self.base}, learning rate {self.rate:g}, {LOSSES[self.loss]}"

    def reading(self, arm: Arm) -> str:
        """Loss and order of the exponents."""
        return f"{LOSSES[self.loss]} with {ORDERS[arm]}"

    def is_plain(self, arm: Arm) -> bool:
        """Whether AYLA with these exponents is the optimizer alone: to the last bit on every seed."""
        plain, other = self.arms[Arm.PLAIN], self.arms[arm]
        return arm is not Arm.PLAIN and (plain.by_seed, plain.training_loss) == (other.by_seed, other.training_loss)

    def why_plain(self, arm: Arm) -> str:
        """Why it is."""
        side = "above" if arm is Arm.REVERSED else "below"
        return f"The loss is never {side} 1, so AYLA is {self.base} here."

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that every arm ran on."""
        return tuple(self.arms[Arm.PLAIN].by_seed)

    @property
    def epochs(self) -> int:
        """How many were run."""
        return self.arms[Arm.PLAIN].median.epochs


@dataclass(frozen=True, slots=True)
class MnistRates:
    """The optimizer without AYLA at other learning rates.

    Attributes:
        preset: "mnist-sgd" or "mnist-adam".
        loss: "cross-entropy" or "mse-softmax".
        curves: by learning rate.
        job_id: of the job that ran them.
    """

    preset: str
    loss: str
    curves: Mapping[float, SeededCurves]
    job_id: str

    @property
    def best_rate(self) -> float:
        """That with the lowest loss on the training part; the test part, which decides the claims, has no say."""
        return min(
            self.curves, key=lambda rate: (math.isnan(self.curves[rate].training_loss), self.curves[rate].training_loss)
        )

    @property
    def best(self) -> SeededCurves:
        """The curves at the best rate."""
        return self.curves[self.best_rate]

    @property
    def label(self) -> str:
        """The optimizer at its best rate, with its loss."""
        return f"{self.best.label}, {LOSSES[self.loss]}"
