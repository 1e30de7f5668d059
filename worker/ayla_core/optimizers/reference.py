"""Base of the reference implementations: one trial in plain Python floats, the formulas as they are written down.

Also the learning rate of one update and the gradient that an optimizer sees, written the same way.
"""

import math
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from ayla_spec.optimizers import (
    ConstantSchedule,
    CosineSchedule,
    LinearSchedule,
    Optimizer,
    Schedule,
    StepSchedule,
    WithWeightDecay,
)

S = TypeVar("S", bound=Optimizer)

_NORM_OFFSET = 1e-6
"""Added to the norm by ``torch.nn.utils.clip_grad_norm_`` before it divides by it."""

_LONG = 2.0**512
"""The square of this norm is infinite."""


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


def learning_rate(settings: Optimizer, t: int, budget: int | None = None) -> float:
    """The learning rate of update t, which counts from 1.

    Args:
        settings: of the trial.
        t: update number.
        budget: updates of the whole trial; only for a schedule that ends with them.

    Raises:
        ValueError: where the schedule needs a budget and there is none.
    """
    schedule = settings.schedule
    if schedule is None:
        return settings.learning_rate
    if t <= schedule.warmup_steps:
        return settings.learning_rate * t / schedule.warmup_steps
    return settings.learning_rate * _factor(schedule, t - 1 - schedule.warmup_steps, budget)


def _factor(schedule: Schedule, k: int, budget: int | None) -> float:
    """The factor k updates after the end of the warm-up."""
    match schedule:
        case ConstantSchedule():
            return 1.0
        case StepSchedule():
            return math.pow(schedule.factor, k // schedule.every)
        case CosineSchedule():
            wave = (1 + math.cos(math.pi * _part(schedule, k, budget))) / 2
            return schedule.final_factor + (1 - schedule.final_factor) * wave
        case LinearSchedule():
            return 1 + (schedule.final_factor - 1) * _part(schedule, k, budget)


def _part(schedule: CosineSchedule | LinearSchedule, k: int, budget: int | None) -> float:
    """Fraction of the schedule that is over after k updates, 0 to 1."""
    if schedule.steps is not None:
        return min(k / schedule.steps, 1.0)
    if budget is None:
        raise ValueError("this schedule ends with the budget; say how many updates that is")
    return min(k / max(1, budget - schedule.warmup_steps), 1.0)


def seen_gradient(settings: Optimizer, x: list[float], slope: list[float]) -> list[float]:
    """∇l after clip_norm, then clip_value, then with the L2 penalty added."""
    gradient = slope
    if settings.clip_norm is not None:
        gradient = _norm_clipped(gradient, settings.clip_norm)
    if settings.clip_value is not None:
        gradient = [max(-settings.clip_value, min(settings.clip_value, u)) for u in gradient]
    penalty = settings.weight_decay if isinstance(settings, WithWeightDecay) else 0.0
    return [u + penalty * x_i for u, x_i in zip(gradient, x, strict=True)]


def _norm_clipped(gradient: list[float], longest: float) -> list[float]:
    norm = math.hypot(*gradient)
    if norm < _LONG or math.inf in map(abs, gradient):
        factor = min(1.0, longest / (norm + _NORM_OFFSET))
        return [u * factor for u in gradient]
    # Beside such a norm the offset is nothing; the norm itself may be infinite, and its share in the bound 0.
    largest = max(map(abs, gradient))
    direction = [u / largest for u in gradient]
    norm = math.hypot(*direction)
    return gradient if longest / largest >= norm else [u * (longest / norm) for u in direction]
