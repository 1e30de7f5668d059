"""Query parameters of an upload: the name and the description of a dataset."""

import re
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


_LIKE_AN_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


_LINE_BREAKS = str.maketrans("", "", "\n\t")


_MAX_DESCRIPTION = 1000


def _plain_name(value: str) -> str:
    if not re.fullmatch(_NAME, value, re.ASCII) or ".." in value:
        raise ValueError(
            "must be 1 to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit, such as 'housing-2'"
        )
    if _LIKE_AN_ID.fullmatch(value):
        raise ValueError("must not look like an id")
    return value


def _plain_text(value: str) -> str:
    if len(value) > _MAX_DESCRIPTION:
        raise ValueError(f"must have at most {_MAX_DESCRIPTION} characters")
    if not value.translate(_LINE_BREAKS).isprintable():
        raise ValueError("must be text without control characters")
    return value


DatasetName = Annotated[
    str,
    Query(
        description="What jobs call it; no other dataset of the team has this name.",
        examples=["housing"],
        json_schema_extra={"minLength": 1, "maxLength": 100, "pattern": f"^{_NAME}$"},
    ),
    AfterValidator(_plain_name),
]


Description = Annotated[
    str | None,
    Query(description="What it is, for people.", json_schema_extra={"maxLength": _MAX_DESCRIPTION}),
    AfterValidator(lambda value: None if value is None else _plain_text(value)),
]
