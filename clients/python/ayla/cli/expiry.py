"""Spans and moments of time on the command line: ``90d``, ``12h``, ``2027-01-31``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_SPAN = re.compile(r"(?P<count>\d{1,6})(?P<unit>[smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str, option: str) -> timedelta:
    """A span of time: ``30s``, ``15m``, ``12h``, ``90d`` or ``2w``.

    Raises:
        typer.BadParameter: it is not written so.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"write a span of time as 30s, 15m, 12h, 90d or 2w, not '{text}'.", param_hint=option)
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])})


def moment(text: str, option: str) -> datetime:
    """A moment: a span from now, or a date in the form of ISO 8601, in UTC unless it says otherwise.

    Raises:
        typer.BadParameter: it is neither.
    """
    if _SPAN.fullmatch(text):
        return datetime.now(UTC) + span(text, option)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"write a span of time such as 90d, or a date such as 2027-01-31, not '{text}'.", param_hint=option
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
