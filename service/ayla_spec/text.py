"""Short texts a user gives: names, tags, labels."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ayla_spec.limits import MAX_NAME_LENGTH, MAX_TAG_LENGTH


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("must be printable text on one line, not empty")
    return value


# The regular expression says in JSON Schema what _printable checks exactly.
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

Name = Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]
Label = Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]
Tag = Annotated[str, Field(max_length=MAX_TAG_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable)]
