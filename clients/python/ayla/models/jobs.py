"""Jobs, and the catalogue of the parts that a job can have."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field, ValidationError

from ayla.models.base import Linked, ResponseModel

UNFINISHED_JOB_STATES = ("queued", "running")
FINISHED_JOB_STATES = frozenset({"succeeded", "failed", "cancelled"})


class TrialCounts(ResponseModel):
    """Number of trials of a job in each state."""

    total: int
    queued: int = 0
    running: int = 0
    completed: int = 0
    diverged: int = 0
    failed: int = 0
    cancelled: int = 0


class AttemptCounts(ResponseModel):
    """Number of attempts of workers at the shards of a job, and how many of them failed or were lost."""

    total: int = 0
    failed: int = 0
    lost: int = 0


class Progress(ResponseModel):
    """Steps done over all trials; ``fraction`` is between 0 and 1."""

    steps_done: int = 0
    steps_total: int = 0
    fraction: float = 0.0


class JobError(ResponseModel):
    """Why a job failed."""

    type: str
    detail: str


class JobData(Linked):
    """What is known of a submitted job.

    Attributes:
        owner: name of the member who submitted it; empty where the service does not say.
        project: the project that it belongs to.
        state: queued, running, succeeded, failed or cancelled.
        priority: low, normal, high or urgent.
        status_detail: a sentence about the state, where there is something to say.
        paused_at: since when the job is paused; None when it is not.
        trials: number of trials in each state.
        attempts: number of attempts of workers to run it.
        version: grows with every change that a user makes.
        updated_at: when its state changed last, or a user changed it.
        archived_at: since when lists leave it out unless asked; None when they do not.
        origin: id of the trial of another job that this one computes again; None of any other job.
        notes: anything worth remembering; None where there is nothing, and in lists.
        spec: as submitted; None in lists.
        resolved: with every default filled in; None in lists.
    """

    id: str
    owner: str = ""
    name: str | None = None
    project: str | None = None
    tags: tuple[str, ...] = ()
    preset: str | None = None
    state: str
    priority: str = "normal"
    status_detail: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    paused_at: datetime | None = None
    trials: TrialCounts
    attempts: AttemptCounts = AttemptCounts()
    progress: Progress = Progress()
    error: JobError | None = None
    version: int | None = None
    updated_at: datetime | None = None
    archived_at: datetime | None = None
    origin: str | None = None
    notes: str | None = None
    spec: dict[str, Any] | None = None
    resolved: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether the state is final."""
        return self.state in FINISHED_JOB_STATES

    @property
    def paused(self) -> bool:
        """Whether the job is out of the queue until it is resumed."""
        return self.paused_at is not None

    @property
    def standing(self) -> str:
        """The state, and whether the job is paused, which is not a state."""
        return f"{self.state}, paused" if self.paused else self.state

    @property
    def title(self) -> str:
        """The name, else the preset, else the id."""
        return self.name or self.preset or self.id

    def with_news(self, news: Mapping[str, Any]) -> Self:
        """The job as the data of an event tell; the same object where they tell nothing about it."""
        told = news.get("job")
        if not isinstance(told, Mapping):
            told = {"trials": news.get("trials"), "progress": news} if "fraction" in news else {}
        try:
            fresh = type(self).model_validate({"id": self.id, "state": self.state, **told})
        except ValidationError:  # of a newer service, or of none
            return self
        known = (told.keys() & fresh.model_fields_set) - {"spec", "resolved", "notes"}
        return self.model_copy(update={name: getattr(fresh, name) for name in known})

    def __str__(self) -> str:
        done = f"{self.progress.fraction:.0%} of {self.trials.total} trials"
        title = f" ({self.title})" if self.title != self.id else ""
        return f"Job {self.id}{title}: {self.standing}, {done}"


class Catalogue(ResponseModel):
    """The parts that a job can have, and the service's limits; the entries are as the service describes them."""

    optimizers: tuple[dict[str, Any], ...] = ()
    ayla: dict[str, Any] = Field(default_factory=dict)
    schedules: tuple[dict[str, Any], ...] = ()
    datasets: tuple[dict[str, Any], ...] = ()
    models: tuple[dict[str, Any], ...] = ()
    initializations: tuple[dict[str, Any], ...] = ()
    losses: tuple[dict[str, Any], ...] = ()
    functions: tuple[dict[str, Any], ...] = ()
    presets: tuple[dict[str, Any], ...] = ()
    expression: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    job_schema: dict[str, Any] = Field(default_factory=dict)
