"""Members of a team: listing, adding, changing and removing them, in the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.lookup import by_id
from ayla_service.db.models import ApiKeyRow, MemberRow, TeamRow
from ayla_service.db.session import store_now
from ayla_service.errors import LastAdmin, LimitReached, MemberNameTaken, MemberNotFound
from ayla_service.states import Role
from ayla_service.teams import schemas

MOST_MEMBERS = 1000
"""Members that a team may have, without those who have left."""

log = structlog.get_logger("ayla_service.teams")


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member that is to be added to a team.

    Attributes:
        name: unique within the team.
        role: in the team.
        weight: of its share beside other members.
        limits: by name.
    """

    name: str
    role: Role = Role.MEMBER
    weight: float = 1.0
    limits: Mapping[str, int] = field(default_factory=dict)


def member_of(session: Session, team_id: str, member_id: str, *, lock: bool = False) -> MemberRow:
    """A member of a team, also one who has left; locked until the transaction ends if asked for.

    Raises:
        MemberNotFound: if the team has none with this id.
    """
    member = by_id(session, MemberRow, member_id, lock=lock)
    if member is None or member.team_id != team_id:
        raise MemberNotFound(member_id)
    return member


def current_member(session: Session, team_id: str, member_id: str) -> MemberRow:
    """A member who has not left, locked until the transaction ends.

    Raises:
        MemberNotFound: if the team has none with this id.
    """
    member = member_of(session, team_id, member_id, lock=True)
    if member.removed_at is not None:
        raise MemberNotFound(member_id)
    return member


def page(session: Session, team_id: str, limit: int, cursor: str | None) -> schemas.MemberPage:
    """One page of the members who have not left, in the order in which they came.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(MemberRow).where(MemberRow.team_id == team_id, MemberRow.removed_at.is_(None))
    if cursor is not None:
        query = query.where(tuple_(MemberRow.created_at, MemberRow.id) > tuple_(*cursors.job_key(cursor)))
    rows = session.scalars(query.order_by(MemberRow.created_at, MemberRow.id).limit(limit + 1)).all()
    shown = rows[:limit]
    last = schemas.cursor_after(shown[-1]) if len(rows) > limit else None
    return schemas.MemberPage(data=[schemas.Member.of(row) for row in shown], next_cursor=last)


def add(session: Session, team_id: str, new: NewMember) -> schemas.Member:
    """Add a member, or restore one who has left, with its jobs and without keys.

    Raises:
        MemberNameTaken: if the team has a member of this name.
        LimitReached: if the team has as many members as it can have.
    """
    _lock_team(session, team_id)
    _refuse_beyond_limit(session, team_id)
    query = select(MemberRow).where(MemberRow.team_id == team_id, MemberRow.name == new.name)
    member = session.scalar(query)
    if member is None:
        member = MemberRow(id=str(uuid.uuid4()), team_id=team_id, name=new.name, created_at=store_now(session))
        session.add(member)
    elif member.removed_at is None:
        raise MemberNameTaken(new.name)
    member.role, member.weight, member.limits, member.removed_at = new.role, new.weight, dict(new.limits), None
    session.flush()
    log.info("member added", team_id=team_id, subject_id=member.id, role=member.role)
    return schemas.Member.of(member)


def change(session: Session, team_id: str, member_id: str, changes: Mapping[str, Any]) -> schemas.Member:
    """Change a member.

    Args:
        session: the unit of work.
        team_id: the team.
        member_id: the member.
        changes: of name, role, weight and limits those that change; of the limits those that change, None for none.

    Raises:
        MemberNotFound: if the team has none with this id.
        MemberNameTaken: if another member has the new name, or had it.
        LastAdmin: if it is the only admin of the team.
    """
    _lock_team(session, team_id)
    member = current_member(session, team_id, member_id)
    if changes.get("role", Role.ADMIN) != Role.ADMIN:
        _refuse_last_admin(session, member)
    for name, value in changes.items():
        setattr(member, name, merged(member.limits, value) if name == "limits" else value)
    try:
        session.flush()
    except IntegrityError as error:
        raise MemberNameTaken(str(changes["name"])) from error
    log.info("member changed", team_id=team_id, subject_id=member.id, changed=sorted(changes))
    return schemas.Member.of(member)


def remove(session: Session, team_id: str, member_id: str) -> None:
    """Remove a member from the team: its keys are refused from now on, its jobs go on and keep their owner.

    Raises:
        MemberNotFound: if the team has none with this id.
        LastAdmin: if it is the only admin of the team.
    """
    _lock_team(session, team_id)
    member = current_member(session, team_id, member_id)
    _refuse_last_admin(session, member)
    now = store_now(session)
    member.removed_at = now
    # A member of this name may be taken back one day, and these keys must not be valid then.
    live = (ApiKeyRow.member_id == member.id, ApiKeyRow.revoked_at.is_(None))
    session.execute(update(ApiKeyRow).where(*live).values(revoked_at=now))
    log.info("member removed", team_id=team_id, subject_id=member.id)


def merged(limits: Mapping[str, int], changes: Mapping[str, int | None]) -> dict[str, int]:
    """Limits with some of them changed; None takes one away."""
    return {name: most for name, most in {**limits, **changes}.items() if most is not None}


def _lock_team(session: Session, team_id: str) -> None:
    """Lock the team, so that two admins who leave at the same moment do not each count on the other."""
    session.execute(select(TeamRow.id).where(TeamRow.id == team_id).with_for_update(key_share=True))


def _refuse_last_admin(session: Session, member: MemberRow) -> None:
    others = select(func.count()).select_from(MemberRow)
    others = others.where(MemberRow.team_id == member.team_id, MemberRow.id != member.id)
    others = others.where(MemberRow.role == Role.ADMIN, MemberRow.removed_at.is_(None))
    if member.role == Role.ADMIN and not session.scalar(others):
        raise LastAdmin(member.name)


def _refuse_beyond_limit(session: Session, team_id: str) -> None:
    current = (MemberRow.team_id == team_id, MemberRow.removed_at.is_(None))
    number = session.scalar(select(func.count()).select_from(MemberRow).where(*current)) or 0
    if number >= MOST_MEMBERS:
        raise LimitReached(f"The team has {number} members, and cannot have more; remove those who have left.")
