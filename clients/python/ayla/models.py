"""What the service answers, as frozen models that ignore fields of newer servers."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ayla import _html

FINISHED_JOB_STATES = frozenset({"succeeded", "failed", "cancelled"})


class Model(BaseModel):
    """Frozen; unknown fields are ignored, so that an old client reads a newer server."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class FieldError(Model):
    """One field of a request that is wrong.

    Attributes:
        location: where it stands: ``body``, ``query``, ``path`` or ``header``.
        pointer: JSON pointer to the field, such as ``/problem/start/x``.
        detail: what is wrong with it.
    """

    location: str = Field("body", alias="in")
    pointer: str
    detail: str

    def __str__(self) -> str:
        place = "" if self.location == "body" else f"{self.location} "
        return f"{place}{self.pointer}: {self.detail}"


class Problem(Model):
    """What went wrong, in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def slug(self) -> str:
        """The last part of ``type``, such as ``job-not-found``."""
        return self.type.rpartition(":")[2]


class TrialCounts(Model):
    """How many trials of a job are in which state."""

    total: int
    queued: int = 0
    running: int = 0
    completed: int = 0
    diverged: int = 0
    failed: int = 0
    cancelled: int = 0


class Progress(Model):
    """Steps done over all trials; ``fraction`` is between 0 and 1."""

    steps_done: int = 0
    steps_total: int = 0
    fraction: float = 0.0


class JobError(Model):
    """Why a job failed."""

    type: str
    detail: str


class Job(Model):
    """A submitted job.

    Attributes:
        state: queued, running, succeeded, failed or cancelled.
        status_detail: a sentence about the state, where there is something to say.
        trials: how many trials are in which state.
        spec: as submitted; None in lists.
        resolved: with every default filled in; None in lists.
    """

    id: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    preset: str | None = None
    state: str
    status_detail: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    trials: TrialCounts
    progress: Progress = Progress()
    error: JobError | None = None
    spec: dict[str, Any] | None = None
    resolved: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether the state is final."""
        return self.state in FINISHED_JOB_STATES

    @property
    def title(self) -> str:
        """The name, else the preset, else the id."""
        return self.name or self.preset or self.id

    def __str__(self) -> str:
        return f"Job {self.id} ({self.title}): {self.state}, {self.progress.fraction:.0%} of {self.trials.total} trials"

    def _repr_html_(self) -> str:
        facts = {
            "id": self.id,
            "state": self.state,
            "progress": f"{self.progress.fraction:.0%}",
            "trials": f"{self.trials.total} ({self.trials.completed} completed, {self.trials.diverged} diverged)",
            "error": self.error.detail if self.error else None,
        }
        return _html.facts(f"Job {self.title}", facts)


class TrialSummary(Model):
    """The outcome of a trial.

    Attributes:
        final_loss: loss after the last step, with mini-batches that of one batch; None when the trial diverged.
        best_loss: lowest loss on the way; None when no step had a finite one.
        best_step: step of ``best_loss``.
        first_nonfinite_step: where the trial diverged; None when it did not.
        capped_steps: steps on which a bound of AYLA acted.
        wall_seconds: computing time.
        steps_per_second: speed.
        device: where it ran.
    """

    final_loss: float | None = None
    best_loss: float | None = None
    best_step: int | None = None
    first_nonfinite_step: int | None = None
    capped_steps: int = 0
    wall_seconds: float | None = None
    steps_per_second: float | None = None
    device: str | None = None


class Trial(Model):
    """One optimizer setting with one seed.

    Attributes:
        index: place in the job, from 0.
        optimizer_index: place of the setting in the job's optimizers.
        label: name of the setting.
        optimizer: the setting with every default filled in.
        state: queued, running, completed, diverged, failed or cancelled.
        summary: the outcome; None before the trial ends.
    """

    id: str
    job_id: str
    index: int
    optimizer_index: int
    label: str
    optimizer: dict[str, Any]
    seed: int
    state: str
    steps_done: int = 0
    summary: TrialSummary | None = None

    @property
    def final_loss(self) -> float | None:
        """Loss after the last step; None before the end or when the trial diverged."""
        return self.summary.final_loss if self.summary else None

    def __str__(self) -> str:
        loss = "" if self.final_loss is None else f", final loss {self.final_loss:.6g}"
        return f"Trial {self.id} ({self.label}, seed {self.seed}): {self.state}{loss}"

    def _repr_html_(self) -> str:
        summary = self.summary or TrialSummary()
        facts = {
            "id": self.id,
            "seed": self.seed,
            "state": self.state,
            "steps": self.steps_done,
            "final loss": summary.final_loss,
            "best loss": summary.best_loss,
            "diverged at step": summary.first_nonfinite_step,
        }
        return _html.facts(f"Trial {self.label}", facts)


class Catalogue(Model):
    """What the service offers; the entries are as the service describes them."""

    optimizers: tuple[dict[str, Any], ...] = ()
    ayla: dict[str, Any] = {}
    schedules: tuple[dict[str, Any], ...] = ()
    datasets: tuple[dict[str, Any], ...] = ()
    models: tuple[dict[str, Any], ...] = ()
    initializations: tuple[dict[str, Any], ...] = ()
    losses: tuple[dict[str, Any], ...] = ()
    functions: tuple[dict[str, Any], ...] = ()
    presets: tuple[dict[str, Any], ...] = ()
    expression: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    job_schema: dict[str, Any] = {}

    def _repr_html_(self) -> str:
        rows = [[entry.get("name"), entry.get("title")] for entry in (*self.presets, *self.functions)]
        return _html.table("Catalogue", ["name", "title"], rows)
