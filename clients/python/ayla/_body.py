"""From what a caller writes to what JSON can say."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel


def plain(value: object, pointer: str = "") -> Any:
    """``value`` as dicts, lists, strings and numbers; takes tuples, ranges, NumPy values and pydantic models.

    Raises:
        ValueError: a number is not finite.
        TypeError: JSON cannot say this. Both name the place as a JSON pointer.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _finite(value, pointer)
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"), pointer)
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{pointer}/{key}") for key, item in value.items()}
    return _converted(value, pointer)


def _converted(value: object, pointer: str) -> Any:
    to_list = getattr(value, "tolist", None)  # NumPy arrays and scalars
    if callable(to_list):
        return plain(to_list(), pointer)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    raise TypeError(f"{pointer or '/'}: a {type(value).__name__} cannot be sent as JSON.")


def _finite(value: float, pointer: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{pointer or '/'}: {value} is not a finite number.")
    return float(value)
