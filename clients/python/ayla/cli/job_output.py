"""A job as commands write it."""

from __future__ import annotations

from ayla.cli.output import OutputForm, property_lines, write, write_json
from ayla.cli.session import Session
from ayla.models import Job


def write_job(session: Session, job: Job, form: OutputForm, *, advice: str | None) -> None:
    """Write a job as one JSON document, as its id, or as text with advice on what to do next."""
    if form.as_json:
        write_json(job)
    elif form.quiet:
        write(job.id)
    else:
        write(str(job))
        if advice is not None:
            session.say(advice)


def job_properties(job: Job) -> list[str]:
    """What is known of a job, a line each."""
    preset = (job.resolved or {}).get("preset") or job.preset
    return property_lines(
        {
            "job": job.id,
            "name": job.name,
            "owner": job.owner,
            "project": job.project,
            "preset": preset,
            "tags": job.tags,
            "state": " - ".join(filter(None, [job.standing, job.status_detail])),
            "priority": job.priority,
            "limits": _limits(job),
            "error": job.error.detail if job.error else None,
            "progress": f"{job.progress.steps_done} of {job.progress.steps_total} steps ({job.progress.fraction:.0%})",
            "trials": f"{job.trials.total}: {job.trials.completed} completed, {job.trials.diverged} diverged",
            "attempts": _attempts(job),
            "created": job.created_at,
            "started": job.started_at,
            "paused": job.paused_at,
            "finished": job.finished_at,
            "took": _took(job),
        }
    )


def _attempts(job: Job) -> str | None:
    if not job.attempts.total:
        return None
    return f"{job.attempts.total}: {job.attempts.failed} failed, {job.attempts.lost} lost"


def _limits(job: Job) -> str:
    limits = (job.resolved or {}).get("limits") or {}
    units = {"seconds": "s of computing for a trial", "memory_mb": "MiB of memory"}
    return ", ".join(f"{limits[name]:g} {unit}" for name, unit in units.items() if limits.get(name) is not None)


def _took(job: Job) -> str | None:
    """From the first start to the end."""
    if job.started_at is None or job.finished_at is None:
        return None
    return f"{(job.finished_at - job.started_at).total_seconds():.3g} s"
