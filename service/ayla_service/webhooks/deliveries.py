"""Deliveries: claims of those that are due, the record of their outcomes, and the delays between attempts.

A delivery is claimed by moving its next attempt ahead: if the process dies, another finds it due again. The number of
the attempt fences what is written afterwards, as with shards.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import WebhookDeliveryRow, WebhookRow
from ayla_service.db.session import Database, store_now
from ayla_service.states import DeliveryState
from ayla_service.webhooks.concurrency import ConcurrencyLimits
from ayla_service.webhooks.sending import Reply

OLD_SECRETS_SIGN = timedelta(hours=24)
"""How long a secret that was replaced signs beside the new one."""

LEASE_SECONDS = 60.0
"""After that a claimed delivery is due again: well above the longest time of an attempt."""

_LOOKED_AT = 200

_DELAYS = (1.0, 60.0, 360.0, 1440.0, 3600.0, 7200.0, 10_080.0, 14_400.0, 17_280.0)
"""Delays between the attempts, in multiples of the first: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h."""

_LONGEST_WAIT = 24 * 3600.0
_SPREAD = 0.1
# Not the shared generator of the random module: a program that seeds that one wants its own draws from it only.
_JITTER = random.Random()  # noqa: S311  # nothing secret

MOST_ATTEMPTS = len(_DELAYS) + 1

_DISABLED = "The webhook was disabled when this was due."


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process has claimed and is to send.

    Attributes:
        attempt: its number, from 1.
        secrets: that sign it.
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
class DeliveryOutcome:
    """Outcome of an attempt: the reply of the receiver, or why there was none."""

    claimed: ClaimedDelivery
    reply: Reply


def claim(database: Database, limits: ConcurrencyLimits, lease_seconds: float = LEASE_SECONDS) -> list[ClaimedDelivery]:
    """Claim due deliveries, as many as the limits allow."""
    if not _any_due(database, limits):
        return []
    with database.write() as session:
        now = store_now(session)
        rows = session.execute(_due(now, limits).limit(_LOOKED_AT)).all()
        chosen = limits.choose([(row.id, row.webhook_id, row.team_id) for row in rows])
        locked = _locked(session, chosen, now)
        _give_up(session, [row.WebhookDeliveryRow.id for row in locked if not row.WebhookRow.enabled], now)
        sendable = [row for row in locked if row.WebhookRow.enabled]
        for row in sendable:
            row.WebhookDeliveryRow.attempts += 1
            row.WebhookDeliveryRow.next_at = now + timedelta(seconds=lease_seconds)
        return [_claimed(row.WebhookDeliveryRow, row.WebhookRow, now) for row in sendable]


def record(database: Database, outcomes: Sequence[DeliveryOutcome], first_delay: float) -> None:
    """Store outcomes of attempts, but for those that another process has claimed again since.

    Args:
        database: the store.
        outcomes: of the attempts.
        first_delay: seconds before the second attempt; later delays are in proportion.
    """
    with database.write() as session:
        now = store_now(session)
        # Webhooks before their deliveries, as whoever deletes one locks them.
        for outcome in outcomes:
            if outcome.reply.is_gone:
                _disable(session, outcome.claimed)
        for outcome in sorted(outcomes, key=lambda outcome: outcome.claimed.id):
            _record(session, outcome, now, first_delay)


def _any_due(database: Database, limits: ConcurrencyLimits) -> bool:
    """Whether a delivery is due; asked before locking, as on SQLite a write keeps all others waiting."""
    with database.read() as session:
        return session.execute(_due(store_now(session), limits).limit(1)).first() is not None


def _due(now: datetime, limits: ConcurrencyLimits) -> Select[str, str, str]:
    """Deliveries that could be sent now, without those of webhooks and teams at their limit."""
    query = (
        select(WebhookDeliveryRow.id, WebhookDeliveryRow.webhook_id, WebhookRow.team_id)
        .join(WebhookRow, WebhookRow.id == WebhookDeliveryRow.webhook_id)
        .where(WebhookDeliveryRow.state == written(DeliveryState.PENDING), WebhookDeliveryRow.next_at <= now)
        .order_by(WebhookDeliveryRow.next_at)
    )
    if limits.full_webhooks:
        query = query.where(WebhookRow.id.not_in(limits.full_webhooks))
    if limits.full_teams:
        query = query.where(WebhookRow.team_id.not_in(limits.full_teams))
    return query


def _locked(session: Session, ids: Collection[str], now: datetime) -> Sequence[Row[WebhookDeliveryRow, WebhookRow]]:
    """Those of the deliveries that no other process has claimed meanwhile, locked."""
    query = (
        select(WebhookDeliveryRow, WebhookRow)
        .join(WebhookRow, WebhookRow.id == WebhookDeliveryRow.webhook_id)
        .where(WebhookDeliveryRow.id.in_(ids), WebhookDeliveryRow.state == DeliveryState.PENDING)
        .where(WebhookDeliveryRow.next_at <= now)
        .order_by(WebhookDeliveryRow.id)
        .with_for_update(skip_locked=True, of=WebhookDeliveryRow)
    )
    return session.execute(query).all()


def _claimed(delivery: WebhookDeliveryRow, webhook: WebhookRow, now: datetime) -> ClaimedDelivery:
    old = (webhook.old_secret,) if webhook.old_secret is not None and _still_signs(webhook.rotated_at, now) else ()
    return ClaimedDelivery(
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
        session.execute(update(WebhookDeliveryRow).where(WebhookDeliveryRow.id.in_(ids)).values(ended))


def _disable(session: Session, claimed: ClaimedDelivery) -> None:
    """Disable a webhook, unless it has another URL by now."""
    this = update(WebhookRow).where(WebhookRow.id == claimed.webhook_id, WebhookRow.url == claimed.url)
    session.execute(this.values(enabled=False))


def _record(session: Session, outcome: DeliveryOutcome, now: datetime, first_delay: float) -> None:
    claimed, reply = outcome.claimed, outcome.reply
    values: dict[str, Any] = {"last_status": reply.status, "last_error": reply.error}
    seconds = None
    if not reply.is_received and not reply.is_gone:
        seconds = retry_delay(claimed.attempt, first_delay, reply.retry_after)
    if seconds is None:
        state = DeliveryState.DELIVERED if reply.is_received else DeliveryState.FAILED
        values |= {"state": state, "next_at": None, "ended_at": now}
    else:
        values["next_at"] = now + timedelta(seconds=seconds)
    current = (
        WebhookDeliveryRow.id == claimed.id,
        WebhookDeliveryRow.attempts == claimed.attempt,
        WebhookDeliveryRow.state == DeliveryState.PENDING,
    )
    session.execute(update(WebhookDeliveryRow).where(*current).values(values))


def retry_delay(attempts: int, first_seconds: float, retry_after: float | None = None) -> float | None:
    """Seconds until the next attempt; None after the last. All delays together are three days.

    Up to a tenth is added at random, so that what failed together is not sent again together.

    Args:
        attempts: how many there have been.
        first_seconds: delay after the first one; all others are in proportion to it.
        retry_after: seconds that the receiver asks for; a day counts at most.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    planned = first_seconds * _DELAYS[attempts - 1]
    seconds = max(planned, min(retry_after or 0.0, _LONGEST_WAIT))
    return seconds * (1 + _JITTER.uniform(0, _SPREAD))
