"""Hyper-parameters of each trial as arrays, for the compiled kernels."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ayla_core.native.build import traced_rules
from ayla_core.native.source import MOST_NUMBERS, MOST_STEP_NUMBERS
from ayla_core.optimizers import Rule
from ayla_core.optimizers.arrays import Floats, Integers
from ayla_core.steppers.step_numbers import StepNumbers
from ayla_core.trial_settings import TrialSettings


def numbers_of(
    settings: TrialSettings, lanes: Integers, blocks: int, step_numbers: StepNumbers, dtype: npt.DTypeLike
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the kernels by name.

    Args:
        settings: of the trials.
        lanes: the trial in each lane.
        blocks: of equally many lanes each, with one rule.
        step_numbers: of the same lanes.
        dtype: of the numbers.
    """
    if len(step_numbers.names) > MOST_STEP_NUMBERS:
        raise ValueError(
            f"The rules of this batch take {len(step_numbers.names)} numbers a step; kernels hold {MOST_STEP_NUMBERS}."
        )
    width = len(lanes) // blocks
    ayla, gradients = settings.ayla, settings.gradients
    numbers = settings.rule_numbers()
    rule = settings.rule[lanes[::width]]

    def by_lane(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values[lanes].astype(dtype)

    def by_block(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        return np.array(flags[lanes].reshape(-1, width).any(1), dtype=np.int32)

    sources = [_sources(item, [*numbers], step_numbers) for item in settings.rules]
    return {
        "rules": np.array([_number_of(item) for item in settings.rules], dtype=np.int32)[rule],
        "sources": np.array(sources, dtype=np.int32)[rule],
        "has_ayla": by_block(ayla.on_loss | ayla.on_samples),
        "is_prepared": by_block(gradients.prepares),
        "n1": by_lane(ayla.n1),
        "n2": by_lane(ayla.n2),
        "max_scale": by_lane(ayla.max_scale),
        "learning_rate": by_lane(settings.numbers(lambda item: item.learning_rate)),
        "clip_norm": by_lane(gradients.clip_norm),
        "clip_value": by_lane(gradients.clip_value),
        "weight_decay": by_lane(gradients.weight_decay),
        "numbers": np.stack([by_lane(values) for values in numbers.values()]),
        "variant": step_numbers.variant,
    }


def initial_memory(settings: TrialSettings) -> Iterator[tuple[int, Integers, Floats]]:
    """The memories that do not begin at 0: place among those of its rule, the rule's trials, and the value of each."""
    for name, values in settings.initial_memory().items():
        for number, rule in enumerate(settings.rules):
            if name in rule.memory:
                trials = np.flatnonzero(settings.rule == number)
                yield rule.memory.index(name), trials, values[trials]


def _number_of(rule: Rule) -> int:
    return [traced.rule.name for traced in traced_rules()].index(rule.name)


def _sources(rule: Rule, names: Sequence[str], step_numbers: StepNumbers) -> list[int]:
    """Place of each number that the rule takes, for the kernels."""
    wanted = traced_rules()[_number_of(rule)].numbers
    found = [names.index(name) if name in names else ~step_numbers.names.index(name) for name in wanted]
    return found + [0] * (MOST_NUMBERS - len(found))
