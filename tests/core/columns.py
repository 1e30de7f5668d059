"""Batches of trials whose settings stand as columns, made of batches in which each setting stands by itself."""

from typing import Any

import numpy as np
from ayla_spec.batch import TrialBatch
from ayla_spec.model import SpecModel
from ayla_spec.optimizers.base import NAMES


def folded(batch: TrialBatch) -> TrialBatch:
    """The same trials with one template for all settings that differ in numbers alone, and columns for these."""
    shapes = [_shape(template) for template in batch.templates]
    kinds = list(dict.fromkeys(shapes))
    numbers = [_numbers(template) for template in batch.templates]
    columns: dict[str, Any] = {}
    for kind in kinds:
        places = [place for place, shape in enumerate(shapes) if shape == kind]
        for path in numbers[places[0]]:
            values = np.array([numbers[place][path] for place in places])
            if (values != values[0]).any():
                columns.setdefault(path, np.full(len(shapes), np.nan))[places] = values
    return TrialBatch(
        problem=batch.problem,
        indices=batch.indices,
        templates=tuple(batch.templates[shapes.index(kind)] for kind in kinds),
        arms=np.array([kinds.index(shape) for shape in shapes], dtype=np.int32)[batch.arms],
        seeds=batch.seeds,
        columns={path: column[batch.arms] for path, column in columns.items()},
    )


def _leaves(settings: SpecModel, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value, path = getattr(settings, name), before + name
        found |= _leaves(value, path + ".") if isinstance(value, SpecModel) else {path: value}
    return {path: value for path, value in found.items() if path not in NAMES}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(settings: SpecModel) -> dict[str, float]:
    return {path: float(value) for path, value in _leaves(settings).items() if _is_number(value)}


def _shape(settings: SpecModel) -> tuple[Any, ...]:
    """Equal for settings that differ in numbers alone."""
    return (type(settings), *((path, ... if _is_number(value) else value) for path, value in _leaves(settings).items()))
