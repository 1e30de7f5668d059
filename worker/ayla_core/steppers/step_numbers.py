"""The numbers that change from update to update: learning-rate schedules, bias corrections."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.optimizers import Schedule

from ayla_core.optimizers import Rule, arrays
from ayla_core.optimizers.arrays import Floats, Integers
from ayla_core.optimizers.schedules import factors_of
from ayla_core.trial_settings import RuleTrials, TrialSettings, distinct

SCHEDULE = "schedule"
"""Name of what the learning rate is multiplied by."""


class StepNumbers:
    """The numbers of every update, each once for all trials that have the same settings behind it.

    Args:
        settings: of the trials.
        lanes: the trial in each lane.
        budget: updates of a whole trial.

    Attributes:
        names: of the numbers; the schedule comes first.
        variant: the column of ``table`` that holds a number of a lane, int32, shape [names, lanes].
    """

    def __init__(self, settings: TrialSettings, lanes: Integers, budget: int) -> None:
        self.names = (SCHEDULE, *dict.fromkeys(name for rule in settings.rules for name in rule.per_update))
        variant = np.zeros((len(self.names), len(settings)), dtype=np.int32)
        # Column 0 is 1 throughout: no schedule, and numbers that a trial's rule does not take.
        self._width = 1
        self._schedules = [*_schedules(settings, budget)]
        self._numbers = [*_rule_numbers(settings)]
        for item in (*self._schedules, *self._numbers):
            variant[self.names.index(item.name), item.places] = self._width + item.variant
            self._width += item.count
        self.variant: npt.NDArray[np.int32] = np.ascontiguousarray(variant[:, lanes])

    @property
    def numbers_per_step(self) -> int:
        """Numbers of one update."""
        return self._width

    def table(self, first: int, count: int) -> Floats:
        """The numbers of updates ``first`` to ``first + count - 1``, from 1; shape [count, columns]."""
        return self._table([*self._schedules, *self._numbers], first, count)

    def learning_rates(self, base: Floats, first: int, count: int) -> Floats:
        """The learning rates of some updates, shape [count, lanes], given those of the settings."""
        rates: Floats = base * self._table(self._schedules, first, count)[:, self.variant[0]]
        return rates

    def _table(self, parts: Iterable["_Numbers"], first: int, count: int) -> Floats:
        t = np.arange(first, first + count, dtype=np.int64)
        return np.concatenate([np.ones((count, 1)), *(part.values(t) for part in parts)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """One number of every update of some trials.

    Attributes:
        name: what it is called.
        places: the trials.
        variant: of each of them, which of the distinct settings it has.
        count: how many of these there are.
        settings: what the number is made of; shape [count] each.
        formula: the number, given update numbers and the settings: either scalars, or arrays of the shape of the
            update numbers.
    """

    name: str
    places: Integers
    variant: Integers
    count: int
    settings: Mapping[str, Floats]
    formula: Callable[[Integers, Mapping[str, Any]], Floats]

    @classmethod
    def of(
        cls, name: str, parts: list[RuleTrials], read: Callable[[RuleTrials], Mapping[str, Any]], formula: Any
    ) -> "_Numbers":
        """For the trials of some parts, given what the number is made of in each."""
        places = np.concatenate([part.places for part in parts])
        found = [{key: np.broadcast_to(value, len(part.places)) for key, value in read(part).items()} for part in parts]
        columns = {key: np.concatenate([each[key] for each in found]) for key in found[0]}
        first, variant = distinct(columns, len(places))
        return cls(name, places, variant, len(first), {key: item[first] for key, item in columns.items()}, formula)

    def values(self, t: Integers) -> Floats:
        """Shape [updates, count]. A number is the same to the last bit whatever others are computed beside it."""
        if self.count == 1:
            return self.formula(t, {key: item[0].item() for key, item in self.settings.items()})[:, None]
        # In whole arrays: NumPy takes shortcuts where an operand is the same for all, and these round otherwise.
        whole = {key: np.repeat(item, len(t)) for key, item in self.settings.items()}
        return self.formula(np.tile(t, self.count), whole).reshape(self.count, len(t)).T


def _schedules(settings: TrialSettings, budget: int) -> Iterator[_Numbers]:
    """The factors of the learning rate; schedules of one kind together."""
    kinds: dict[Any, list[RuleTrials]] = {}
    for part in settings.parts:
        if part.settings.schedule is not None:
            kinds.setdefault((type(part.settings.schedule), *_given(part.settings.schedule)), []).append(part)
    for parts in kinds.values():
        template = parts[0].settings.schedule
        assert template is not None  # noqa: S101  # for mypy; those without are left out above

        def formula(t: Integers, numbers: Mapping[str, Any], template: Schedule = template) -> Floats:
            return factors_of(template.model_copy(update=dict(numbers)), t, budget)

        yield _Numbers.of(SCHEDULE, parts, lambda part: _given(part.settings.schedule), formula)


def _given(schedule: Any) -> dict[str, Any]:
    """The numbers of a schedule; those left out follow from the budget."""
    fields = ((name, getattr(schedule, name)) for name in type(schedule).model_fields if name != "name")
    return {name: value for name, value in fields if value is not None}


def _rule_numbers(settings: TrialSettings) -> Iterator[_Numbers]:
    for rule in settings.rules:
        parts = [part for part in settings.parts if part.rule.name == rule.name]
        for name in rule.per_update:
            yield _rule_number(rule, name, parts)


def _rule_number(rule: Rule, name: str, parts: list[RuleTrials]) -> _Numbers:
    number = rule.per_update[name]

    def read(part: RuleTrials) -> dict[str, Any]:
        return {setting: getattr(part.settings, setting) for setting in number.settings}

    def formula(t: Integers, numbers: Mapping[str, Any]) -> Floats:
        found: Floats = number.formula(arrays, t.astype(np.float64), *numbers.values())
        return found

    return _Numbers.of(name, parts, read, formula)
