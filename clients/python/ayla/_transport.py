"""What both transports share: options, ids and headers that a request can carry."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from urllib.parse import quote

import httpx2

from ayla._json import JSONObject, valid_unicode
from ayla._retry import is_transient, retry_delay
from ayla.errors import APIError, APIStatusError, InvalidRequest

Timeout = float | httpx2.Timeout | None
Params = Mapping[str, str | float | Sequence[str | float] | None]

_HEADER_VALUE = re.compile("[!-~]([ -~]*[!-~])?")


class Unset(Enum):
    """The value of an option that was not given, where None has a meaning of its own."""

    UNSET = auto()


UNSET = Unset.UNSET


def given(**fields: object) -> JSONObject:
    """The fields that were given; None is a value."""
    return {name: value for name, value in fields.items() if not isinstance(value, Unset)}


def new_key() -> str:
    """An Idempotency-Key for one call: its retries have it too, another call does not."""
    return str(uuid.uuid4())


def id_of(item: object) -> str:
    """An id, or that of a job or trial.

    Raises:
        InvalidRequest: there is none.
    """
    identifier = item if isinstance(item, str) else getattr(item, "id", None)
    if not isinstance(identifier, str):
        raise InvalidRequest("id", f"a {type(item).__name__} is not an id and has none.")
    return identifier


def segment(item: object) -> str:
    """An id, or that of a job or trial, as one part of a path, whatever characters it has.

    Raises:
        InvalidRequest: there is no id, or with it the path would mean something else.
    """
    identifier = id_of(item)
    if identifier in {"", ".", ".."}:
        raise InvalidRequest("id", "it cannot be empty, '.' or '..'.")
    return quote(valid_unicode(identifier, "id"), safe="")


def header_value(text: object, argument: str) -> str:
    """``text``, unchanged; where it is refused the message does not show it, as it may be a secret.

    Raises:
        InvalidRequest: a header cannot carry it.
    """
    if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
        raise InvalidRequest(argument, "it must be printable ASCII without line breaks or blanks around it.")
    return text


def delay_before_retry(error: APIError, attempt: int) -> float | None:
    """Seconds until the next attempt; None where there is none."""
    if not is_transient(error):
        return None
    return retry_delay(attempt, error.response.headers if isinstance(error, APIStatusError) else {})
