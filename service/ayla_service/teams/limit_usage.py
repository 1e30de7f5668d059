"""Member and team of the caller, with their limits and what is used of them."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import ApiKeyRow, AttemptRow, DatasetRow, JobRow, MemberRow, ShardRow, TeamRow
from ayla_service.db.session import store_now
from ayla_service.states import ShardState
from ayla_service.teams import schemas
from ayla_service.teams.limits import Limit, used
from ayla_service.teams.principal import Principal
from ayla_service.teams.schemas import LimitsUsed, LimitUsage


def me(session: Session, principal: Principal) -> schemas.Me:
    """The caller: member, team, API key, scopes, and limits with what is used of them."""
    team, member = session.get_one(TeamRow, principal.team_id), session.get_one(MemberRow, principal.member_id)
    key = None if principal.key_id is None else session.get_one(ApiKeyRow, principal.key_id)
    return schemas.Me(
        member=schemas.Member.of(member),
        team=team_answer(session, team),
        scopes=sorted(principal.scopes),
        key=None if key is None else schemas.Key.of(key, member, store_now(session)),
        limits=_of_member(session, member),
    )


def team_answer(session: Session, team: TeamRow) -> schemas.Team:
    """A team, with its limits and what is used of them."""
    return schemas.Team.of(team, _of_team(session, team))


def _of_member(session: Session, member: MemberRow) -> LimitsUsed:
    owned = (JobRow.owner_id == member.id, DatasetRow.owner_id == member.id, ShardRow.owner_id == member.id)
    return _usage(session, member.limits, *owned)


def _of_team(session: Session, team: TeamRow) -> LimitsUsed:
    owned = (JobRow.team_id == team.id, DatasetRow.team_id == team.id, ShardRow.team_id == team.id)
    return _usage(session, team.limits, *owned)


def _usage(
    session: Session,
    limits: Mapping[str, int],
    of_jobs: ColumnElement[bool],
    of_datasets: ColumnElement[bool],
    of_shards: ColumnElement[bool],
) -> LimitsUsed:
    amount = used(session, of_jobs, of_datasets)
    have = {limit.value: amount.of(limit) for limit in Limit if limit is not Limit.WORKERS}
    have[Limit.WORKERS] = _workers(session, of_shards)
    return LimitsUsed(**{limit.value: LimitUsage(limit=limits.get(limit), used=have[limit]) for limit in Limit})


def _workers(session: Session, of_shards: ColumnElement[bool]) -> int:
    query = select(func.count(AttemptRow.worker.distinct())).select_from(ShardRow)
    query = query.join(AttemptRow, (AttemptRow.shard_id == ShardRow.id) & (AttemptRow.number == ShardRow.attempt))
    return session.scalar(query.where(ShardRow.state == written(ShardState.RUNNING), of_shards)) or 0
