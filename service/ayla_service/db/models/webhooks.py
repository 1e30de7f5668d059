"""Whom to tell when a job ends, and what was told."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models.base import ID, STATE, Base, one_of, partial
from ayla_service.states import DeliveryState


class WebhookRow(Base):
    """A URL to which messages are sent when jobs of a team end."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ID, ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[str] = mapped_column(ID, ForeignKey("members.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str | None] = mapped_column(String(200))
    events: Mapped[list[str]] = mapped_column(JSON)
    """Types of events of which messages are sent, such as ``job.succeeded``."""
    secret: Mapped[str] = mapped_column(String(100))
    """Signs what is sent (Standard Webhooks, ``whsec_…``): it has to be known in the clear to sign with it."""
    old_secret: Mapped[str | None] = mapped_column(String(100))
    """The one before, which signs too for a while after it was replaced."""
    rotated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebhookDeliveryRow(Base):
    """One event for one address, written in the transaction of the event; sent and repeated until it is received."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ID, ForeignKey("webhooks.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(ID, ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    event: Mapped[str] = mapped_column(String(50))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(STATE)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it is tried (again); while it is being sent, when another process may take it over."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        CheckConstraint("(next_at IS NOT NULL) = (state = 'pending')", name="next"),
        Index(None, "webhook_id", "created_at", "id"),
        Index(None, "ended_at"),
        partial("ix_webhook_deliveries_pending", "state = 'pending'", "next_at"),
    )
