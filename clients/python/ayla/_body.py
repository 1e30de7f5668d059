"""From what a caller writes to what JSON can say."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from ayla.errors import InvalidRequest

# No job spec comes near; what is deeper contains itself, or exhausts Python's stack.
_DEEPEST = 32
# Beyond the largest float; Python refuses to write integers of more than 4300 digits at all.
_MOST_BITS = 1024


def plain(value: object, pointer: str = "") -> Any:
    """``value`` as dicts, lists, strings and numbers; takes tuples, ranges, NumPy values and pydantic models.

    Raises:
        InvalidRequest: JSON cannot say this; its ``pointer`` names the place.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return unicode_text(value, pointer)
    if isinstance(value, int | float):
        return _number(value, pointer)
    if pointer.count("/") > _DEEPEST:
        raise InvalidRequest("", f"The job spec is nested more than {_DEEPEST} levels deep.")
    return _converted(value, pointer)


def unicode_text(text: str, pointer: str) -> str:
    """``text``, unchanged.

    Raises:
        InvalidRequest: half of a surrogate pair is in it, which UTF-8 cannot say.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(pointer, f"{text!a:.60} has half of a surrogate pair, which is no character.") from error
    return text


def _number(value: float, pointer: str) -> float:
    if isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            raise InvalidRequest(pointer, "the integer is too large.")
        return value
    if not math.isfinite(value):
        raise InvalidRequest(pointer, f"{value} is not a finite number.")
    return float(value)


def _converted(value: object, pointer: str) -> Any:
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"), pointer)
    if isinstance(value, Mapping):
        return _object(value, pointer)
    to_list = getattr(value, "tolist", None)  # NumPy arrays and scalars
    if callable(to_list):
        return plain(to_list(), pointer)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    raise InvalidRequest(pointer, f"a {type(value).__name__} cannot be sent as JSON.")


def _object(value: Mapping[Any, Any], pointer: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, item in value.items():
        name, told = _field(key, item, pointer)
        if name in fields:
            raise InvalidRequest(pointer, f"two keys are written as {name!a:.60} in JSON; give one of them.")
        fields[name] = told
    return fields


def _field(key: object, value: object, pointer: str) -> tuple[str, Any]:
    name = unicode_text(str(key), pointer)
    escaped = name.replace("~", "~0").replace("/", "~1")
    return name, plain(value, f"{pointer}/{escaped}")
