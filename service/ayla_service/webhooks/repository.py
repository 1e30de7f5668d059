"""Queries of the webhooks and deliveries of a team, in the caller's transaction; other teams' count as missing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from ayla_service import cursors
from ayla_service.db.lookup import by_id
from ayla_service.db.models import MemberRow, TeamRow, WebhookDeliveryRow, WebhookRow
from ayla_service.errors import DeliveryNotFound, LimitReached, WebhookNotFound
from ayla_service.teams.principal import Principal
from ayla_service.teams.scoping import of_team, require_change
from ayla_service.webhooks import schemas

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

MOST_WEBHOOKS = 20
"""Of a team."""


def webhook_of(session: Session, principal: Principal, webhook_id: str, *, lock: bool = False) -> WebhookRow:
    """A webhook of the caller's team, locked until the transaction ends if asked for.

    Raises:
        WebhookNotFound: if there is none; one of another team is none.
    """
    return of_team(session, principal, WebhookRow, webhook_id, WebhookNotFound, lock=lock)


def own_webhook(session: Session, principal: Principal, webhook_id: str) -> WebhookRow:
    """A webhook that the caller may change, locked until the transaction ends.

    Raises:
        WebhookNotFound: if there is none in the caller's team.
        NotYours: if it is another member's, and the caller is no admin.
    """
    webhook = webhook_of(session, principal, webhook_id, lock=True)
    require_change(principal, webhook.member_id, "webhook", webhook_id)
    return webhook


def delivery_of(session: Session, webhook: WebhookRow, delivery_id: str) -> WebhookDeliveryRow:
    """A delivery of a webhook, locked until the transaction ends.

    Raises:
        DeliveryNotFound: if the webhook has none with this id.
    """
    delivery = by_id(session, WebhookDeliveryRow, delivery_id, lock=True)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise DeliveryNotFound(delivery_id)
    return delivery


def refuse_beyond_limit(session: Session, team_id: str) -> None:
    """Refuse another webhook of a team that is at its limit; the team is locked, so that no two requests pass at once.

    Raises:
        LimitReached: if it has that many.
    """
    session.execute(select(TeamRow.id).where(TeamRow.id == team_id).with_for_update(key_share=True))
    number = session.scalar(select(func.count()).select_from(WebhookRow).where(WebhookRow.team_id == team_id)) or 0
    if number >= MOST_WEBHOOKS:
        raise LimitReached(f"The team has {number} webhooks, and cannot have more; delete one that it does not need.")


def view(session: Session, webhook: WebhookRow) -> schemas.Webhook:
    """The answer about one webhook."""
    return schemas.Webhook.of(webhook, session.get_one(MemberRow, webhook.member_id).name)


def view_with_secret(session: Session, webhook: WebhookRow) -> schemas.WebhookWithSecret:
    """The answer about a webhook that has just got its secret."""
    shown = view(session, webhook).model_dump()
    return schemas.WebhookWithSecret(**shown, secret=webhook.secret)


def webhooks(session: Session, principal: Principal, limit: int, cursor: str | None) -> schemas.WebhookPage:
    """The team's webhooks, newest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(WebhookRow, MemberRow.name).join(MemberRow, MemberRow.id == WebhookRow.member_id)
    query = _after(query, WebhookRow.team_id == principal.team_id, WebhookRow.created_at, WebhookRow.id, cursor)
    rows = session.execute(query.limit(limit + 1)).all()
    shown = [schemas.Webhook.of(webhook, owner) for webhook, owner in rows[:limit]]
    return schemas.WebhookPage(data=shown, next_cursor=_cursor(shown) if len(rows) > limit else None)


def deliveries(session: Session, webhook: WebhookRow, limit: int, cursor: str | None) -> schemas.DeliveryPage:
    """A webhook's deliveries, newest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(WebhookDeliveryRow)
    of_this = WebhookDeliveryRow.webhook_id == webhook.id
    query = _after(query, of_this, WebhookDeliveryRow.created_at, WebhookDeliveryRow.id, cursor)
    rows = session.scalars(query.limit(limit + 1)).all()
    shown = [schemas.Delivery.of(row) for row in rows[:limit]]
    return schemas.DeliveryPage(data=shown, next_cursor=_cursor(shown) if len(rows) > limit else None)


def _cursor(shown: Sequence[schemas.Webhook] | Sequence[schemas.Delivery]) -> str:
    """The cursor after the last of these."""
    return cursors.encode(shown[-1].created_at.isoformat(), shown[-1].id)


def _after(
    query: Query,
    wanted: ColumnElement[bool],
    time: InstrumentedAttribute[datetime],
    place: InstrumentedAttribute[str],
    cursor: str | None,
) -> Query:
    """The wanted rows that come after a cursor, newest first."""
    query = query.where(wanted).order_by(time.desc(), place.desc())
    return query if cursor is None else query.where(tuple_(time, place) < tuple_(*cursors.job_key(cursor)))
