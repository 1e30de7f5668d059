"""Overview of a team's queue: running and waiting work, next jobs, shares; inside the caller's transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import AttemptRow, JobRow, MemberRow, ShardRow, TeamRow, TeamUsageRow, UsageRow
from ayla_service.overview.estimates import JobBacklog, basis, estimates, first_jobs, no_estimate_reason, time_range
from ayla_service.overview.schemas import (
    MemberShare,
    Queue,
    RunningShard,
    TeamShare,
    WaitingJob,
    WaitingShards,
    WorkersInUse,
)
from ayla_service.queue import control
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.forecast import JobEstimate
from ayla_service.queue.snapshot import Backlog, QueueSnapshot, seconds_left
from ayla_service.states import AttemptOutcome, priority_name

JOBS_SHOWN = 50
RUNNING_SHOWN = 200

_Members = Mapping[str, Any]
"""The team's members by id, in the order of their names: rows with name, weight and usage."""


def team_queue(session: Session, snapshot: QueueSnapshot, team_id: str, policy: SharePolicy) -> Queue:
    """Overview of a team's queue."""
    members = _members(session, team_id)
    backlogs = [backlog for backlog in snapshot.backlogs if backlog.team_id == team_id]
    return Queue(
        **control.switches(session, team_id).model_dump(),
        as_of=snapshot.now,
        workers=_in_use(snapshot, team_id),
        running=_running(session, snapshot, team_id, members),
        waiting=_waiting(backlogs, members),
        next=_next_jobs(session, snapshot, backlogs, members),
        shares=_shares(snapshot, members, policy),
        team=_team_share(session, snapshot, team_id, policy),
        half_life_seconds=policy.half_life_seconds,
        basis=basis(snapshot, len(snapshot.workers)),
    )


def _used_seconds(row: Any, snapshot: QueueSnapshot, policy: SharePolicy) -> float:
    """Computing time that still counts, from a row with ``seconds`` and ``at``."""
    if row.at is None:
        return 0.0
    return max(0.0, float(row.seconds) * policy.decay((snapshot.now - row.at).total_seconds()))


def _members(session: Session, team_id: str) -> _Members:
    rows = session.execute(
        select(MemberRow.id, MemberRow.name, MemberRow.weight, MemberRow.removed_at, UsageRow.seconds, UsageRow.at)
        .outerjoin(UsageRow, UsageRow.member_id == MemberRow.id)
        .where(MemberRow.team_id == team_id)
        .order_by(MemberRow.name)
    )
    return {row.id: row for row in rows}


def _in_use(snapshot: QueueSnapshot, team_id: str) -> WorkersInUse:
    idle = sum(not worker.works_for for worker in snapshot.workers)
    busy = sum(team_id in worker.works_for for worker in snapshot.workers)
    return WorkersInUse(idle=idle, busy=busy, busy_for_others=len(snapshot.workers) - idle - busy)


_RUNNING = (
    select(
        AttemptRow.worker,
        AttemptRow.started_at,
        ShardRow.id,
        ShardRow.index.label("place"),
        ShardRow.job_id,
        ShardRow.owner_id,
        JobRow.name,
    )
    .join(ShardRow, ShardRow.id == AttemptRow.shard_id)
    .join(JobRow, JobRow.id == ShardRow.job_id)
    .where(AttemptRow.outcome == written(AttemptOutcome.RUNNING), ShardRow.team_id == bindparam("team_id"))
    .order_by(AttemptRow.started_at, ShardRow.id)
    .limit(RUNNING_SHOWN)
)


def _running(session: Session, snapshot: QueueSnapshot, team_id: str, members: _Members) -> list[RunningShard]:
    rows = session.execute(_RUNNING, {"team_id": team_id}).all()
    by_worker = {worker.name: worker.seconds_left for worker in snapshot.workers}
    by_progress = seconds_left(session, [row.id for row in rows], snapshot.now)
    return [_running_shard(snapshot, row, members, by_progress.get(row.id, by_worker.get(row.worker))) for row in rows]


