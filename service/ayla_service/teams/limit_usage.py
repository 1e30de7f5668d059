"""Member and team of the caller, with their limits and what is used of them."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import ApiKey, Attempt, Dataset, Job, Member, Shard, Team
from ayla_service.db.session import store_now
from ayla_service.states import ShardState
from ayla_service.teams import schemas
from ayla_service.teams.limits import Limit, used
from ayla_service.teams.principal import Principal
from ayla_service.teams.schemas import LimitsUsed, LimitUsage


def me(session: Session, principal: Principal) -> schemas.Me:
    """The caller: member, team, API key, scopes, and limits with what is used of them."""
    team, member = session.get_one(Team, principal.team_id), session.get_one(Member, principal.member_id)
    key = None if principal.key_id is None else session.get_one(ApiKey, principal.key_id)
    return schemas.Me(
        member=schemas.Member.of(member),
        team=team_answer(session, team),
        scopes=sorted(principal.scopes),
        key=None if key is None else schemas.Key.of(key, member, store_now(session)),
        limits=_of_member(session, member),
    )


def team_answer(session: Session, team: Team) -> schemas.Team:
    """A team, with its limits and what is used of them."""
    return schemas.Team.of(team, _of_team(session, team))


def _of_member(session: Session, member: Member) -> LimitsUsed:
    owned = (Job.owner_id == member.id, Dataset.owner_id == member.id, Shard.owner_id == member.id)
    return _usage(session, member.limits, *owned)


def _of_team(session: Session, team: Team) -> LimitsUsed:
    owned = (Job.team_id == team.id, Dataset.team_id == team.id, Shard.team_id == team.id)
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
    query = select(func.count(Attempt.worker.distinct())).select_from(Shard)
    query = query.join(Attempt, (Attempt.shard_id == Shard.id) & (Attempt.number == Shard.attempt))
    return session.scalar(query.where(Shard.state == written(ShardState.RUNNING), of_shards)) or 0
