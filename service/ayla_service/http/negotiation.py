"""Content negotiation (RFC 9110, section 12.5.1)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from starlette.exceptions import HTTPException

Form = TypeVar("Form", bound=StrEnum)


def preferred(wanted: Form | None, accept: str | None, offered: Mapping[Form, str]) -> Form:
    """The form of an answer: the one that the query names, else the one that ``accept`` ranks highest.

    Args:
        wanted: named by the query, which goes before the header; None where it names none.
        accept: the Accept header; None or empty accepts anything.
        offered: the media type of each form, the default first; the first offered wins a draw.

    Raises:
        HTTPException: 406, if none of them is acceptable.
    """
    if wanted is not None:
        return wanted
    ranges = [_parse(item) for item in (accept or "*/*").split(",") if item.strip()]
    qualities = {form: _quality(media_type, ranges) for form, media_type in offered.items()}
    best = max(offered, key=lambda form: qualities[form])
    if qualities[best] <= 0:
        *others, last = offered.values()
        forms = f"{', '.join(others)} or {last}" if others else last
        raise HTTPException(406, f"This resource comes as {forms}; ask for one of them in Accept.")
    return best


def accepts(header: str, name: str) -> bool:
    """Whether a header names a coding (Accept-Encoding) or media type (Accept), and does not refuse it."""
    found = [_parse(item) for item in header.split(",") if item.strip()]
    return any(quality > 0 for each, quality in found if each == name)


def _parse(item: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media_range, _number(value.strip())
    return media_range, 1.0


def _number(text: str) -> float:
    is_decimal = text.isascii() and text.replace(".", "", 1).isdigit()
    return min(float(text), 1.0) if is_decimal else 0.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality of the most specific range that covers the type."""
    covering = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    for candidate in covering:
        found = [quality for media_range, quality in ranges if media_range == candidate]
        if found:
            return max(found)
    return 0.0
