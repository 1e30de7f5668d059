"""What all references share: plain Python floats, one trial, the formulas as they are written down."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from ayla_spec.optimizers import Optimizer

from ayla_core.optimizers.gradient_reference import seen_gradient
from ayla_core.optimizers.schedules_reference import learning_rate

S = TypeVar("S", bound=Optimizer)


class Reference(ABC, Generic[S]):
    """One trial of one optimizer, to check the fast rule against. Slow, and written without looking at that rule.

    Args:
        settings: of the trial.
        parameters: how many there are.
        budget: updates of the whole trial, for schedules that end with it.

    Attributes:
        settings: of the trial.
        t: updates made so far; while one is made its number, from 1.
    """

    def __init__(self, settings: S, parameters: int, budget: int | None = None) -> None:
        self.settings = settings
        self.t = 0
        self._budget = budget
        self._cap = settings.ayla is not None and settings.ayla.cap_weights
        self.start(parameters)

    def update(self, x: list[float], slope: list[float], v: float) -> list[float]:
        """The next parameters, given ∇l and v. Clips ∇l and adds weight decay as the settings say."""
        self.t += 1
        lr = learning_rate(self.settings, self.t, self._budget)
        gradient = seen_gradient(self.settings, x, slope)
        return [self.move(i, x_i, u_i, v, lr) for i, (x_i, u_i) in enumerate(zip(x, gradient, strict=True))]

    def weight(self, literal: float) -> float:
        """An averaging weight as it is used: cut to 1 where the settings have AYLA with ``cap_weights``."""
        return min(literal, 1.0) if self._cap else literal

    @abstractmethod
    def start(self, parameters: int) -> None:
        """Set up what is remembered for each parameter."""

    @abstractmethod
    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """The next value of parameter i, given the gradient u the optimizer sees."""


def mix(old: float, new: float, weight: float) -> float:
    """A moving average after one more value."""
    return (1 - weight) * old + weight * new
