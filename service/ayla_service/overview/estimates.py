"""What is told about a team's queue and the place of a job in it; plain values, apart from the store and from HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ayla_service.queue.control import QueueSwitches


@dataclass(frozen=True, slots=True)
class WorkersInUse:
    """How many workers live, and what they do.

    Attributes:
        idle: have nothing to run.
        busy: run something of the team.
        busy_for_others: run something of other teams only.
    """

    idle: int
    busy: int
    busy_for_others: int


@dataclass(frozen=True, slots=True)
class RunningShard:
    """A shard of the team that runs; ``expected_end`` is None where nothing tells."""

    worker: str
    job_id: str
    job_name: str | None
    shard_index: int
    owner: str
    since: datetime
    expected_end: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingShards:
    """How many shards a member has queued of one priority; ``is_more`` says that they were not counted to the end."""

    priority: str
    owner: str
    shards: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Basis:
    """What estimates are made from.

    Attributes:
        workers: how many live that serve the job, or any.
        attempts: how many were measured.
        ratio: how long these took over what had been estimated.
        text: the same in words.
    """

    workers: int
    attempts: int
    ratio: float
    text: str


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job of which something is queued.

    Attributes:
        position: shards of all teams that are expected to be started before its first, plus one.
        shards: how many of it are queued.
        estimated_start: of the first of them.
        estimated_finish: of the last of them.
        reason: why there is no estimate; None if there is one.
    """

    job_id: str
    name: str | None
    owner: str
    priority: str
    device: str
    shards: int
    position: int | None
    estimated_start: datetime | None
    estimated_finish: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class MemberShare:
    """What a member has had, and is to have.

    Attributes:
        used_seconds: computing time lately, halved with each half-life.
        share: of the team's workers at this moment; 0 where nothing of the member waits or runs.
    """

    owner: str
    weight: float
    used_seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class TeamShare:
    """What all members together have had and are to have, as ``MemberShare`` of all workers."""

    weight: float
    used_seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class QueueView:
    """A team's queue.

    Attributes:
        as_of: when this was so, but for the switches, which are as they are.
        running: the longest running first, and not all of very many.
        waiting: by priority and member.
        next_jobs: those that are expected to be started first, in that order.
        half_life_seconds: after which half of what was used is forgotten.
    """

    as_of: datetime
    switches: QueueSwitches
    workers: WorkersInUse
    running: Sequence[RunningShard]
    waiting: Sequence[WaitingShards]
    next_jobs: Sequence[WaitingJob]
    shares: Sequence[MemberShare]
    team: TeamShare
    half_life_seconds: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class PositionView:
    """Where a job stands in the queue.

    Attributes:
        position: shards of all teams that are expected to be started before its first, plus one; None where nothing
            of it is queued, or nobody can tell.
        is_more: whether there may be more, as they were not counted to the end.
        shards: how many of it are queued.
        seconds_ahead: how long one worker is expected to need for those before it.
        earliest_start: if all goes as well as for the best quarter of the attempts measured.
        latest_start: if it goes as for the worst quarter.
        reason: why there is no estimate; None if there is one.
    """

    as_of: datetime
    job_id: str
    state: str
    basis: Basis
    shards: int = 0
    position: int | None = None
    is_more: bool = False
    seconds_ahead: float | None = None
    estimated_start: datetime | None = None
    earliest_start: datetime | None = None
    latest_start: datetime | None = None
    estimated_finish: datetime | None = None
    earliest_finish: datetime | None = None
    latest_finish: datetime | None = None
    reason: str | None = None
