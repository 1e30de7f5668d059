"""Conversion of a caller's values into JSON values."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from ayla.errors import InvalidRequest

JSONObject: TypeAlias = dict[str, Any]
Settings: TypeAlias = Mapping[str, Any]
"""Named settings as a caller gives them."""

MAX_DEPTH = 32
"""Levels of lists and mappings. No job spec comes near; a deeper value contains itself, or exhausts Python's stack."""
# Beyond the largest float; Python refuses to write integers of more than 4300 digits at all.
_MAX_BITS = 1024


def without_none(**fields: object) -> JSONObject:
    """The fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


def to_json(value: object, pointer: str = "") -> Any:
    """``value`` as dicts, lists, strings and numbers; takes tuples, ranges, NumPy values and pydantic models.

    Raises:
        InvalidRequest: JSON has no form for a part of it; ``pointer`` names that part.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return valid_unicode(value, pointer)
    if isinstance(value, int | float):
        return _number(value, pointer)
    if pointer.count("/") > MAX_DEPTH:
        raise InvalidRequest("", f"The job spec is nested more than {MAX_DEPTH} levels deep.")
    return _converted(value, pointer)


def valid_unicode(text: str, pointer: str) -> str:
    """``text``, unchanged.

    Raises:
        InvalidRequest: it has half of a surrogate pair, which UTF-8 cannot encode.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(pointer, f"{text!a:.60} has half of a surrogate pair, which is no character.") from error
    return text


def _number(value: float, pointer: str) -> float:
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise InvalidRequest(pointer, "the integer is too large.")
        return value
    if not math.isfinite(value):
        raise InvalidRequest(pointer, f"{value} is not a finite number.")
    return float(value)


def _converted(value: object, pointer: str) -> Any:
    if isinstance(value, BaseModel):
        return to_json(value.model_dump(mode="json"), pointer)
    if isinstance(value, Mapping):
        return _object(value, pointer)
    to_list = getattr(value, "tolist", None)  # NumPy arrays and scalars
    if callable(to_list):
        return to_json(to_list(), pointer)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [to_json(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    raise InvalidRequest(pointer, f"a {type(value).__name__} cannot be sent as JSON.")


def _object(value: Mapping[Any, Any], pointer: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, item in value.items():
        name, converted = _field(key, item, pointer)
        if name in fields:
            raise InvalidRequest(pointer, f"two keys are written as {name!a:.60} in JSON; give one of them.")
        fields[name] = converted
    return fields


def _field(key: object, value: object, pointer: str) -> tuple[str, Any]:
    name = valid_unicode(str(key), pointer)
    escaped = name.replace("~", "~0").replace("/", "~1")
    return name, to_json(value, f"{pointer}/{escaped}")
