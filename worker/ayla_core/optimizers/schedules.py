"""The learning rate of every update, from the schedules of the contract."""

from typing import assert_never

import numpy as np
from ayla_spec.optimizers import ConstantSchedule, CosineSchedule, LinearSchedule, Optimizer, Schedule, StepSchedule

from ayla_core.optimizers.arrays import Floats, Integers


def factors(settings: Optimizer, t: Integers, budget: int) -> Floats:
    """Factors of the learning rate in updates ``t``, which count from 1.

    Args:
        settings: of the trial.
        t: update numbers.
        budget: updates of the whole trial.
    """
    return np.ones(len(t)) if settings.schedule is None else factors_of(settings.schedule, t, budget)


def factors_of(schedule: Schedule, t: Integers, budget: int) -> Floats:
    """The same of a schedule, whose numbers may be arrays of the shape of ``t``."""
    warmup = schedule.warmup_steps
    after = np.maximum(t - 1 - warmup, 0).astype(np.float64)
    match schedule:
        case StepSchedule():
            factor = np.power(schedule.factor, after // schedule.every)
        case CosineSchedule():
            wave = (1 + np.cos(np.pi * _part(after, schedule.steps, budget - warmup))) / 2
            factor = schedule.final_factor + (1 - schedule.final_factor) * wave
        case LinearSchedule():
            factor = 1 + (schedule.final_factor - 1) * _part(after, schedule.steps, budget - warmup)
        case ConstantSchedule():
            factor = np.ones(len(t))
        case _:
            assert_never(schedule)
    return np.where(t <= warmup, t / np.maximum(1, warmup), factor)


def _part(after: Floats, steps: int | None, left: int) -> Floats:
    """Fraction of the schedule that is over, 0 to 1."""
    part: Floats = np.minimum(after / np.maximum(1, left if steps is None else steps), 1.0)
    return part
