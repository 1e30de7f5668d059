"""Settings of the trials of a batch, read like those of one trial: a number that differs between trials is an array."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from ayla_spec.arms import PROBLEM
from ayla_spec.batch import TrialBatch
from ayla_spec.optimizers import Optimizer, WithWeightDecay
from ayla_spec.paths import with_numbers

from ayla_core.optimizers import Rule
from ayla_core.optimizers.arrays import Floats, Integers
from ayla_core.optimizers.gradients import GradientSettings
from ayla_core.optimizers.registry import IMPLEMENTATIONS
from ayla_core.transform import AylaSettings


@dataclass(frozen=True, slots=True, eq=False)
class RuleTrials:
    """Trials of one arm that share an update rule.

    Attributes:
        rule: the formula.
        settings: of all of them; each number in it that differs between them is an array, with one for each.
        places: of the trials in the batch, ascending.
    """

    rule: Rule
    settings: Optimizer
    places: Integers


class TrialSettings:
    """Settings of every trial of a batch.

    Args:
        batch: at least one trial.

    Attributes:
        parts: the trials by arm and rule; each trial is in one of them.
        rules: those of the batch, in the order of their first trials.
        rule: of each trial its place in ``rules``, int64.
    """

    def __init__(self, batch: TrialBatch) -> None:
        self._trials = len(batch)
        self.parts = list(_parts(batch))
        firsts: dict[str, tuple[int, Rule]] = {}
        for part in self.parts:
            first = (int(part.places[0]), part.rule)
            firsts[part.rule.name] = min(firsts.get(part.rule.name, first), first, key=lambda item: item[0])
        self.rules = [rule for _, rule in sorted(firsts.values(), key=lambda item: item[0])]
        names = [rule.name for rule in self.rules]
        self.rule: Integers = np.empty(self._trials, dtype=np.int64)
        for part in self.parts:
            self.rule[part.places] = names.index(part.rule.name)

    def __len__(self) -> int:
        return self._trials

    def numbers(self, read: Callable[[Any], Any]) -> Floats:
        """A number of each trial, shape [trials], given how it is read from settings."""
        found = np.empty(self._trials)
        for part in self.parts:
            found[part.places] = read(part.settings)
        return found

    def flags(self, read: Callable[[Any], bool]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether something is so of each trial, shape [trials]; it may not depend on numbers that differ."""
        found = np.empty(self._trials, dtype=np.bool_)
        for part in self.parts:
            found[part.places] = read(part.settings)
        return found

    @cached_property
    def ayla(self) -> AylaSettings:
        """AYLA of every trial."""
        return AylaSettings(
            n1=self.numbers(lambda item: 1.0 if item.ayla is None else item.ayla.n1),
            n2=self.numbers(lambda item: 1.0 if item.ayla is None else item.ayla.n2),
            max_scale=self.numbers(lambda item: np.inf if item.ayla is None else _bound(item.ayla.max_scale)),
            on_loss=self.flags(lambda item: item.ayla is not None and item.ayla.transform_on == "loss"),
            on_samples=self.flags(lambda item: item.ayla is not None and item.ayla.transform_on == "sample"),
        )

    @cached_property
    def gradients(self) -> GradientSettings:
        """What is done to the gradient of every trial."""
        return GradientSettings(
            clip_norm=self.numbers(lambda item: _bound(item.clip_norm)),
            clip_value=self.numbers(lambda item: _bound(item.clip_value)),
            weight_decay=self.numbers(lambda item: item.weight_decay if isinstance(item, WithWeightDecay) else 0.0),
        )

    def named(self, read: Callable[[RuleTrials], Mapping[str, Any]]) -> dict[str, Floats]:
        """Numbers by name, shape [trials] each, given how those of one part are read; 0 where a part has none."""
        found: dict[str, Floats] = {}
        for part in self.parts:
            for name, values in read(part).items():
                found.setdefault(name, np.zeros(self._trials))[part.places] = values
        return found

    def rule_numbers(self) -> dict[str, Floats]:
        """The numbers of every trial's rule that never change (``Rule.numbers``)."""
        return self.named(lambda part: part.rule.numbers(part.settings))

    def initial_memory(self) -> dict[str, Floats]:
        """The memory of every trial's rule before its first update, where that is not 0 for all."""
        return self.named(lambda part: part.rule.initial(part.settings))


def _bound(number: Any) -> Any:
    return np.inf if number is None else number


def _parts(batch: TrialBatch) -> Iterator[RuleTrials]:
    order = np.argsort(batch.arms, kind="stable")
    bounds = np.searchsorted(batch.arms[order], np.arange(len(batch.templates) + 1))
    for arm, template in enumerate(batch.templates):
        places = order[bounds[arm] : bounds[arm + 1]]
        if len(places):
            yield from _by_rule(batch, template, places)


def _by_rule(batch: TrialBatch, template: Optimizer, places: Integers) -> Iterator[RuleTrials]:
    """The trials of one arm; numbers that differ may decide which of an optimizer's rules they take."""
    settings = _settings(batch, template, places)
    left = np.ones(len(places), dtype=np.bool_)
    for rule in IMPLEMENTATIONS[type(template)].rules:
        mine = left & rule.fits(settings)
        if mine.all():
            yield RuleTrials(rule, settings, places)
        elif mine.any():
            yield RuleTrials(rule, _settings(batch, template, places[mine]), places[mine])
        left &= ~mine


def _settings(batch: TrialBatch, template: Optimizer, places: Integers) -> Optimizer:
    """The settings of some trials of an arm."""
    columns = {path: column[places] for path, column in batch.columns.items() if not path.startswith(PROBLEM)}
    # Arms differ in their axes: what this one lacks is NaN throughout.
    own = {path: column for path, column in columns.items() if not np.isnan(column[0])}
    return with_numbers(template, {path: _scalar_or_array(column) for path, column in own.items()})


def _scalar_or_array(column: Floats) -> Any:
    first = column[0]
    return first.item() if (column == first).all() else column


def distinct(columns: Mapping[str, Floats], count: int) -> tuple[Integers, Integers]:
    """The places of the first of equal rows, and of each row its place among those.

    Args:
        columns: numbers of one length.
        count: their length.
    """
    code = np.zeros(count, dtype=np.int64)
    for column in columns.values():
        if not (column == column[0]).all():
            values, inverse = np.unique(column, return_inverse=True)
            # Each time numbered anew, so that no product of counts leaves the range of integers.
            code = np.unique(code * len(values) + inverse, return_inverse=True)[1]
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return first, inverse
