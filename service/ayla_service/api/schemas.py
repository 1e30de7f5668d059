"""What the API answers with. Numbers that are not finite become null: JSON has no name for them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from ayla_spec import ResolvedJobSpec
from ayla_spec.jobspec import Priority
from ayla_spec.limits import MAX_RECORDED_PARAMETERS, MAX_TAGS
from ayla_spec.optimizers import OptimizerSettings
from ayla_spec.text import Name, Notes, Project, Tag
from pydantic import BaseModel, BeforeValidator, Field

from ayla_service.api.changes import Change
from ayla_service.api.finite import finite_or_none
from ayla_service.jobs.views import JobView, Page, TrialView
from ayla_service.states import JobState, TrialState

Finite = Annotated[float | None, BeforeValidator(finite_or_none)]


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


class TrialSummary(BaseModel):
    """The result of a trial in numbers."""

    final_loss: Finite = Field(
        description="Loss after the last step, with mini-batches that of one batch; null if the trial diverged."
    )
    best_loss: Finite = Field(description="Lowest finite loss; null if there was none.")
    best_step: int | None = Field(description="The first step with the best loss.")
    first_nonfinite_step: int | None = Field(
        description="Where the loss or a parameter of a diverged trial stopped being finite."
    )
    capped_steps: int = Field(description="Steps on which AYLA's cap of the weights or of the scale acted.")
    losses_below_one: int | None = Field(
        description="How many losses that an update followed were below 1 in size, but not 0, where N1 is for: one for "
        "each update, or with transform_on 'sample' one for each of its samples. Null of trials that ran before this "
        "was counted."
    )
    losses_above_one: int | None = Field(description="Likewise above 1, where N2 is for.")
    notes: list[str] = Field(
        description="What a reader should know: which exponents had no effect.",
        examples=[["N2 had no effect, as the loss was above 1 in size on no step."]],
    )
    wall_seconds: float = Field(description="Computing time until the trial ended; trials run side by side share it.")
    steps_per_second: Finite
    device: str | None = Field(description="Where it ran.")


class Trial(BaseModel):
    """One optimizer setting with one seed."""

    id: str
    job_id: str
    index: int = Field(description="Place in the job, from 0.")
    optimizer_index: int = Field(description="Place of the setting in the job's optimizers.")
    label: str
    optimizer: OptimizerSettings
    seed: int
    state: TrialState
    steps_done: int
    summary: TrialSummary | None = Field(description="There once the trial has completed or diverged.")

    @classmethod
    def of(cls, view: TrialView) -> Self:
        """The answer for one trial."""
        return cls.model_validate(asdict(view))


class TrialPage(BaseModel):
    """One page of a job's trials, in order."""

    data: list[Trial]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[TrialView]) -> Self:
        """The answer for one page."""
        return cls(data=[Trial.of(view) for view in page.items], next_cursor=page.next_cursor)


class Trajectory(BaseModel):
    """The recorded rows of a trial, column by column."""

    trial_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | None]] = Field(
        description="step, loss, transformed_loss, scale, effective_lr, grad_norm, and param.<name> for expressions of "
        f"at most {MAX_RECORDED_PARAMETERS} parameters. Null where a value is not finite.",
        examples=[{"step": [0, 1], "loss": [6.0, 4.7], "param.x": [-1.0, -0.87]}],
    )


class Metrics(BaseModel):
    """How well a trial's model does on its dataset, column by column; no rows where the problem has no metrics."""

    trial_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | None]] = Field(
        description="step, epoch, train_loss, for classes train_accuracy, and with test data test_loss and "
        "test_accuracy. Training columns are means over the batches since the row before, each before its update; "
        "test columns are of the model after the step. Accuracies are fractions. Null where a value is not finite.",
        examples=[{"step": [45, 90], "epoch": [1, 2], "train_loss": [2.1, 1.4], "train_accuracy": [0.41, 0.78]}],
    )


class Predictions(BaseModel):
    """A model's predictions on its dataset; empty for expressions, and before the first of the steps is reached."""

    trial_id: str
    steps: list[int] = Field(description="Steps whose predictions are there.")
    columns: dict[str, list[Finite]] = Field(
        description="x, then target and truth where they are known, and prediction.<step> for every step."
    )


class Health(BaseModel):
    """The process answers."""

    status: str = Field(examples=["ok"])


class Readiness(BaseModel):
    """The service can do its work."""

    status: Literal["ready", "degraded"] = Field(
        description="Degraded: the service takes jobs, but something is missing."
    )
    checks: dict[str, str] = Field(
        description="What each check says: 'ok', or what is missing.",
        examples=[{"store": "ok", "schema": "ok", "workers": "ok", "disk": "ok"}],
    )