def _running_shard(snapshot: QueueSnapshot, row: Any, members: _Members, left: float | None) -> RunningShard:
    return RunningShard(
        worker=row.worker,
        job_id=row.job_id,
        job_name=row.name,
        shard_index=row.place,
        owner=members[row.owner_id].name,
        since=row.started_at,
        expected_end=None if left is None else snapshot.now + timedelta(seconds=left),
    )


def _waiting(backlogs: Sequence[Backlog], members: _Members) -> list[WaitingShards]:
    counts: dict[tuple[int, str], int] = defaultdict(int)
    cut: set[tuple[int, str]] = set()
    for backlog in backlogs:
        key = (backlog.priority, members[backlog.member_id].name)
        counts[key] += backlog.shards
        cut |= {key} if backlog.is_more else set()
    return [
        WaitingShards(priority=priority_name(priority), owner=owner, shards=shards, is_more=(priority, owner) in cut)
        for (priority, owner), shards in sorted(counts.items())
    ]


def _next_jobs(
    session: Session, snapshot: QueueSnapshot, backlogs: Sequence[Backlog], members: _Members
) -> list[WaitingJob]:
    """Jobs that are expected to be started first; then those at the front without an estimate."""
    known = first_jobs(session, backlogs, JOBS_SHOWN)
    found = estimates(snapshot, known, {job.job_id for jobs in known.values() for job in jobs}, JOBS_SHOWN)
    places = {job_id: place for place, job_id in enumerate(found)}
    jobs = [(backlog, job) for backlog in backlogs for job in known.get(backlog.key, ())]
    jobs.sort(key=lambda one: places.get(one[1].job_id, len(places)))
    jobs = jobs[:JOBS_SHOWN]
    names = _names(session, [job.job_id for _, job in jobs])
    return [
        _waiting_job(snapshot, backlog, job, names.get(job.job_id), members, found.get(job.job_id))
        for backlog, job in jobs
    ]


def _names(session: Session, job_ids: Sequence[str]) -> dict[str, str | None]:
    return {row.id: row.name for row in session.execute(select(JobRow.id, JobRow.name).where(JobRow.id.in_(job_ids)))}


def _waiting_job(
    snapshot: QueueSnapshot,
    backlog: Backlog,
    job: JobBacklog,
    name: str | None,
    members: _Members,
    estimate: JobEstimate | None,
) -> WaitingJob:
    return WaitingJob(
        job_id=job.job_id,
        name=name,
        owner=members[backlog.member_id].name,
        priority=priority_name(backlog.priority),
        device=backlog.device,
        shards=job.shards,
        position=None if estimate is None else estimate.ahead + 1,
        **time_range(snapshot, "start", None if estimate is None else estimate.start),
        **time_range(snapshot, "finish", None if estimate is None else estimate.finish),
        reason=no_estimate_reason(snapshot, backlog) if estimate is None else None,
    )


def _shares(snapshot: QueueSnapshot, members: _Members, policy: SharePolicy) -> list[MemberShare]:
    active = _active(snapshot) & members.keys()
    weights = sum(members[member_id].weight for member_id in active)
    return [
        MemberShare(
            owner=row.name,
            weight=row.weight,
            used_seconds=_used_seconds(row, snapshot, policy),
            share=row.weight / weights if row.id in active else 0.0,
        )
        for row in members.values()
        if row.removed_at is None or row.id in active
    ]


def _team_share(session: Session, snapshot: QueueSnapshot, team_id: str, policy: SharePolicy) -> TeamShare:
    active = _active(snapshot)
    query = select(TeamRow.id, TeamRow.weight, TeamUsageRow.seconds, TeamUsageRow.at)
    query = query.outerjoin(TeamUsageRow, TeamUsageRow.team_id == TeamRow.id).where(TeamRow.id.in_(active | {team_id}))
    rows = {row.id: row for row in session.execute(query)}
    own = rows[team_id]
    share = own.weight / sum(row.weight for row in rows.values()) if team_id in active else 0.0
    return TeamShare(weight=own.weight, used_seconds=_used_seconds(own, snapshot, policy), share=share)


def _active(snapshot: QueueSnapshot) -> set[str]:
    """Ids of the members and teams of which something waits or runs."""
    waiting = {one_id for backlog in snapshot.backlogs for one_id in (backlog.member_id, backlog.team_id)}
    return waiting.union(*(worker.works_for for worker in snapshot.workers))
