"""Webhooks and their deliveries, as rows of the store."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ayla_service.db.models import WebhookDeliveryRow, WebhookRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.outbox import WebhookEvent, delivery, message
from ayla_service.teams.principal import LOCAL, Principal
from ayla_service.webhooks.signing import new_secret
from sqlalchemy import insert, select, update


def add_webhook(
    database: Database, events: Sequence[str] = tuple(WebhookEvent), caller: Principal = LOCAL, **columns: Any
) -> str:
    """A webhook of the caller's; returns its id."""
    webhook = {
        "id": str(uuid.uuid4()),
        "team_id": caller.team_id,
        "member_id": caller.member_id,
        "url": "http://127.0.0.1:9/",
        "events": list(events),
        "secret": new_secret(),
        "enabled": True,
        **columns,
    }
    with database.write() as session:
        session.execute(insert(WebhookRow), [{**webhook, "created_at": store_now(session)}])
    return str(webhook["id"])


def add_delivery(database: Database, webhook_id: str, event: str = "job.succeeded") -> str:
    """A message to a webhook that is due; returns its id."""
    with database.write() as session:
        now = store_now(session)
        row = delivery(webhook_id, event, message(event, now, {"name": "Bézier"}), now)
        session.execute(insert(WebhookDeliveryRow), [row])
    return str(row["id"])


def deliveries(database: Database) -> list[WebhookDeliveryRow]:
    """All deliveries, the oldest first."""
    with database.read() as session:
        order = (WebhookDeliveryRow.created_at, WebhookDeliveryRow.id)
        rows = list(session.scalars(select(WebhookDeliveryRow).order_by(*order)))
        session.expunge_all()
        return rows


def pass_time(database: Database) -> None:
    """Let everything that waits be due, as if its time had come."""
    with database.write() as session:
        pending = update(WebhookDeliveryRow).where(WebhookDeliveryRow.state == "pending")
        session.execute(pending.values(next_at=store_now(session) - timedelta(seconds=1)))
