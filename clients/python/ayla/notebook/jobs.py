"""Jobs, trials, attempts and workers as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ayla.models.jobs import JobData, TrialCounts
from ayla.models.trials import TrialData, TrialSummary
from ayla.models.workers import Attempt, Worker
from ayla.notebook.figures import OPTIONS, Fetch, client_of, fetcher, figure
from ayla.notebook.markup import BLUE, GREEN, GREY, RED, Markup, bar, code, page, properties, state

SHORT_ID = 8
"""Characters of an id in a list, enough for the ``ayla`` command."""

_COUNTED = ("completed", "diverged", "failed", "cancelled", "running", "queued")
_BARS = {"succeeded": GREEN, "failed": RED, "cancelled": GREY}


def job_html(job: JobData) -> str:
    """A job: what it is and how far, and once something is recorded its figure."""
    shown = properties(f"Job {job.title}", job_properties(job))
    return page(shown, Markup() if job.finished else job_bar(job), _job_figure(job))


def job_properties(job: JobData) -> dict[str, object]:
    """What is said of a job; None is left out."""
    return {
        "id": code(job.id),
        "state": state(job.standing, job.status_detail),
        "error": job.error.detail if job.error else None,
        "trials": counts(job.trials),
        "attempts": _attempts(job),
        "owner": job.owner or None,
        "project": job.project,
        "tags": ", ".join(job.tags) or None,
        "priority": None if job.priority == "normal" else job.priority,
        "paused": job.paused_at,
        "submitted": job.created_at,
        "time": duration(job.started_at, job.finished_at),
    }


def job_bar(job: JobData) -> Markup:
    """How far a job is."""
    return bar(job.progress.fraction, _BARS.get(job.state, BLUE))


def trial_html(trial: TrialData) -> str:
    """A trial: its outcome, and the loss of its setting."""
    summary = trial.summary or TrialSummary()
    named = {
        "id": code(trial.id),
        "seed": trial.seed,
        "state": state(trial.state),
        "steps": trial.steps_done,
        "final loss": summary.final_loss,
        "best loss": _best(summary),
        **{name.replace("_", " "): metric.final for name, metric in summary.metrics.items()},
        "diverged at step": summary.first_nonfinite_step,
        "computing time": None if summary.wall_seconds is None else f"{summary.wall_seconds:.3g} s",
        "notes": " ".join(trial.notes) or None,
    }
    drawn = fetcher(trial, "loss", [trial.job_id], optimizers=str(trial.optimizer_index)) if trial.steps_done else None
    return page(properties(f"Trial {trial.label}", named), figure(drawn, f"Loss of {trial.label} by step"))


def attempt_html(attempt: Attempt) -> str:
    """An attempt of a worker."""
    named = {
        "worker": attempt.worker,
        "outcome": state(attempt.outcome),
        "error": attempt.error,
        "device": attempt.device,
        "from step": attempt.first_step,
        "started": attempt.started_at,
        "ended": attempt.ended_at,
    }
    return page(properties(attempt.title, named))


def worker_html(worker: Worker) -> str:
    """A worker and what it runs."""
    named = {
        "state": state(worker.state),
        "device": worker.device,
        "serves": ", ".join(worker.devices),
        "runs": ", ".join(worker.job_ids) or None,
        "started": worker.started_at,
        "last seen": worker.heartbeat_at,
        "stopped": worker.stopped_at,
    }
    return page(properties(f"Worker {worker.name}", named))


def counts(trials: TrialCounts) -> str:
    """How many trials there are, and in which states."""
    parts = [f"{number} {name}" for name in _COUNTED if (number := getattr(trials, name))]
    return f"{trials.total} ({', '.join(parts)})" if parts else str(trials.total)


def duration(start: datetime | None, end: datetime | None) -> str | None:
    """How long something took, as hours, minutes and seconds; None while it has not ended."""
    if start is None or end is None:
        return None
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _attempts(job: JobData) -> str | None:
    """Only where some came to nothing."""
    told = {"failed": job.attempts.failed, "lost": job.attempts.lost}
    parts = [f"{number} {name}" for name, number in told.items() if number]
    return f"{job.attempts.total} ({', '.join(parts)})" if parts else None


def _best(summary: TrialSummary) -> str | None:
    if summary.best_loss is None:
        return None
    at = "" if summary.best_step is None else f" (step {summary.best_step})"
    return f"{summary.best_loss:.6g}{at}"


def _job_figure(job: JobData) -> Markup:
    """The first of the figures that fit the job."""
    if not job.progress.steps_done:
        return Markup()
    drawn = (figure(_fetcher(job, kind), f"{kind} of the job {job.title}") for kind in _kinds(job))
    return next((one for one in drawn if one), Markup())


def _fetcher(job: JobData, kind: str) -> Fetch | None:
    """Sweeps have pictures of their own."""
    client = client_of(job)
    if client is None or kind == "loss":
        return fetcher(job, kind, [job.id])
    ask = client.sweeps.heatmap if kind == "heatmap" else client.sweeps.sensitivity
    return lambda: ask(job.id).picture("png", **OPTIONS)


def _kinds(job: JobData) -> Sequence[str]:
    """Of a sweep the map over two axes, else the curve along one; of every other job its loss."""
    axes = _axes((job.resolved or job.spec or {}).get("optimizers"))
    return ("loss",) if not axes else ("heatmap", "sensitivity") if axes > 1 else ("sensitivity",)


def _axes(part: object) -> int:
    """How many numbers of a part of a spec are axes."""
    if isinstance(part, Mapping):
        return 1 if "values" in part or "low" in part else sum(map(_axes, part.values()))
    return sum(map(_axes, part)) if isinstance(part, list | tuple) else 0
