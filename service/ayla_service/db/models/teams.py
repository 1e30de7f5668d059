"""Teams, their members, the members' API keys and sessions, and how much of the workers each has used lately."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models.base import ID, NAME, STATE, Base, one_of
from ayla_service.states import Role


class TeamRow(Base):
    """People who see each other's jobs, and nobody else's."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    weight: Mapped[float] = mapped_column(default=1.0)
    """Its share of the workers beside other teams: twice the weight, twice the time."""
    limits: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What its members may have at once, all together; a limit that is left out does not exist."""
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Nothing of its queue is started."""
    draining_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Nothing is put on its queue any more."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("name"), CheckConstraint("weight > 0", name="weight"))


class MemberRow(Base):
    """One person or program of a team. One who has left keeps the row, as the jobs still name their owner."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ID, ForeignKey("teams.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(NAME)
    role: Mapped[str] = mapped_column(STATE)
    weight: Mapped[float] = mapped_column(default=1.0)
    """The share of the team's time beside other members."""
    limits: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint("weight > 0", name="weight"),
        UniqueConstraint("team_id", "name"),
    )


class ApiKeyRow(Base):
    """API key of a member. The key itself is shown once and never stored: only its digest."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    member_id: Mapped[str] = mapped_column(ID, ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(NAME)
    prefix: Mapped[str] = mapped_column(String(16))
    """The first characters of the key, by which its owner recognises it."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the key, which is random enough to need no salt."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("digest"),)


class SessionRow(Base):
    """A browser that is signed in with an API key, until a time or until the key ends."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the random token in the browser's cookie; the token itself is never stored."""
    key_id: Mapped[str] = mapped_column(ID, ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class _UsageColumns:
    """Computing time that one has used lately, and its virtual clock (``queue/fair_queue.py``)."""

    seconds: Mapped[float] = mapped_column(default=0.0)
    """Computing time, halved per half-life since ``at``; as the two that follow."""
    virtual_time: Mapped[float] = mapped_column("turn", key="virtual_time", default=0.0)
    """Who has the least is served next; it grows by the time used over the weight."""
    last_start: Mapped[float] = mapped_column("served", key="last_start", default=0.0)
    """Virtual time at which it was served last."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageRow(_UsageColumns, Base):
    """Usage of a member."""

    __tablename__ = "usage"

    member_id: Mapped[str] = mapped_column(ID, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ID, ForeignKey("teams.id", ondelete="CASCADE"), index=True)


class TeamUsageRow(_UsageColumns, Base):
    """Usage of a team: of all its members."""

    __tablename__ = "team_usage"

    team_id: Mapped[str] = mapped_column(ID, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
