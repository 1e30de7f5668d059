"""Opaque keyset cursors: where the last page ended, so that new rows never shift a page."""

import base64
import binascii
import json
import math
from datetime import UTC, datetime
from typing import TypeGuard

from ayla_service.db.lookup import as_stored
from ayla_service.errors import InvalidQuery


def encode(*key: str | int) -> str:
    """A cursor after the row with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def job_key(cursor: str) -> tuple[datetime, str]:
    """Creation time and id of the last job of the page before.

    Raises:
        InvalidQuery: if the cursor is not one of ours.
    """
    match _decode(cursor):
        case [str(created_at), str(job_id)] if job_id.isprintable():
            return _time(created_at), as_stored(job_id)
        case _:
            raise _invalid()


def sorted_key(cursor: str, sort: str) -> tuple[datetime, str]:
    """Time and id of the last row of the page before, of a list in this order.

    Raises:
        InvalidQuery: if the cursor is not one of ours, or of a list in another order.
    """
    match _decode(cursor):
        case [str(order), str(time), str(row_id)] if order == sort and row_id.isprintable():
            return _time(time), as_stored(row_id)
        case _:
            raise _invalid()


def trial_place(cursor: str) -> int:
    """Place of the last trial of the page before.

    Raises:
        InvalidQuery: if the cursor is not one of ours.
    """
    match _decode(cursor):
        case [place] if _is_whole(place):
            return place
        case _:
            raise _invalid()


def encode_sorted_trial(sort: str, key: float, index: int) -> str:
    """A cursor after the trial with this sort key and this place, of a list in this order; NaN is no number."""
    return encode(sort, "" if math.isnan(key) else key.hex(), index)


def sorted_trial(cursor: str, sort: str) -> tuple[float | None, int]:
    """Sort key and place of the last trial of the page before; None where it has no number to sort by.

    Raises:
        InvalidQuery: if the cursor is not one of ours, or of a list in another order.
    """
    match _decode(cursor):
        case [str(order), str(key), place] if order == sort and _is_whole(place):
            return _float(key), place
        case _:
            raise _invalid()


def attempt_key(cursor: str, sort: str) -> tuple[datetime, int, int]:
    """Start, shard and number of the last attempt of the page before, of a list in this order.

    Raises:
        InvalidQuery: if the cursor is not one of ours, or of a list in another order.
    """
    match _decode(cursor):
        case [str(order), str(started_at), shard, number] if order == sort and _is_whole(shard) and _is_whole(number):
            return _time(started_at), shard, number
        case _:
            raise _invalid()


def _is_whole(value: object) -> TypeGuard[int]:
    """Whether it is an integer that a column can hold; true and false are none, though to Python they are."""
    return type(value) is int and 0 <= value < 2**31


def _float(text: str) -> float | None:
    try:
        return float.fromhex(text) if text else None
    except (ValueError, OverflowError):
        raise _invalid() from None


def _time(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid() from None
    if parsed.tzinfo is None:
        raise _invalid()
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise _invalid() from None


def _decode(cursor: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _invalid() from None


def _invalid() -> InvalidQuery:
    return InvalidQuery("cursor", "Not a cursor of this list; use next_cursor of the page before, unchanged.")
