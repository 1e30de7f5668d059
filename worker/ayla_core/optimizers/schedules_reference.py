"""The learning rate of one update, in plain Python floats."""

import math

from ayla_spec.optimizers import ConstantSchedule, CosineSchedule, LinearSchedule, Optimizer, Schedule, StepSchedule


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
    return settings.learning_rate * _course(schedule, t - 1 - schedule.warmup_steps, budget)


def _course(schedule: Schedule, k: int, budget: int | None) -> float:
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
    """Which part of the schedule is over after k updates, 0 to 1."""
    if schedule.steps is not None:
        return min(k / schedule.steps, 1.0)
    if budget is None:
        raise ValueError("this schedule ends with the budget; say how many updates that is")
    return min(k / max(1, budget - schedule.warmup_steps), 1.0)
