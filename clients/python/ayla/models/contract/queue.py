"""Answers of the service about the queue. Generated from openapi.json by `make client`."""

from __future__ import annotations

from datetime import datetime

from ayla.models.base import ResponseModel


class Basis(ResponseModel):
    """Basis of the estimates.

    Attributes:
        attempts: number of attempts measured, which ended lately.
        ratio: their time over what had been estimated from the spec alone.
        text: the same in words.
        workers: number of living workers that can run it.
    """

    attempts: int
    ratio: float
    text: str
    workers: int


class WaitingJob(ResponseModel):
    """Job with queued shards.

    Attributes:
        device: auto, cpu or cuda.
        earliest_finish: if all goes as for the fastest quarter of what was measured.
        earliest_start: if all goes as for the fastest quarter of what was measured.
        estimated_finish: time at which its last shard is expected to end.
        estimated_start: time at which its first queued shard is expected to start.
        latest_finish: if all goes as for the slowest quarter.
        latest_start: if all goes as for the slowest quarter.
        position: shards of all teams that are expected to be started before its first, plus one.
        priority: low, normal, high or urgent.
        reason: reason why there is no estimate; None if there is one.
        shards: number of its queued shards.
    """

    device: str
    earliest_finish: datetime | None
    earliest_start: datetime | None
    estimated_finish: datetime | None
    estimated_start: datetime | None
    job_id: str
    latest_finish: datetime | None
    latest_start: datetime | None
    name: str | None
    owner: str
    position: int | None
    priority: str
    reason: str | None
    shards: int


class RunningShard(ResponseModel):
    """Running shard of the team.

    Attributes:
        expected_end: from the steps made so far, or what was estimated before.
        shard_index: place of the shard in the job, from 0.
    """

    expected_end: datetime | None
    job_id: str
    job_name: str | None
    owner: str
    shard_index: int
    since: datetime
    worker: str


class MemberShare(ResponseModel):
    """Share of a member, and what it has used lately.

    Attributes:
        share: part of the team's workers at this moment; 0 if the member has nothing to run.
        used_seconds: computing time used lately: halved with each half-life.
        weight: the share beside others: twice the weight, twice the time.
    """

    owner: str
    share: float
    used_seconds: float
    weight: float


class TeamShare(ResponseModel):
    """Share of the team, and what it has used lately.

    Attributes:
        share: part of all workers at this moment; 0 if the team has nothing to run.
        used_seconds: computing time used lately: halved with each half-life.
        weight: the share beside others: twice the weight, twice the time.
    """

    share: float
    used_seconds: float
    weight: float


class WaitingShards(ResponseModel):
    """Queued shards of a member, of one priority.

    Attributes:
        is_more: whether there may be more: very many are not counted to the end.
        priority: low, normal, high or urgent.
    """

    is_more: bool
    owner: str
    priority: str
    shards: int


class WorkersInUse(ResponseModel):
    """Numbers of living workers, by what they do.

    Attributes:
        busy: workers that run something of the team.
        busy_for_others: workers that run something of other teams only.
        idle: workers with nothing to run.
    """

    busy: int
    busy_for_others: int
    idle: int


class Queue(ResponseModel):
    """A team's queue.

    Attributes:
        as_of: time of the snapshot; at most about a second ago.
        draining_at: time since which no job is taken; None if it is not draining.
        half_life_seconds: time after which half of the usage is forgotten.
        next: the first 50 jobs, in the order in which they should be started.
        paused_at: time since which nothing is started; None if it is not paused.
        running: the first 200 running shards, the longest running first.
        shares: all members of the team, by name.
        waiting: by priority and member, the best priority first.
    """

    as_of: datetime
    basis: Basis
    draining_at: datetime | None
    half_life_seconds: float
    next: tuple[WaitingJob, ...]
    paused_at: datetime | None
    running: tuple[RunningShard, ...]
    shares: tuple[MemberShare, ...]
    team: TeamShare
    waiting: tuple[WaitingShards, ...]
    workers: WorkersInUse


class QueuePosition(ResponseModel):
    """Position of a job in the queue, and estimates of its start and finish.

    Attributes:
        earliest_finish: if all goes as for the fastest quarter of what was measured.
        earliest_start: if all goes as for the fastest quarter of what was measured.
        estimated_finish: time at which its last shard is expected to end.
        estimated_start: time at which its first queued shard is expected to start.
        is_more: whether it may be further behind: very many are not counted to the end.
        latest_finish: if all goes as for the slowest quarter.
        latest_start: if all goes as for the slowest quarter.
        position: shards of all teams that are expected to be started before its first, plus one.
        reason: reason why there is no estimate; None if there is one.
        seconds_ahead: time that one worker is expected to need for all shards that are started before.
        shards: number of its queued shards.
        state: queued, running, succeeded, failed or cancelled.
    """

    as_of: datetime
    basis: Basis
    earliest_finish: datetime | None
    earliest_start: datetime | None
    estimated_finish: datetime | None
    estimated_start: datetime | None
    is_more: bool
    job_id: str
    latest_finish: datetime | None
    latest_start: datetime | None
    position: int | None
    reason: str | None
    seconds_ahead: float | None
    shards: int
    state: str


class Switches(ResponseModel):
    """Switches of a team's queue: whether it takes and starts jobs; what runs goes on in any case.

    Attributes:
        draining_at: time since which no job is taken; None if it is not draining.
        paused_at: time since which nothing is started; None if it is not paused.
    """

    draining_at: datetime | None
    paused_at: datetime | None
