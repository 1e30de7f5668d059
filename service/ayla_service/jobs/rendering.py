"""How a stored job or trial reads to its user."""

from collections.abc import Mapping

from ayla_service.db.models import Job, Trial
from ayla_service.jobs.views import JobError, JobView, Progress, SummaryView, TrialView
from ayla_service.states import UNFINISHED_JOB, JobState, TrialState

_WITH_SUMMARY = (TrialState.COMPLETED, TrialState.DIVERGED)


def job_view(job: Job, counts: Mapping[TrialState, tuple[int, int]]) -> JobView:
    """A job, with the number of its trials and their steps done by state."""
    trials = {state: counts.get(state, (0, 0))[0] for state in TrialState}
    return JobView(
        id=job.id,
        name=job.name,
        tags=job.resolved_spec["tags"],
        preset=job.resolved_spec["preset"],
        state=job.state,
        status_detail=_status_detail(job),
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        cancel_requested_at=job.cancel_requested_at,
        trials=trials,
        progress=_progress(job, counts),
        error=JobError(job.error_type, job.error_detail or "") if job.error_type else None,
        spec=job.submitted_spec,
        resolved=job.resolved_spec,
    )


def trial_view(trial: Trial) -> TrialView:
    """A trial, with its summary if it has ended by itself."""
    return TrialView(
        id=trial.id,
        job_id=trial.job_id,
        index=trial.index,
        optimizer_index=trial.optimizer_index,
        label=trial.label,
        optimizer=trial.settings,
        seed=trial.seed,
        state=trial.state,
        steps_done=trial.steps_done,
        summary=_summary(trial) if trial.state in _WITH_SUMMARY else None,
    )


def _summary(trial: Trial) -> SummaryView:
    return SummaryView(
        final_loss=trial.final_loss,
        best_loss=trial.best_loss,
        best_step=trial.best_step,
        first_nonfinite_step=trial.first_nonfinite_step,
        capped_steps=trial.capped_steps,
        wall_seconds=trial.wall_seconds,
        steps_per_second=trial.steps_done / trial.wall_seconds if trial.wall_seconds > 0 else None,
        device=trial.device,
    )


def _progress(job: Job, counts: Mapping[TrialState, tuple[int, int]]) -> Progress:
    done = sum(steps for _, steps in counts.values())
    diverged, diverged_steps = counts.get(TrialState.DIVERGED, (0, 0))
    saved = diverged * job.resolved_spec["budget"]["steps"] - diverged_steps
    return Progress(done, job.steps_total, min(1.0, (done + saved) / job.steps_total))


def _status_detail(job: Job) -> str | None:
    if job.cancel_requested_at is not None and job.state in UNFINISHED_JOB:
        return "Cancelling: the worker stops at its next heartbeat."
    if job.error_type is not None and job.state in UNFINISHED_JOB:
        return "Failing: a part of the job has failed for good; the rest stops at its next heartbeat."
    if job.state == JobState.QUEUED and job.resolved_spec["device"] == "cuda":
        return "Waiting for a worker with a CUDA device; device 'auto' would run on any worker."
    return "Waiting for a free worker." if job.state == JobState.QUEUED else None
