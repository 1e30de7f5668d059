"""Rows by an id that a stranger wrote: those of the caller's team are found, all others do not exist."""

from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import Dataset, Job, Webhook
from ayla_service.errors import NotYours, ServiceError
from ayla_service.teams.principal import Principal

Row = TypeVar("Row", Job, Dataset, Webhook)


class Missing(Protocol):
    """The error that there is no such thing, made with the id that was asked for."""

    def __call__(self, row_id: str, /) -> ServiceError:
        """The error."""
        ...


def of_team(
    session: Session, principal: Principal, table: type[Row], row_id: str, missing: Missing, *, lock: bool = False
) -> Row:
    """A row of the caller's team, locked until the transaction ends if asked for.

    Raises:
        ServiceError: what ``missing`` makes, if there is none; one of another team is none.
    """
    row = by_id(session, table, row_id, lock=lock)
    if row is None or row.team_id != principal.team_id:
        raise missing(row_id)
    return row


def require_change(principal: Principal, owner_id: str, kind: str, row_id: str) -> None:
    """Refuse to change what another member owns.

    Raises:
        NotYours: if the caller is neither its owner nor an admin.
    """
    if not principal.may_change(owner_id):
        raise NotYours(kind, row_id)
