"""Webhooks and deliveries of a team, inside the caller's transaction; those of another team do not exist."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from ayla_service import cursors
from ayla_service.db.lookup import by_id
from ayla_service.db.models import Member, Team, Webhook, WebhookDelivery
from ayla_service.errors import DeliveryNotFound, LimitReached, WebhookNotFound
from ayla_service.schemas import Page
from ayla_service.teams.principal import Principal
from ayla_service.teams.scoping import of_team, require_change
from ayla_service.webhooks.views import DeliveryView, WebhookView

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

MOST_WEBHOOKS = 20
"""Of a team."""


def webhook_of(session: Session, principal: Principal, webhook_id: str, *, lock: bool = False) -> Webhook:
    """A webhook of the caller's team, locked until the transaction ends if asked for.

    Raises:
        WebhookNotFound: if there is none; one of another team is none.
    """
    return of_team(session, principal, Webhook, webhook_id, WebhookNotFound, lock=lock)


def own_webhook(session: Session, principal: Principal, webhook_id: str) -> Webhook:
    """A webhook that the caller may change, locked until the transaction ends.

    Raises:
        WebhookNotFound: if there is none in the caller's team.
        NotYours: if it is another member's, and the caller is no admin.
    """
    webhook = webhook_of(session, principal, webhook_id, lock=True)
    require_change(principal, webhook.member_id, "webhook", webhook_id)
    return webhook


def delivery_of(session: Session, webhook: Webhook, delivery_id: str) -> WebhookDelivery:
    """A delivery of a webhook, locked until the transaction ends.

    Raises:
        DeliveryNotFound: if the webhook has none with this id.
    """
    delivery = by_id(session, WebhookDelivery, delivery_id, lock=True)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise DeliveryNotFound(delivery_id)
    return delivery


def refuse_another(session: Session, team_id: str) -> None:
    """Refuse a webhook more than a team may have; two requests at once are counted one after the other.

    Raises:
        LimitReached: if it has that many.
    """
    session.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True))
    number = session.scalar(select(func.count()).select_from(Webhook).where(Webhook.team_id == team_id)) or 0
    if number >= MOST_WEBHOOKS:
        raise LimitReached(f"The team has {number} webhooks, and cannot have more; delete one that it does not need.")


def view(session: Session, webhook: Webhook) -> WebhookView:
    """What is told about one webhook."""
    return WebhookView.of(webhook, session.get_one(Member, webhook.member_id).name)


def webhooks(session: Session, principal: Principal, limit: int, cursor: str | None) -> Page[WebhookView]:
    """The team's webhooks, newest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(Webhook, Member.name).join(Member, Member.id == Webhook.member_id)
    query = _after(query, Webhook.team_id == principal.team_id, Webhook.created_at, Webhook.id, cursor)
    rows = session.execute(query.limit(limit + 1)).all()
    views = [WebhookView.of(webhook, owner) for webhook, owner in rows[:limit]]
    return Page(views, cursors.encode(views[-1].created_at.isoformat(), views[-1].id) if len(rows) > limit else None)


def deliveries(session: Session, webhook: Webhook, limit: int, cursor: str | None) -> Page[DeliveryView]:
    """A webhook's deliveries, newest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(WebhookDelivery)
    of_this = WebhookDelivery.webhook_id == webhook.id
    query = _after(query, of_this, WebhookDelivery.created_at, WebhookDelivery.id, cursor)
    rows = session.scalars(query.limit(limit + 1)).all()
    views = [DeliveryView.of(row) for row in rows[:limit]]
    return Page(views, cursors.encode(views[-1].created_at.isoformat(), views[-1].id) if len(rows) > limit else None)


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
