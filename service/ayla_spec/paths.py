"""Paths of numbers in settings: ``learning_rate``, ``ayla.n1``, ``schedule.factor``, ``problem.model.hidden.0``."""

from collections.abc import Mapping
from typing import Any, TypeVar

from ayla_spec.axes import is_axis
from ayla_spec.model import SpecModel

M = TypeVar("M", bound=SpecModel)


def number_at(model: SpecModel, path: str) -> float | None:
    """The number at a path; None where there is none, as of AYLA's exponents without AYLA."""
    found: Any = model
    for name in path.split("."):
        found = _below(found, name)
    return None if found is None else float(found)


def with_numbers(model: M, numbers: Mapping[str, Any]) -> M:
    """The same settings with these numbers at these paths, in place of others or of axes.

    They are not checked again; what is no single number, such as a column of them, is put in as it is.
    """
    for path, number in numbers.items():
        model = _replaced(model, path.split("."), number)
    return model


def _below(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return value[int(name)]
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)


def _replaced(value: Any, names: list[str], number: Any) -> Any:
    if not names:
        is_whole = value.is_whole if is_axis(value) else isinstance(value, int)
        return int(number) if is_whole and isinstance(number, float) else number
    name, *rest = names
    if isinstance(value, list):
        return [_replaced(item, rest, number) if str(place) == name else item for place, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {**value, name: _replaced(value[name], rest, number)}
    return value.model_copy(update={name: _replaced(getattr(value, name), rest, number)})
