"""Pausing and draining of a team's queue; inside the caller's transaction, and safe to repeat.

What runs goes on in both cases. A paused queue takes new jobs and starts none; a draining one starts what is on it and
takes nothing new.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import TeamRow
from ayla_service.queue.schemas import Switches


def switches(session: Session, team_id: str) -> Switches:
    """Switches of the team's queue."""
    row = session.execute(select(TeamRow.paused_at, TeamRow.draining_at).where(TeamRow.id == team_id)).one()
    return Switches(paused_at=row.paused_at, draining_at=row.draining_at)


def pause(session: Session, team_id: str, now: datetime) -> Switches:
    """Start nothing more of the team's queue."""
    team = _locked(session, team_id)
    team.paused_at = team.paused_at or now
    return Switches(paused_at=team.paused_at, draining_at=team.draining_at)


def drain(session: Session, team_id: str, now: datetime) -> Switches:
    """Take nothing new on the team's queue."""
    team = _locked(session, team_id)
    team.draining_at = team.draining_at or now
    return Switches(paused_at=team.paused_at, draining_at=team.draining_at)


def resume(session: Session, team_id: str, now: datetime) -> Switches:  # noqa: ARG001  # as the others
    """Start and take jobs again; ``sweep`` after the commit tells idle workers."""
    team = _locked(session, team_id)
    team.paused_at = team.draining_at = None
    return Switches(paused_at=None, draining_at=None)


def _locked(session: Session, team_id: str) -> TeamRow:
    return session.get_one(TeamRow, team_id, with_for_update={"key_share": True})
