"""What the API answers with. Numbers that are not finite become null: JSON has no name for them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from ayla_spec import ResolvedJobSpec
from ayla_spec.jobspec import Priority
from ayla_spec.limits import MAX_TAGS
from ayla_spec.text import Name, Notes, Project, Tag
from pydantic import BaseModel, Field

from ayla_service.jobs.views import AttemptView, JobView
from ayla_service.schemas import Change, Page
from ayla_service.states import AttemptOutcome, JobState


class TrialCounts(BaseModel):
    """How many trials of a job are in each state."""

    total: int
    queued: int
    running: int
    completed: int
    diverged: int
    failed: int
    cancelled: int


class AttemptCounts(BaseModel):
    """How often workers tried to run the shards of a job."""

    total: int
    failed: int = Field(description="Attempts that ended in an error.")
    lost: int = Field(description="Attempts whose worker stopped answering.")


class Progress(BaseModel):
    """How far a job is, over all its trials."""

    steps_done: int
    steps_total: int
    fraction: float = Field(ge=0, le=1, description="A diverged trial counts as done.")


class JobError(BaseModel):
    """Why a job failed."""

    type: str = Field(examples=["attempts-exhausted"])
    detail: str


class JobSummary(BaseModel):
    """A job as lists show it."""

    id: str
    version: int = Field(description="Grows with every change that a user makes; the ETag has it too.")
    owner: str = Field(description="Name of the member who submitted the job.")
    name: str | None
    project: str | None
    tags: list[str]
    notes: str | None
    preset: str | None
    state: JobState
    priority: Priority
    status_detail: str | None = Field(description="What the job waits for, where its state does not tell.")
    created_at: datetime
    updated_at: datetime = Field(description="When its state changed last, or a user changed it.")
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    paused_at: datetime | None = Field(description="Since when the job is paused; null if it is not.")
    archived_at: datetime | None = Field(description="Since when lists leave the job out unless asked; null if not.")
    trials: TrialCounts
    attempts: AttemptCounts
    progress: Progress
    error: JobError | None

    @classmethod
    def of(cls, view: JobView) -> Self:
        """The answer for one job."""
        # Not by asdict, which would copy both specs to the last number.
        fields = {name: getattr(view, name) for name in cls.model_fields if name != "trials"}
        counts = TrialCounts(total=sum(view.trials.values()), **view.trials)
        return cls.model_validate({**fields, "trials": counts}, from_attributes=True)


class JobChange(Change):
    """What can be changed about a job that has been submitted; what is left out stays as it is."""

    name: Name | None = Field(None, description="For people; null for none.")
    project: Project | None = Field(None, description="What the job belongs to; null for nothing.")
    tags: list[Tag] = Field(default_factory=list, max_length=MAX_TAGS, description="All of its tags.")
    notes: Notes | None = Field(None, description="Anything worth remembering; null for nothing.")
    priority: Priority = Field("normal", description="The job's new place in the queue; what runs already goes on.")
    archived: bool = Field(default=False, description="Whether lists leave it out; it has to have ended.")


class JobDetail(JobSummary):
    """A job with its spec."""

    spec: dict[str, Any] = Field(description="The spec as it was submitted.")
    resolved: ResolvedJobSpec = Field(description="The spec with every default filled in: what is run.")


class JobPage(BaseModel):
    """One page of jobs, newest first."""

    data: list[JobSummary]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[JobView]) -> Self:
        """The answer for one page."""
        return cls(data=[JobSummary.of(view) for view in page.items], next_cursor=page.next_cursor)


class AttemptError(BaseModel):
    """Why an attempt came to nothing."""

    type: str = Field(examples=["worker-lost"])
    detail: str


class Attempt(BaseModel):
    """One execution of a shard by a worker."""

    shard_id: str
    shard_index: int = Field(description="Place of the shard in the job, from 0.")
    number: int = Field(description="Which attempt at this shard, from 1.")
    worker: str = Field(description="Name of the worker.")
    outcome: AttemptOutcome = Field(
        description="Released: handed back to be gone on with. Lost: the worker stopped answering."
    )
    device: str | None = Field(description="Where it ran; null before it has begun to compute.")
    first_step: int = Field(description="The step from which it went on.")
    started_at: datetime
    heartbeat_at: datetime = Field(description="The last sign of progress.")
    ended_at: datetime | None
    error: AttemptError | None
    environment: dict[str, Any] = Field(
        description="What results depend on to the last bit: versions, threads, processor."
    )


class AttemptPage(BaseModel):
    """One page of the attempts at a job, oldest first."""

    data: list[Attempt]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[AttemptView]) -> Self:
        """The answer for one page."""
        return cls.model_validate({"data": [asdict(view) for view in page.items], "next_cursor": page.next_cursor})
