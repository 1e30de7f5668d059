"""The numbers that change from update to update: learning-rate schedules, bias corrections."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ayla_spec.optimizers import Optimizer
from ayla_spec.optimizers.base import NAMES

from ayla_core.optimizers import Rule, arrays
from ayla_core.optimizers.arrays import Floats
from ayla_core.optimizers.schedules import factors

SCHEDULE = "schedule"
"""Name of what the learning rate is multiplied by."""

_ELSEWHERE = NAMES | {"name", "learning_rate", "ayla", "clip_norm", "clip_value", "weight_decay", "epsilon"}
"""Settings that change nothing here; trials that differ in these alone are one variant."""


class StepNumbers:
    """The numbers of every update, for each variant: trials with the same settings are one variant.

    Args:
        trials: rule and settings of each lane.
        budget: updates of a whole trial.

    Attributes:
        names: of the numbers; the schedule comes first.
        variant: of each lane, int32, shape [lanes].
    """

    def __init__(self, trials: Sequence[tuple[Rule, Optimizer]], budget: int) -> None:
        self._budget = budget
        known: dict[Any, int] = {}
        self._distinct: list[tuple[Rule, Optimizer]] = []
        places = []
        for rule, settings in trials:
            place = known.setdefault(_key(settings), len(known))
            if place == len(self._distinct):
                self._distinct.append((rule, settings))
            places.append(place)
        self.variant = np.array(places, dtype=np.int32)
        one = np.ones(1)
        named = [name for rule, settings in self._distinct for name in rule.step_numbers(settings, one, arrays)]
        self.names = (SCHEDULE, *dict.fromkeys(named))

    def table(self, first: int, count: int) -> Floats:
        """The numbers of updates ``first`` to ``first + count - 1``, from 1; shape [count, names, variants]."""
        t = np.arange(first, first + count, dtype=np.int64)
        table = np.ones((count, len(self.names), len(self._distinct)))
        for place, (rule, settings) in enumerate(self._distinct):
            table[:, 0, place] = factors(settings, t, self._budget)
            for name, values in rule.step_numbers(settings, t.astype(np.float64), arrays).items():
                table[:, self.names.index(name), place] = values
        return table

    def learning_rates(self, base: Floats, first: int, count: int) -> Floats:
        """The learning rates of some updates, shape [count, lanes], given those of the settings."""
        t = np.arange(first, first + count, dtype=np.int64)
        schedules = np.stack([factors(settings, t, self._budget) for _, settings in self._distinct], axis=1)
        return base * schedules[:, self.variant]


def _key(settings: Optimizer) -> tuple[Any, ...]:
    fields = type(settings).model_fields
    return (type(settings), *(getattr(settings, name) for name in fields if name not in _ELSEWHERE))
