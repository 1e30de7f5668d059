"""Rows by an id that a stranger wrote."""

from typing import TypeVar

from sqlalchemy.orm import Session

from ayla_service.db.models import Job, Trial

Row = TypeVar("Row", Job, Trial)

_ID_LENGTH = 36


def by_id(session: Session, table: type[Row], row_id: str, *, lock: bool = False) -> Row | None:
    """The row with this id, locked until the transaction ends if asked for; None if there is none.

    What cannot be an id is not sent to the store: PostgreSQL refuses a NUL with an error, SQLite does not.
    """
    if len(row_id) != _ID_LENGTH or not row_id.isascii() or not row_id.isprintable():
        return None
    return session.get(table, row_id, with_for_update=lock)
