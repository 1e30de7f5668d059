"""Look-up of rows by an id that comes from outside."""

import re
from typing import TypeVar

from sqlalchemy.orm import Session

from ayla_service.db.models import Base, JobRow

Row = TypeVar("Row", bound=Base)

_ID_LENGTH = 36
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def could_be_id(text: str) -> bool:
    """Whether a text can be the id of a row.

    Any other text is not sent to the store: PostgreSQL refuses a NUL with an error, SQLite does not.
    """
    return len(text) == _ID_LENGTH and text.isascii() and text.isprintable()


def as_stored(text: str) -> str:
    """An id in lower case, as the store has it; any other text unchanged. For every id that a client sends."""
    return text.lower() if _ID.fullmatch(text) else text


def by_id(session: Session, table: type[Row], row_id: str, *, lock: bool = False) -> Row | None:
    """The row with this id, locked until the transaction ends if asked for; None if there is none.

    A locked job still lets rows be added that refer to it: workers that record results of it must not wait.
    """
    if not could_be_id(row_id):
        return None
    return session.get(table, row_id, with_for_update={"key_share": table is JobRow} if lock else None)
