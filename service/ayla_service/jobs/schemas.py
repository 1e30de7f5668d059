"""Jobs and attempts as the API takes them and answers with them."""

from datetime import datetime
from typing import Annotated, Any

from ayla_spec import JobSpec, ResolvedJobSpec
from ayla_spec.jobspec import Priority
from ayla_spec.limits import MAX_EXPANDED_NODES, MAX_TAGS, MAX_TRIALS
from ayla_spec.model import SpecModel
from ayla_spec.text import Name, Notes, Project, Tag
from pydantic import (
    Field,
    SerializeAsAny,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from ayla_service.schemas import Change, FrozenModel
from ayla_service.states import AttemptOutcome, JobState

MAX_BULK = 200
MAX_BULK_TRIALS = MAX_TRIALS
"""Of all jobs of a bulk together as many as one job may have: they are stored in one transaction."""
MAX_BULK_NODES = 20 * MAX_EXPANDED_NODES
"""Terms and operators that the expressions of a bulk unroll to: checking them takes a second or two."""


class TrialCounts(FrozenModel):
    """Number of trials of a job in each state."""

    total: int
    queued: int
    running: int
    completed: int
    diverged: int
    failed: int
    cancelled: int


class AttemptCounts(FrozenModel):
    """Counts of the attempts at the shards of a job."""

    total: int
    failed: int = Field(description="Attempts that ended in an error.")
    lost: int = Field(description="Attempts whose worker stopped answering.")


class Progress(FrozenModel):
    """Progress of a job, over all its trials."""

    steps_done: int
    steps_total: int
    fraction: float = Field(ge=0, le=1, description="A diverged trial counts as done.")


class JobError(FrozenModel):
    """Why a job failed."""

    type: str = Field(examples=["attempts-exhausted"])
    detail: str


class JobSummary(FrozenModel):
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
    origin: str | None = Field(
        None,
        description="Id of the trial of another job that this one computes again, the first of them if it computes "
        "several; null of any other job.",
    )


class JobChange(Change):
    """Change of a job that has been submitted; what is left out stays as it is."""

    name: Name | None = Field(None, description="For people; null for none.")
    project: Project | None = Field(None, description="What the job belongs to; null for nothing.")
    tags: list[Tag] = Field(default_factory=list, max_length=MAX_TAGS, description="All of its tags.")
    notes: Notes | None = Field(None, description="Anything worth remembering; null for nothing.")
    priority: Priority = Field("normal", description="The job's new place in the queue; what runs already goes on.")
    archived: bool = Field(default=False, description="Whether lists leave it out; it has to have ended.")


def _or_as_stored(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """The spec; as it is stored where another version of the service wrote it, and this one cannot read it."""
    try:
        return read(value)
    except ValidationError:
        return dict(value)


Resolved = Annotated[SerializeAsAny[ResolvedJobSpec], WrapValidator(_or_as_stored)]
"""A resolved spec in an answer: a job is shown, and can be cancelled, whichever version wrote its spec."""


class JobDetail(JobSummary):
    """A job with its spec."""

    spec: dict[str, Any] = Field(description="The spec as it was submitted.")
    resolved: Resolved = Field(description="The spec with every default filled in: what is run.")


class JobPage(FrozenModel):
    """One page of jobs, newest first."""

    data: list[JobSummary]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class AttemptError(FrozenModel):
    """Why an attempt came to nothing."""

    type: str = Field(examples=["worker-lost"])
    detail: str


class Attempt(FrozenModel):
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


class AttemptPage(FrozenModel):
    """One page of the attempts at a job, by their start."""

    data: list[Attempt]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class BulkSubmission(SpecModel):
    """Several jobs, of which all are put on the queue or none."""

    # Were all that cannot be read told, and not only the first, a body could hold a hundred thousand faults.
    jobs: list[JobSpec] = Field(
        min_length=1,
        max_length=MAX_BULK,
        fail_fast=True,
        description=f"Together at most {MAX_BULK_TRIALS} trials, and expressions whose sums and products unroll to at "
        f"most {MAX_BULK_NODES} terms and operators.",
    )


class SubmittedJobs(FrozenModel):
    """The jobs of a bulk submission, in the order in which they were sent."""

    data: list[JobDetail]


class AxisPreview(FrozenModel):
    """An axis of an arm."""

    path: str = Field(description="Where it stands: 'learning_rate', 'ayla.n1', 'problem.batch_size'.")
    points: int | None = Field(description="How many points it has; null for all numbers of a range.")


class ArmPreview(FrozenModel):
    """An arm of a validated job: an entry of its optimizers."""

    arm: str = Field(description="The arm that the entry belongs to.")
    label: str = Field(description="Label of the entry.")
    settings: int = Field(description="How many settings it has.")
    axes: list[AxisPreview] = Field(description="Its axes, those of the problem first.")
    first: list[dict[str, float]] = Field(
        description="The first settings of the first 20 arms, at most 5 of each: a number for each axis, by its path. "
        "Of random and sobol designs those that are drawn first; settings with the same batch size and widths stand "
        "together in the job."
    )


class Validation(FrozenModel):
    """Result of a validation: the job as it would be if it was submitted."""

    resolved: ResolvedJobSpec = Field(description="The spec with every default filled in.")
    trials: int = Field(description="Product of settings and seeds.")
    shards: int = Field(description="Slices of the trials that workers run at once.")
    steps_total: int = Field(description="Updates of all trials together, if none diverges.")
    estimated_seconds: float = Field(
        description="Computing time of all shards on one CPU core, a rough estimate from the spec alone."
    )
    settings: int = Field(description="Settings of all arms; one for each optimizer without axes.")
    arms: list[ArmPreview] = Field(description="The arms with their first settings, in the order of the optimizers.")
