"""What somebody is to the service, and what they may have and do."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import ApiKey, Attempt, Dataset, Job, Member, Shard, Team
from ayla_service.db.session import store_now
from ayla_service.states import ShardState
from ayla_service.teams.limits import Limit, used
from ayla_service.teams.principal import Principal
from ayla_service.teams.views import KeyView, MemberView, MyView, Standing, Standings, TeamView


def my_view(session: Session, principal: Principal) -> MyView:
    """Everything about who asks."""
    team, member = session.get_one(Team, principal.team_id), session.get_one(Member, principal.member_id)
    key = None if principal.key_id is None else session.get_one(ApiKey, principal.key_id)
    return MyView(
        team=TeamView.of(team),
        member=MemberView.of(member),
        key=None if key is None else KeyView.of(key, member, store_now(session)),
        scopes=sorted(principal.scopes),
        limits=_member_standings(session, member),
        team_limits=team_standings(session, team),
    )


def _member_standings(session: Session, member: Member) -> Standings:
    owned = (Job.owner_id == member.id, Dataset.owner_id == member.id, Shard.owner_id == member.id)
    return _standings(session, member.limits, *owned)


def team_standings(session: Session, team: Team) -> Standings:
    """What a team has of everything that can be limited, and may have."""
    owned = (Job.team_id == team.id, Dataset.team_id == team.id, Shard.team_id == team.id)
    return _standings(session, team.limits, *owned)


def _standings(
    session: Session,
    limits: Mapping[str, int],
    of_jobs: ColumnElement[bool],
    of_datasets: ColumnElement[bool],
    of_shards: ColumnElement[bool],
) -> Standings:
    amount = used(session, of_jobs, of_datasets)
    have = {limit.value: amount.of(limit) for limit in Limit if limit is not Limit.WORKERS}
    have[Limit.WORKERS] = _workers(session, of_shards)
    return {limit.value: Standing(limits.get(limit), have[limit]) for limit in Limit}


def _workers(session: Session, of_shards: ColumnElement[bool]) -> int:
    query = select(func.count(Attempt.worker.distinct())).select_from(Shard)
    query = query.join(Attempt, (Attempt.shard_id == Shard.id) & (Attempt.number == Shard.attempt))
    return session.scalar(query.where(Shard.state == written(ShardState.RUNNING), of_shards)) or 0
