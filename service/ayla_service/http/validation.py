"""Validation errors of pydantic as field errors: in our words, located by JSON pointer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from ayla_spec import SpecIssue
from pydantic import BaseModel, ValidationError

from ayla_service.http.json_schema import SchemaPath, locate
from ayla_service.http.problems import FieldError, Place
from ayla_service.http.wording import (
    alternatives,
    choices,
    got_kind,
    got_value,
    nearest,
    quoted,
    type_name,
)

_Error = Mapping[str, Any]


def field_errors(errors: Sequence[_Error], body_schema: Mapping[str, Any]) -> list[FieldError]:
    """Translate FastAPI's validation errors.

    Args:
        errors: ``RequestValidationError.errors()``.
        body_schema: JSON schema of the body, which tells the names of fields from pydantic's own marks in a location.
    """
    return [_field_error(error, body_schema) for error in errors]


def spec_issues(error: ValidationError, model: type[BaseModel]) -> list[SpecIssue]:
    """The errors of a document that was put together from a request, in the form of the request's own."""
    errors = [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
    return [SpecIssue(item.pointer, item.detail) for item in field_errors(errors, model.model_json_schema())]


def from_issues(issues: Sequence[SpecIssue], place: Place) -> list[FieldError]:
    """The issues that the rules of the service found, as field errors."""
    return [FieldError(place=place, pointer=issue.pointer, detail=issue.detail) for issue in issues]


def _field_error(error: _Error, body_schema: Mapping[str, Any]) -> FieldError:
    where, *location = error["loc"]
    place: Place = where if where in get_args(Place) else "body"
    found = locate(location, body_schema if place == "body" else {})
    pointer = found.pointer
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        pointer += f"/{found.discriminator}"
    sentence = _SENTENCES.get(error["type"], _fallback)
    return FieldError(place=place, pointer=pointer, detail=sentence(error, found))


def _fallback(error: _Error, _found: SchemaPath) -> str:
    return f"{error['msg']}."


def _missing(_error: _Error, found: SchemaPath) -> str:
    if not found.tokens:
        return "The request has no body; send a JSON object with Content-Type: application/json."
    kind = type_name(found.node)
    return f"Required, but missing{f'; must be {kind}' if kind else ''}."


def _unknown(_error: _Error, found: SchemaPath) -> str:
    name, allowed = str(found.tokens[-1]), list(found.parent.get("properties", {}))
    hint = nearest(name, allowed)
    return f"Unknown field {quoted(name)}.{hint} Allowed here: {', '.join(allowed)}."


def _unknown_tag(error: _Error, found: SchemaPath) -> str:
    tag = error["input"].get(found.discriminator) if isinstance(error["input"], dict) else None
    return f"Must be {choices(found.tags)}; got {got_value(tag)}.{nearest(tag, found.tags)}"


def _missing_tag(_error: _Error, found: SchemaPath) -> str:
    return f"Required, but missing; must be {choices(found.tags)}."


def _one_of(error: _Error, _found: SchemaPath) -> str:
    return f"Must be {error['ctx']['expected']}; got {got_value(error['input'])}."


def _rule(error: _Error, _found: SchemaPath) -> str:
    text = str(error["ctx"]["error"])
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


_SAMPLES = {"number": "0.01", "object": '{"uniform": [-5, 5]}', "array": "[0.01, 2]"}
"""Starts of a variable."""


def _number(error: _Error, found: SchemaPath) -> str:
    if type(error["input"]) is int:
        return "Must be a number that a float can hold, at most about 1.8e308 in size; this one is larger."
    kinds = dict.fromkeys(option.get("type") for option in found.node.get("anyOf", ()))
    if samples := [sample for kind, sample in _SAMPLES.items() if kind in kinds]:
        return f"Must be {type_name(found.node)}, such as {alternatives(samples)}; got {got_kind(error['input'])}."
    return f"Must be a number, such as 0.01; got {got_kind(error['input'])}."


def _whole(error: _Error, _found: SchemaPath) -> str:
    value = error["input"]
    if isinstance(value, float) and value.is_integer():
        return f"Must be a whole number, written without a point or an exponent; got {got_value(value)}."
    return f"Must be a whole number, such as 100; got {got_kind(value)}."


def _must_be(what: str) -> Callable[[_Error, SchemaPath], str]:
    return lambda error, _found: f"Must be {what}; got {got_kind(error['input'])}."


def _text_number(what: str) -> Callable[[_Error, SchemaPath], str]:
    return lambda error, _found: f"Must be {what}; got {got_value(error['input'])}."


def _bound(words: str, key: str) -> Callable[[_Error, SchemaPath], str]:
    return lambda error, _found: f"Must be {words} {got_value(error['ctx'][key])}; got {got_value(error['input'])}."


def _count(words: str, key: str, unit: str) -> Callable[[_Error, SchemaPath], str]:
    def sentence(error: _Error, _found: SchemaPath) -> str:
        limit, actual = error["ctx"][key], len(error["input"])
        return f"Must have {words} {limit} {unit}{'' if limit == 1 else 's'}; got {actual}."

    return sentence


def _fixed(text: str) -> Callable[[_Error, SchemaPath], str]:
    return lambda _error, _found: text


_TIME = "Must be a time with its zone, such as 2030-01-31T12:00:00Z."

_SENTENCES: dict[str, Callable[[_Error, SchemaPath], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "union_tag_invalid": _unknown_tag,
    "union_tag_not_found": _missing_tag,
    "literal_error": _one_of,
    "enum": _one_of,
    "value_error": _rule,
    "int_type": _whole,
    "int_parsing": _text_number("a whole number, such as 100"),
    "float_parsing": _text_number("a number, such as 0.01"),
    "bool_parsing": _text_number("true or false"),
    "int_parsing_size": _text_number("a whole number of ordinary size"),
    "float_type": _number,
    "finite_number": _text_number("a finite number"),
    "bool_type": _must_be("true or false"),
    "string_type": _must_be("a text in double quotes"),
    "string_unicode": _fixed("Must be valid Unicode text; it holds half of a surrogate pair."),
    "string_pattern_mismatch": _fixed("Must be printable text on one line, not empty."),
    "datetime_parsing": _fixed(_TIME),
    "datetime_from_date_parsing": _fixed(_TIME),
    "datetime_object_invalid": _fixed(_TIME),
    "timezone_aware": _fixed(_TIME),
    "list_type": _must_be("a list in square brackets"),
    "dict_type": _must_be("an object in curly brackets"),
    "model_type": _must_be("an object in curly brackets"),
    "model_attributes_type": _must_be("an object in curly brackets"),
    "greater_than": _bound("greater than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _count("at least", "min_length", "item"),
    "too_long": _count("at most", "max_length", "item"),
    "string_too_short": _count("at least", "min_length", "character"),
    "string_too_long": _count("at most", "max_length", "character"),
}
