"""Texts a user gives: names, projects, tags, labels, notes."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ayla_spec.limits import MAX_NAME_LENGTH, MAX_NOTES_LENGTH, MAX_PROJECT_LENGTH, MAX_TAG_LENGTH


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("must be printable text on one line, not empty")
    return value


# The regular expression says in JSON Schema what _printable checks exactly.
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

Name = Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]
Label = Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]
Tag = Annotated[str, Field(max_length=MAX_TAG_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]
Project = Annotated[str, Field(max_length=MAX_PROJECT_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]


def _readable(value: str) -> str:
    if any(not (character.isprintable() or character in "\n\t") for character in value):
        raise ValueError("must be text; of control characters only line breaks and tabs are allowed")
    return value


Notes = Annotated[
    str, Field(max_length=MAX_NOTES_LENGTH, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$"), AfterValidator(_readable)
]
"""Text of several lines."""
