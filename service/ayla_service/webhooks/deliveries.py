"""Deliveries that are due: taken by one process at a time, and what became of them.

A delivery is taken by moving its next attempt ahead: if the process dies, another finds it due again. The number of the
attempt fences what is written afterwards, as with shards.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Webhook, WebhookDelivery
from ayla_service.db.session import Database, store_now
from ayla_service.states import DeliveryState
from ayla_service.webhooks.concurrency import Room
from ayla_service.webhooks.schedule import pause
from ayla_service.webhooks.sending import Reply

OLD_SECRETS_SIGN = timedelta(hours=24)
"""How long a secret that was replaced signs beside the new one."""

LEASE_SECONDS = 60.0
"""After that a delivery that was taken is due again: well above what an attempt can take."""

_LOOKED_AT = 200
_DISABLED = "The webhook was disabled when this was due."


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that this process is to send.

    Attributes:
        attempt: its number, from 1.
        secrets: what it is to be signed with.
        at: the store's time.
    """

    id: str
    webhook_id: str
    team_id: str
    attempt: int
    url: str
    secrets: tuple[str, ...]
    payload: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt."""

    taken: Taken
    reply: Reply


def take(database: Database, room: Room, lease_seconds: float = LEASE_SECONDS) -> list[Taken]:
    """Take what is due, as much as there is room for."""
    if not _anything(database, room):
        return []
    with database.write() as session:
        now = store_now(session)
        rows = session.execute(_due(now, room).limit(_LOOKED_AT)).all()
        chosen = room.choose([(row.id, row.webhook_id, row.team_id) for row in rows])
        locked = _locked(session, chosen, now)
        _give_up(session, [row.WebhookDelivery.id for row in locked if not row.Webhook.enabled], now)
        sendable = [row for row in locked if row.Webhook.enabled]
        for row in sendable:
            row.WebhookDelivery.attempts += 1
            row.WebhookDelivery.next_at = now + timedelta(seconds=lease_seconds)
        return [_taken(row.WebhookDelivery, row.Webhook, now) for row in sendable]


def record(database: Database, outcomes: Sequence[Outcome], first_pause: float) -> None:
    """Store what became of attempts; those that another process has taken over since are passed over.

    Args:
        database: the store.
        outcomes: of the attempts.
        first_pause: seconds until the second attempt, which later pauses are in proportion to.
    """
    with database.write() as session:
        now = store_now(session)
        # Webhooks before their deliveries, as whoever deletes one locks them.
        for outcome in outcomes:
            if outcome.reply.is_gone:
                _disable(session, outcome.taken)
        for outcome in sorted(outcomes, key=lambda outcome: outcome.taken.id):
            _record(session, outcome, now, first_pause)


def _anything(database: Database, room: Room) -> bool:
    """Look before locking: on SQLite a unit of work that writes keeps all others waiting."""
    with database.read() as session:
        return session.execute(_due(store_now(session), room).limit(1)).first() is not None


def _due(now: datetime, room: Room) -> Select[str, str, str]:
    """What could be sent now; nothing of receivers and teams that have as much under way as they may."""
    query = (
        select(WebhookDelivery.id, WebhookDelivery.webhook_id, Webhook.team_id)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.state == written(DeliveryState.PENDING), WebhookDelivery.next_at <= now)
        .order_by(WebhookDelivery.next_at)
    )
    if room.full_webhooks:
        query = query.where(Webhook.id.not_in(room.full_webhooks))
    if room.full_teams:
        query = query.where(Webhook.team_id.not_in(room.full_teams))
    return query


def _locked(session: Session, ids: Collection[str], now: datetime) -> Sequence[Row[WebhookDelivery, Webhook]]:
    """Those of the deliveries that nobody else has taken meanwhile."""
    query = (
        select(WebhookDelivery, Webhook)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.id.in_(ids), WebhookDelivery.state == DeliveryState.PENDING)
        .where(WebhookDelivery.next_at <= now)
        .order_by(WebhookDelivery.id)
        .with_for_update(skip_locked=True, of=WebhookDelivery)
    )
    return session.execute(query).all()


def _taken(delivery: WebhookDelivery, webhook: Webhook, now: datetime) -> Taken:
    old = (webhook.old_secret,) if webhook.old_secret is not None and _still_signs(webhook.rotated_at, now) else ()
    return Taken(
        id=delivery.id,
        webhook_id=webhook.id,
        team_id=webhook.team_id,
        attempt=delivery.attempts,
        url=webhook.url,
        secrets=(webhook.secret, *old),
        payload=delivery.payload,
        at=now,
    )


def _still_signs(rotated_at: datetime | None, now: datetime) -> bool:
    return rotated_at is not None and now < rotated_at + OLD_SECRETS_SIGN


def _give_up(session: Session, ids: Collection[str], now: datetime) -> None:
    if ids:
        ended = {"state": DeliveryState.FAILED, "next_at": None, "ended_at": now, "last_error": _DISABLED}
        session.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).values(ended))


def _disable(session: Session, taken: Taken) -> None:
    """Unless it has got another URL since, which has not said anything yet."""
    this = update(Webhook).where(Webhook.id == taken.webhook_id, Webhook.url == taken.url)
    session.execute(this.values(enabled=False))


def _record(session: Session, outcome: Outcome, now: datetime, first_pause: float) -> None:
    taken, reply = outcome.taken, outcome.reply
    values: dict[str, Any] = {"last_status": reply.status, "last_error": reply.error}
    seconds = None
    if not reply.is_received and not reply.is_gone:
        seconds = pause(taken.attempt, first_pause, reply.retry_after)
    if seconds is None:
        state = DeliveryState.DELIVERED if reply.is_received else DeliveryState.FAILED
        values |= {"state": state, "next_at": None, "ended_at": now}
    else:
        values["next_at"] = now + timedelta(seconds=seconds)
    current = (
        WebhookDelivery.id == taken.id,
        WebhookDelivery.attempts == taken.attempt,
        WebhookDelivery.state == DeliveryState.PENDING,
    )
    session.execute(update(WebhookDelivery).where(*current).values(values))
