"""Strict numbers in queries, as JSON writes them: ``limit=1_0``, ``1.0`` and `` 1`` are no integers."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

_WHOLE = r"-?(?:0|[1-9][0-9]*)"
_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_FORMS: dict[type, tuple[re.Pattern[str], str]] = {
    bool: (re.compile("true|false"), "bool_parsing"),
    int: (re.compile(_WHOLE), "int_parsing"),
    float: (re.compile(_WHOLE + r"(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"), "float_parsing"),
}
"""How a value of each type is written, and pydantic's name for the error of one that is not."""


def are_indexes(texts: Iterable[str]) -> bool:
    """Whether each of these, out of a list in a query, is a whole number from 0 of at most nine digits."""
    return all(_INDEX.fullmatch(text) for text in texts)


async def refuse_loose_numbers(request: Request) -> None:
    """Refuse numbers and truth values in a query that pydantic takes but JSON does not.

    Raises:
        RequestValidationError: with every such parameter.
    """
    if not request.query_params:
        return
    errors = [
        {"type": error, "loc": ("query", name), "msg": "Not as JSON writes it", "input": text}
        for name, kind in _typed(request.scope["route"].dependant)
        for text in request.query_params.getlist(name)
        for form, error in (_FORMS[kind],)
        if not form.fullmatch(text)
    ]
    if errors:
        raise RequestValidationError(errors)


def _typed(dependant: Dependant) -> Iterator[tuple[str, type]]:
    """The query parameters of a route that are numbers or truth values, with their type."""
    for field in dependant.query_params:
        kinds = list(_kinds(field.field_info.annotation))
        yield from ((field.alias, kind) for kind in _FORMS if any(found is kind for found in kinds))
    for dependency in dependant.dependencies:
        yield from _typed(dependency)


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of."""
    yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)
