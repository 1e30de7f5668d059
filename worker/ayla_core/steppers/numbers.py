"""Hyper-parameters of each trial as arrays, for the compiled kernels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.optimizers import Ayla, Optimizer

from ayla_core.native.build import traced_rules
from ayla_core.native.source import MOST_NUMBERS, MOST_STEP_NUMBERS
from ayla_core.optimizers import Rule
from ayla_core.optimizers.gradients import penalty, prepares
from ayla_core.steppers.step_numbers import StepNumbers

_NO_AYLA = Ayla()
_NO_LIMIT = float("inf")


def numbers_of(
    settings: Sequence[Optimizer], rules: Sequence[Rule], step_numbers: StepNumbers, dtype: npt.DTypeLike
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the kernels by name.

    Args:
        settings: one per lane.
        rules: one per block; blocks are equally wide.
        step_numbers: of the same lanes.
        dtype: of the numbers.
    """
    if len(step_numbers.names) > MOST_STEP_NUMBERS:
        raise ValueError(
            f"The rules of this batch take {len(step_numbers.names)} numbers a step; kernels hold {MOST_STEP_NUMBERS}."
        )
    width = len(settings) // len(rules)
    aylas = [item.ayla or _NO_AYLA for item in settings]
    numbers = [rules[lane // width].numbers(item) for lane, item in enumerate(settings)]
    names = list(dict.fromkeys(name for item in numbers for name in item))

    def lanes(values: Sequence[float]) -> npt.NDArray[Any]:
        return np.array(values, dtype=dtype)

    def by_block(flags: Sequence[bool]) -> npt.NDArray[np.int32]:
        return np.array(np.array(flags).reshape(-1, width).any(1), dtype=np.int32)

    return {
        "rules": np.array([_number_of(rule) for rule in rules], dtype=np.int32),
        "sources": np.array([_sources(rule, names, step_numbers) for rule in rules], dtype=np.int32),
        "has_ayla": by_block([item.ayla is not None for item in settings]),
        "is_prepared": by_block([prepares(item) for item in settings]),
        "n1": lanes([ayla.n1 for ayla in aylas]),
        "n2": lanes([ayla.n2 for ayla in aylas]),
        "max_scale": lanes([ayla.max_scale or _NO_LIMIT for ayla in aylas]),
        "learning_rate": lanes([item.learning_rate for item in settings]),
        "clip_norm": lanes([item.clip_norm or _NO_LIMIT for item in settings]),
        "clip_value": lanes([item.clip_value or _NO_LIMIT for item in settings]),
        "weight_decay": lanes([penalty(item) for item in settings]),
        "numbers": np.array([[item.get(name, 0.0) for item in numbers] for name in names], dtype=dtype),
    }


def _number_of(rule: Rule) -> int:
    return [traced.rule.name for traced in traced_rules()].index(rule.name)


def _sources(rule: Rule, names: Sequence[str], step_numbers: StepNumbers) -> list[int]:
    """Place of each number that the rule takes, for the kernels."""
    wanted = traced_rules()[_number_of(rule)].numbers
    found = [names.index(name) if name in names else ~step_numbers.names.index(name) for name in wanted]
    return found + [0] * (MOST_NUMBERS - len(found))
