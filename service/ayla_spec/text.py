"""Texts a user gives: names, projects, tags, labels, notes; names of files and uploads.

Texts that look alike can be written in different characters: an é as one, or as an e with an accent. They are kept in
Unicode's normal form C, so that what looks the same is the same and is found.
"""

import itertools
import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ayla_spec.limits import MAX_NAME_LENGTH, MAX_NOTES_LENGTH, MAX_PROJECT_LENGTH, MAX_TAG_LENGTH

_LONGEST = 4 * MAX_NOTES_LENGTH
"""Characters that can become a text that is kept: normal form C makes at most four into one."""


def normalized(text: str) -> str:
    """A text in normal form C, as those of users are kept; to be compared with them.

    What is too long to become one of these is left as it is.
    """
    if text.isascii() or len(text) > _LONGEST:
        return text
    return unicodedata.normalize("NFC", _decomposed(text))


def _decomposed(text: str) -> str:
    """The text with its combining characters apart and in order.

    ``unicodedata`` puts them in order in a time that grows with the square of how many stand in a row.
    """
    characters = itertools.chain.from_iterable(map(_parts, text))
    rows = itertools.groupby(characters, key=lambda character: unicodedata.combining(character) > 0)
    return "".join("".join(sorted(row, key=unicodedata.combining) if are_marks else row) for are_marks, row in rows)


@lru_cache(maxsize=4096)
def _parts(character: str) -> str:
    return unicodedata.normalize("NFD", character)


def _normalized(value: Any) -> Any:
    return normalized(value) if isinstance(value, str) else value


NORMAL = BeforeValidator(_normalized)
"""Puts a text that is compared with those of users into their form."""


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("must be printable text on one line, not empty")
    return value


# The regular expression says in JSON Schema what _printable checks exactly.
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

Name = Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable), NORMAL]
Label = Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable), NORMAL]
Tag = Annotated[str, Field(max_length=MAX_TAG_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable), NORMAL]
Project = Annotated[str, Field(max_length=MAX_PROJECT_LENGTH, pattern=_ONE_LINE), AfterValidator(_printable), NORMAL]


def _readable(value: str) -> str:
    if any(not (character.isprintable() or character in "\n\t") for character in value):
        raise ValueError("must be text; of control characters only line breaks and tabs are allowed")
    return value


Notes = Annotated[
    str,
    Field(max_length=MAX_NOTES_LENGTH, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$"),
    AfterValidator(_readable),
    NORMAL,
]
"""Text of several lines."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_HEXADECIMAL = re.compile(r"[0-9a-f-]+", re.ASCII)


def _file_name(value: str) -> str:
    if not _PLAIN_NAME.fullmatch(value) or ".." in value or not value.lower().endswith((".csv", ".npz", ".parquet")):
        raise ValueError(
            "a file is named by letters, digits, '.', '_' and '-', without folders, and ends in .csv, .npz or .parquet"
        )
    return value


def _upload_name(value: str) -> str:
    if not _PLAIN_NAME.fullmatch(value):
        raise ValueError("an uploaded dataset is named by letters, digits, '.', '_' and '-', or by its id")
    return value


def _hexadecimal(value: str) -> str:
    if not _HEXADECIMAL.fullmatch(value):
        raise ValueError("must be as the service tells it, or left out")
    return value


def _in_small_letters(value: object) -> object:
    """An id as the service writes it: other programs write UUIDs in capitals."""
    return value.lower() if isinstance(value, str) else value


FileName = Annotated[str, Field(max_length=100), AfterValidator(_file_name)]
UploadName = Annotated[str, Field(max_length=100), AfterValidator(_upload_name)]
Hexadecimal = Annotated[str, AfterValidator(_hexadecimal)]
UploadId = Annotated[str, BeforeValidator(_in_small_letters), AfterValidator(_hexadecimal)]
