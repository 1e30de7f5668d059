"""The members of a team: who they are, added, changed, removed; inside the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import ApiKey, Member, Team
from ayla_service.db.session import store_now
from ayla_service.errors import LastAdmin, LimitReached, MemberNameTaken, MemberNotFound
from ayla_service.states import Role
from ayla_service.teams.views import MemberView, Part

MOST_MEMBERS = 1000
"""Of a team, those who have left not counted."""

log = structlog.get_logger("ayla_service.teams")


@dataclass(frozen=True, slots=True)
class NewMember:
    """Who is to be added to a team.

    Attributes:
        name: unique within the team.
        role: what it may do.
        weight: the share of the team's time beside other members.
        limits: what it may have at once, by name.
    """

    name: str
    role: Role = Role.MEMBER
    weight: float = 1.0
    limits: Mapping[str, int] = field(default_factory=dict)


def member_of(session: Session, team_id: str, member_id: str, *, lock: bool = False) -> Member:
    """A member of a team, also one who has left; locked until the transaction ends if asked for.

    Raises:
        MemberNotFound: if the team has none with this id.
    """
    member = by_id(session, Member, member_id, lock=lock)
    if member is None or member.team_id != team_id:
        raise MemberNotFound(member_id)
    return member


def current_member(session: Session, team_id: str, member_id: str) -> Member:
    """A member who has not left, locked until the transaction ends.

    Raises:
        MemberNotFound: if the team has none with this id.
    """
    member = member_of(session, team_id, member_id, lock=True)
    if member.removed_at is not None:
        raise MemberNotFound(member_id)
    return member


def page(session: Session, team_id: str, limit: int, after: tuple[Any, str] | None) -> Part[MemberView]:
    """Members who have not left, in the order in which they came, after one of a page before."""
    query = select(Member).where(Member.team_id == team_id, Member.removed_at.is_(None))
    if after is not None:
        query = query.where(tuple_(Member.created_at, Member.id) > tuple_(*after))
    rows = session.scalars(query.order_by(Member.created_at, Member.id).limit(limit + 1)).all()
    shown = rows[:limit]
    last = (shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    return Part([MemberView.of(row) for row in shown], last)


def add(session: Session, team_id: str, new: NewMember) -> MemberView:
    """Add a member, or take one back who has left: with its jobs, and with no key.

    Raises:
        MemberNameTaken: if the team has a member of this name.
        LimitReached: if the team has as many members as it can have.
    """
    _lock_team(session, team_id)
    _refuse_crowd(session, team_id)
    query = select(Member).where(Member.team_id == team_id, Member.name == new.name)
    member = session.scalar(query)
    if member is None:
        member = Member(id=str(uuid.uuid4()), team_id=team_id, name=new.name, created_at=store_now(session))
        session.add(member)
    elif member.removed_at is None:
        raise MemberNameTaken(new.name)
    member.role, member.weight, member.limits, member.removed_at = new.role, new.weight, dict(new.limits), None
    session.flush()
    log.info("member added", team_id=team_id, subject_id=member.id, role=member.role)
    return MemberView.of(member)


def change(session: Session, team_id: str, member_id: str, changes: Mapping[str, Any]) -> MemberView:
    """Change what a member is.

    Args:
        session: the unit of work.
        team_id: the team.
        member_id: the member.
        changes: of name, role, weight and limits those that change; of the limits those that change, None for none.

    Raises:
        MemberNotFound: if the team has none with this id.
        MemberNameTaken: if another member has the new name, or had it.
        LastAdmin: if nobody would be left to look after the team.
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
    return MemberView.of(member)


def remove(session: Session, team_id: str, member_id: str) -> None:
    """Take a member out of the team: its keys let nobody in from now on, its jobs keep their owner and go on.

    Raises:
        MemberNotFound: if the team has none with this id.
        LastAdmin: if nobody would be left to look after the team.
    """
    _lock_team(session, team_id)
    member = current_member(session, team_id, member_id)
    _refuse_last_admin(session, member)
    now = store_now(session)
    member.removed_at = now
    # Not only for the looks: a member of this name may be taken back one day, and these keys must not be.
    live = (ApiKey.member_id == member.id, ApiKey.revoked_at.is_(None))
    session.execute(update(ApiKey).where(*live).values(revoked_at=now))
    log.info("member removed", team_id=team_id, subject_id=member.id)


def merged(limits: Mapping[str, int], changes: Mapping[str, int | None]) -> dict[str, int]:
    """Limits with some of them changed; None takes one away."""
    return {name: most for name, most in {**limits, **changes}.items() if most is not None}


def _lock_team(session: Session, team_id: str) -> None:
    """So that two who leave at the same moment are not each the one who stays."""
    session.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True))


def _refuse_last_admin(session: Session, member: Member) -> None:
    others = select(func.count()).select_from(Member)
    others = others.where(Member.team_id == member.team_id, Member.id != member.id)
    others = others.where(Member.role == Role.ADMIN, Member.removed_at.is_(None))
    if member.role == Role.ADMIN and not session.scalar(others):
        raise LastAdmin(member.name)


def _refuse_crowd(session: Session, team_id: str) -> None:
    current = (Member.team_id == team_id, Member.removed_at.is_(None))
    number = session.scalar(select(func.count()).select_from(Member).where(*current)) or 0
    if number >= MOST_MEMBERS:
        raise LimitReached(f"The team has {number} members, and cannot have more; remove those who have left.")
