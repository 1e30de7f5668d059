"""Where in the course of things an event stands: what clients send back to go on from there."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

_FORMAT = 1
_LONGEST = 200
_YEARS = (2000, 9000)


@dataclass(frozen=True, slots=True)
class Position:
    """A moment of the store's time.

    Attributes:
        at: everything that was stored well before it has been told.
        ended: the job whose end the event told; None for any other event.
    """

    at: datetime
    ended: str | None = None

    def encode(self) -> str:
        """The position as the id of an event."""
        parts = [_FORMAT, self.at.isoformat(), *([self.ended] if self.ended else [])]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> Self | None:
        """The position that an id stands for; None if it is none of ours."""
        match _parts(text or ""):
            case [form, str(time)] if _is_ours(form):
                ended = None
            case [form, str(time), str(ended)] if _is_ours(form):
                pass
            case _:
                return None
        at = _time(time)
        return None if at is None else cls(at, ended)


def _is_ours(form: object) -> bool:
    """Whether it is the number of the format; to Python true would be 1 too."""
    return type(form) is int and form == _FORMAT


def _parts(text: str) -> object:
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _time(text: str) -> datetime | None:
    """A time that one can reckon with: some before or after can be named too."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None or not _YEARS[0] <= time.year <= _YEARS[1] else time.astimezone(UTC)
