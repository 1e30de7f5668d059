"""Answers about a team's queue, and the body of a request that moves a job in it.

Each answer is one frozen model, which the service builds.
"""

from datetime import datetime
from typing import Annotated, Literal

from ayla_spec import SpecError, SpecIssue
from ayla_spec.jobspec import Priority
from ayla_spec.model import SpecModel
from pydantic import ConfigDict, Field

from ayla_service.queue.schemas import Switches, Worker
from ayla_service.schemas import FrozenModel, Id, without_default
from ayla_service.states import JobState

_Start = Annotated[datetime | None, Field(description="Time at which its first queued shard is expected to start.")]
_Finish = Annotated[datetime | None, Field(description="Time at which its last shard is expected to end.")]
_Fastest = Annotated[datetime | None, Field(description="If all goes as for the fastest quarter of what was measured.")]
_Slowest = Annotated[datetime | None, Field(description="If all goes as for the slowest quarter.")]
_Position = Annotated[
    int | None,
    Field(description="Shards of all teams that are expected to be started before its first, plus one."),
]
_Reason = Annotated[str | None, Field(description="Reason why there is no estimate; null if there is one.")]
_Weight = Annotated[float, Field(description="The share beside others: twice the weight, twice the time.")]
_UsedSeconds = Annotated[float, Field(description="Computing time used lately: halved with each half-life.")]


class JobMove(SpecModel):
    """New place of a job among those of its owner; one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["to"]}, {"required": ["before"]}],
            "examples": [{"to": "front"}, {"before": "6f0c2f6e-6d3c-4a53-9b0d-6a1f0c9e7d11"}],
        }
    )

    to: Literal["front"] = Field(
        "front",
        description="Before all others that are queued with its priority.",
        json_schema_extra=without_default,
    )
    before: Id = Field(
        "", max_length=64, description="Id of the job that it is to go before.", json_schema_extra=without_default
    )

    def other(self) -> str | None:
        """The job to go before; None for the front.

        Raises:
            SpecError: if none of the two is given, or both are.
        """
        if len(self.model_fields_set) != 1:
            raise SpecError([SpecIssue("", "Name one place: 'to' (the front), or 'before' (a job's id).")])
        return self.before if "before" in self.model_fields_set else None


class WorkersInUse(FrozenModel):
    """Numbers of living workers, by what they do."""

    idle: int = Field(description="Workers with nothing to run.")
    busy: int = Field(description="Workers that run something of the team.")
    busy_for_others: int = Field(description="Workers that run something of other teams only.")


class RunningShard(FrozenModel):
    """Running shard of the team."""

    worker: str
    job_id: str
    job_name: str | None
    shard_index: int = Field(description="Place of the shard in the job, from 0.")
    owner: str
    since: datetime
    expected_end: datetime | None = Field(description="From the steps made so far, or what was estimated before.")


class WaitingShards(FrozenModel):
    """Queued shards of a member, of one priority."""

    priority: Priority
    owner: str
    shards: int
    is_more: bool = Field(description="Whether there may be more: very many are not counted to the end.")


class WaitingJob(FrozenModel):
    """Job with queued shards."""

    job_id: str
    name: str | None
    owner: str
    priority: Priority
    device: Literal["auto", "cpu", "cuda"]
    shards: int = Field(description="Number of its queued shards.")
    position: _Position
    estimated_start: _Start
    earliest_start: _Fastest
    latest_start: _Slowest
    estimated_finish: _Finish
    earliest_finish: _Fastest
    latest_finish: _Slowest
    reason: _Reason


class MemberShare(FrozenModel):
    """Share of a member, and what it has used lately."""

    owner: str
    weight: _Weight
    used_seconds: _UsedSeconds
    share: float = Field(description="Part of the team's workers at this moment; 0 if the member has nothing to run.")


class TeamShare(FrozenModel):
    """Share of the team, and what it has used lately."""

    weight: _Weight
    used_seconds: _UsedSeconds
    share: float = Field(description="Part of all workers at this moment; 0 if the team has nothing to run.")


class Basis(FrozenModel):
    """Basis of the estimates."""

    workers: int = Field(description="Number of living workers that can run it.")
    attempts: int = Field(description="Number of attempts measured, which ended lately.")
    ratio: float = Field(description="Their time over what had been estimated from the spec alone.")
    text: str = Field(
        description="The same in words.",
        examples=["2 workers; the last 214 attempts took 0.84 times as long as estimated."],
    )


class Queue(Switches):
    """A team's queue."""

    as_of: datetime = Field(description="Time of the snapshot; at most about a second ago.")
    workers: WorkersInUse
    running: list[RunningShard] = Field(description="The first 200 running shards, the longest running first.")
    waiting: list[WaitingShards] = Field(description="By priority and member, the best priority first.")
    next: list[WaitingJob] = Field(description="The first 50 jobs, in the order in which they should be started.")
    shares: list[MemberShare] = Field(description="All members of the team, by name.")
    team: TeamShare
    half_life_seconds: float = Field(description="Time after which half of the usage is forgotten.")
    basis: Basis


class QueuePosition(FrozenModel):
    """Position of a job in the queue, and estimates of its start and finish."""

    as_of: datetime
    job_id: str
    state: JobState
    shards: int = Field(description="Number of its queued shards.")
    position: _Position
    is_more: bool = Field(description="Whether it may be further behind: very many are not counted to the end.")
    seconds_ahead: float | None = Field(
        description="Time that one worker is expected to need for all shards that are started before."
    )
    estimated_start: _Start
    earliest_start: _Fastest
    latest_start: _Slowest
    estimated_finish: _Finish
    earliest_finish: _Fastest
    latest_finish: _Slowest
    reason: _Reason
    basis: Basis


class WorkerList(FrozenModel):
    """All workers."""

    data: list[Worker]
    next_cursor: str | None = Field(None, description="Always null: the list is complete.")
