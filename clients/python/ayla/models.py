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


class AttemptCounts(Model):
    """How often workers tried to run the shards of a job, and how many of these attempts failed or were lost."""

    total: int = 0
    failed: int = 0
    lost: int = 0


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
        owner: name of the member who submitted it; empty where the service does not say.
        project: what it belongs to.
        state: queued, running, succeeded, failed or cancelled.
        priority: low, normal, high or urgent.
        status_detail: a sentence about the state, where there is something to say.
        paused_at: since when the job is paused; None when it is not.
        trials: how many trials are in which state.
        attempts: how often workers tried to run it.
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
        """The state, and whether the job is paused, which is no state of its own."""
        return f"{self.state}, paused" if self.paused else self.state

    @property
    def title(self) -> str:
        """The name, else the preset, else the id."""
        return self.name or self.preset or self.id

    def __str__(self) -> str:
        done = f"{self.progress.fraction:.0%} of {self.trials.total} trials"
        return f"Job {self.id} ({self.title}): {self.standing}, {done}"

    def _repr_html_(self) -> str:
        facts = {
            "id": self.id,
            "state": self.state,
            "priority": self.priority,
            "paused": self.paused_at,
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
        losses_below_one: how many losses that an update followed were below 1 in size, but not 0; one for each update,
            or where AYLA transforms each sample one for each of its samples. None where nobody has counted.
        losses_above_one: likewise above 1.
        notes: what a reader should know: which exponents had no effect.
        wall_seconds: computing time.
        steps_per_second: speed.
        device: where it ran.
    """

    final_loss: float | None = None
    best_loss: float | None = None
    best_step: int | None = None
    first_nonfinite_step: int | None = None
    capped_steps: int = 0
    losses_below_one: int | None = None
    losses_above_one: int | None = None
    notes: tuple[str, ...] = ()
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

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the outcome; empty before the end."""
        return self.summary.notes if self.summary else ()

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
            "notes": " ".join(self.notes) or None,
        }
        return _html.facts(f"Trial {self.label}", facts)


class AttemptError(Model):
    """Why an attempt came to nothing; ``type`` is one word, such as ``worker-lost`` or ``out-of-memory``."""

    type: str
    detail: str

    def __str__(self) -> str:
        return f"{self.type}: {self.detail}"


class Attempt(Model):
    """One execution of a shard, which is a slice of a job's trials, by a worker.

    Attributes:
        shard_index: place of the shard in the job, from 0.
        number: which attempt at this shard, from 1.
        worker: name of the worker.
        outcome: running, succeeded, failed, released (handed back), lost (the worker stopped answering) or cancelled.
        device: where it ran; None before it has begun to compute.
        first_step: the step from which it went on.
        heartbeat_at: the last sign of progress.
        environment: what the results depend on to the last bit: versions, threads, processor.
    """

    shard_id: str
    shard_index: int
    number: int
    worker: str
    outcome: str
    device: str | None = None
    first_step: int = 0
    started_at: datetime
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None
    error: AttemptError | None = None
    environment: dict[str, Any] = {}

    @property
    def title(self) -> str:
        """Which attempt it is, for people."""
        return f"Attempt {self.number} at shard {self.shard_index}"

    def __str__(self) -> str:
        return f"{self.title} by {self.worker}: {self.outcome}{f' ({self.error})' if self.error else ''}"

    def _repr_html_(self) -> str:
        facts = {
            "worker": self.worker,
            "outcome": self.outcome,
            "error": self.error,
            "device": self.device,
            "from step": self.first_step,
            "started": self.started_at,
            "ended": self.ended_at,
        }
        return _html.facts(self.title, facts)


class RunningAttempt(Model):
    """What a worker runs: which attempt at a shard of which job, and since when."""

    job_id: str
    shard_id: str
    number: int
    since: datetime


class Worker(Model):
    """A process that runs jobs.

    Attributes:
        state: idle, busy, lost (silent, without having said that it stops) or stopped.
        host: its machine.
        pid: the process there.
        device: what it computes on.
        devices: which devices of a job spec it serves.
        memory_bytes: of the machine, or of the GPU that it computes on.
        environment: what its results depend on to the last bit: versions, threads, processor.
        heartbeat_at: its last sign of life.
        attempts: what it runs; several where small shards run together.
    """

    name: str
    state: str
    host: str = ""
    pid: int | None = None
    device: str = ""
    devices: tuple[str, ...] = ()
    memory_bytes: int | None = None
    environment: dict[str, Any] = {}
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    stopped_at: datetime | None = None
    attempts: tuple[RunningAttempt, ...] = ()

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs that it works on, each once."""
        return tuple(dict.fromkeys(attempt.job_id for attempt in self.attempts))

    def __str__(self) -> str:
        runs = f", runs {', '.join(self.job_ids)}" if self.attempts else ""
        return f"Worker {self.name} ({self.device}): {self.state}{runs}"

    def _repr_html_(self) -> str:
        facts = {
            "state": self.state,
            "device": self.device,
            "serves": ", ".join(self.devices),
            "runs": ", ".join(self.job_ids) or None,
            "started": self.started_at,
            "last seen": self.heartbeat_at,
            "stopped": self.stopped_at,
        }
        return _html.facts(f"Worker {self.name}", facts)


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
