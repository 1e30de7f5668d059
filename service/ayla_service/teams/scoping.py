"""Rows of the caller's team by id; a row of another team counts as missing."""

from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import DatasetRow, JobRow, WebhookRow
from ayla_service.errors import NotYours, ServiceError
from ayla_service.teams.principal import Principal

Row = TypeVar("Row", JobRow, DatasetRow, WebhookRow)


class MissingRow(Protocol):
    """Constructor of the error about a row that is missing, from the id that was asked for."""

    def __call__(self, row_id: str, /) -> ServiceError:
        """The error."""
        ...


def of_team(
    session: Session,
    principal: Principal,
    table: type[Row],
    row_id: str,
    missing: MissingRow,
    *,
    lock: bool = False,
) -> Row:
    """A row of the caller's team, locked until the transaction ends if asked for.

    Raises:
        ServiceError: that of ``missing``, if the team has no such row.
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
