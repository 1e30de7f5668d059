"""A team's queue: what runs and waits, what comes next, and who has had how much; inside the caller's transaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Attempt, Job, Member, Shard, Team, TeamUsage, Usage
from ayla_service.overview.estimates import (
    MemberShare,
    QueueView,
    RunningShard,
    TeamShare,
    WaitingJob,
    WaitingShards,
    WorkersInUse,
)
from ayla_service.overview.lanes import QueuedPart, basis, expectations, fronts, moment, why_not
from ayla_service.queue import control
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.forecast import Expectation
from ayla_service.queue.snapshot import Census, Stretch, seconds_left
from ayla_service.states import AttemptOutcome, priority_name

JOBS_SHOWN = 50
RUNNING_SHOWN = 200


@dataclass(frozen=True, slots=True)
class _Members:
    """The team's members: rows with name, weight and use, by id."""

    rows: dict[str, Any]

    def name(self, member_id: str) -> str:
        return str(self.rows[member_id].name)


def queue_view(session: Session, facts: Census, team_id: str, shares: SharePolicy) -> QueueView:
    """All that a team is told about its queue."""
    members = _members(session, team_id)
    stretches = [stretch for stretch in facts.stretches if stretch.team_id == team_id]
    return QueueView(
        as_of=facts.now,
        switches=control.switches(session, team_id),
        workers=_in_use(facts, team_id),
        running=_running(session, facts, team_id, members),
        waiting=_waiting(stretches, members),
        next_jobs=_next_jobs(session, facts, stretches, members),
        shares=_shares(facts, members, shares),
        team=_team_share(session, facts, team_id, shares),
        half_life_seconds=shares.half_life_seconds,
        basis=basis(facts, len(facts.loads)),
    )


def _used_lately(row: Any, facts: Census, shares: SharePolicy) -> float:
    """Computing time that is remembered, from a row with ``seconds`` and ``at``."""
    if row.at is None:
        return 0.0
    return max(0.0, float(row.seconds) * shares.kept((facts.now - row.at).total_seconds()))


def _members(session: Session, team_id: str) -> _Members:
    rows = session.execute(
        select(Member.id, Member.name, Member.weight, Member.removed_at, Usage.seconds, Usage.at)
        .outerjoin(Usage, Usage.member_id == Member.id)
        .where(Member.team_id == team_id)
        .order_by(Member.name)
    )
    return _Members({row.id: row for row in rows})


def _in_use(facts: Census, team_id: str) -> WorkersInUse:
    idle = sum(not load.works_for for load in facts.loads)
    busy = sum(team_id in load.works_for for load in facts.loads)
    return WorkersInUse(idle, busy, len(facts.loads) - idle - busy)


def _running(session: Session, facts: Census, team_id: str, members: _Members) -> list[RunningShard]:
    rows = session.execute(
        select(
            Attempt.worker,
            Attempt.started_at,
            Shard.id,
            Shard.index.label("place"),
            Shard.job_id,
            Shard.owner_id,
            Job.name,
        )
        .join(Shard, Shard.id == Attempt.shard_id)
        .join(Job, Job.id == Shard.job_id)
        .where(Attempt.outcome == written(AttemptOutcome.RUNNING), Shard.team_id == team_id)
        .order_by(Attempt.started_at, Shard.id)
        .limit(RUNNING_SHOWN)
    ).all()
    by_worker = {load.name: load.seconds_left for load in facts.loads}
    by_progress = seconds_left(session, [row.id for row in rows], facts.now)
    found = []
    for row in rows:
        left = by_progress.get(row.id, by_worker.get(row.worker))
        end = None if left is None else facts.now + timedelta(seconds=left)
        owner = members.name(row.owner_id)
        found.append(RunningShard(row.worker, row.job_id, row.name, row.place, owner, row.started_at, end))
    return found


def _waiting(stretches: Sequence[Stretch], members: _Members) -> list[WaitingShards]:
    counts: dict[tuple[int, str], int] = defaultdict(int)
    cut: set[tuple[int, str]] = set()
    for stretch in stretches:
        key = (stretch.priority, members.name(stretch.member_id))
        counts[key] += stretch.shards
        cut |= {key} if stretch.is_more else set()
    return [
        WaitingShards(priority_name(priority), owner, shards, (priority, owner) in cut)
        for (priority, owner), shards in sorted(counts.items())
    ]


def _next_jobs(session: Session, facts: Census, stretches: Sequence[Stretch], members: _Members) -> list[WaitingJob]:
    """Those that are expected to be started first; of the others, those at the front."""
    known = fronts(session, stretches, JOBS_SHOWN)
    expected = expectations(facts, known, {part.job_id for parts in known.values() for part in parts}, JOBS_SHOWN)
    places = {job_id: place for place, job_id in enumerate(expected)}
    jobs = [(stretch, part) for stretch in stretches for part in known.get(stretch.key, ())]
    jobs.sort(key=lambda job: places.get(job[1].job_id, len(places)))
    jobs = jobs[:JOBS_SHOWN]
    ids = [part.job_id for _, part in jobs]
    names = {row.id: row.name for row in session.execute(select(Job.id, Job.name).where(Job.id.in_(ids)))}
    return [
        _waiting_job(facts, stretch, part, names.get(part.job_id), members, expected.get(part.job_id))
        for stretch, part in jobs
    ]


def _waiting_job(
    facts: Census,
    stretch: Stretch,
    part: QueuedPart,
    name: str | None,
    members: _Members,
    expected: Expectation | None,
) -> WaitingJob:
    return WaitingJob(
        job_id=part.job_id,
        name=name,
        owner=members.name(stretch.member_id),
        priority=priority_name(stretch.priority),
        device=stretch.device,
        shards=part.shards,
        position=None if expected is None else expected.ahead + 1,
        estimated_start=moment(facts, None if expected is None else expected.start),
        estimated_finish=moment(facts, None if expected is None else expected.finish),
        reason=why_not(facts, stretch) if expected is None else None,
    )


def _shares(facts: Census, members: _Members, shares: SharePolicy) -> list[MemberShare]:
    active = _active(facts) & members.rows.keys()
    weights = sum(members.rows[member_id].weight for member_id in active)
    return [
        MemberShare(
            row.name, row.weight, _used_lately(row, facts, shares), row.weight / weights if row.id in active else 0.0
        )
        for row in members.rows.values()
        if row.removed_at is None or row.id in active
    ]


def _team_share(session: Session, facts: Census, team_id: str, shares: SharePolicy) -> TeamShare:
    active = _active(facts) | {team_id}
    query = select(Team.id, Team.weight, TeamUsage.seconds, TeamUsage.at)
    rows = session.execute(query.outerjoin(TeamUsage, TeamUsage.team_id == Team.id).where(Team.id.in_(active))).all()
    [own] = [row for row in rows if row.id == team_id]
    busy = team_id in _active(facts)
    return TeamShare(
        own.weight, _used_lately(own, facts, shares), own.weight / sum(row.weight for row in rows) if busy else 0.0
    )


def _active(facts: Census) -> set[str]:
    """Members and teams of which something waits or runs."""
    waiting = {one for stretch in facts.stretches for one in (stretch.member_id, stretch.team_id)}
    return waiting.union(*(load.works_for for load in facts.loads))
