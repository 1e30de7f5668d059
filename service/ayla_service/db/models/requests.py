"""Requests that can be repeated safely."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models.base import ID, Base


class IdempotencyKeyRow(Base):
    """Answer to a POST with this key, written in the transaction of what it did."""

    __tablename__ = "idempotency_keys"

    member_id: Mapped[str] = mapped_column(ID, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path and body; in base64url after ``json:`` for what JSON says, hexadecimal for a file."""
    status: Mapped[int]
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
