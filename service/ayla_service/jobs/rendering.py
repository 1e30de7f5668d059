"""How a stored job or trial reads to its user."""

from collections.abc import Mapping

from ayla_spec.optimizers.effect import Sides, effect_notes

from ayla_service.db.models import Job, Trial
from ayla_service.jobs.views import AttemptCounts, JobError, JobView, Progress
from ayla_service.jobs.waits import Waits
from ayla_service.states import UNFINISHED_JOB, WITH_RESULT, TrialState, priority_name
from ayla_service.trials.views import SummaryView, TrialView

_LONGEST_REASON = 300


def job_view(
    job: Job,
    owner: str,
    counts: Mapping[TrialState, tuple[int, int]],
    attempts: AttemptCounts,
    waits: Waits | None,
) -> JobView:
    """A job.

    Args:
        job: its row.
        owner: name of the member who submitted it.
        counts: the number of its trials and their steps done, by state.
        attempts: how many there were.
        waits: how its shards stand; None if it has ended.
    """
    trials = {state: counts.get(state, (0, 0))[0] for state in TrialState}
    return JobView(
        id=job.id,
        version=job.version,
        owner=owner,
        name=job.name,
        project=job.project,
        tags=job.tags,
        notes=job.notes,
        preset=job.resolved_spec["preset"],
        state=job.state,
        priority=priority_name(job.priority),
        status_detail=_status_detail(job, waits or Waits()),
        created_at=job.created_at,
        updated_at=job.updated_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        cancel_requested_at=job.cancel_requested_at,
        paused_at=job.paused_at,
        archived_at=job.archived_at,
        trials=trials,
        attempts=attempts,
        progress=progress_of(job.steps_total, job.resolved_spec["budget"]["steps"], counts),
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
        summary=_summary(trial) if trial.state in WITH_RESULT else None,
    )


def _summary(trial: Trial) -> SummaryView:
    return SummaryView(
        final_loss=trial.final_loss,
        best_loss=trial.best_loss,
        best_step=trial.best_step,
        first_nonfinite_step=trial.first_nonfinite_step,
        capped_steps=trial.capped_steps,
        losses_below_one=trial.losses_below_one,
        losses_above_one=trial.losses_above_one,
        notes=effect_notes(trial.settings, Sides.known(trial.losses_below_one, trial.losses_above_one)),
        wall_seconds=trial.wall_seconds,
        steps_per_second=trial.steps_done / trial.wall_seconds if trial.wall_seconds > 0 else None,
        device=trial.device,
    )


def progress_of(steps_total: int, steps_of_trial: int, counts: Mapping[TrialState, tuple[int, int]]) -> Progress:
    """How far a job is.

    Args:
        steps_total: of all its trials together.
        steps_of_trial: that each of them makes unless it diverges.
        counts: the number of its trials and their steps done, by state.
    """
    done = sum(steps for _, steps in counts.values())
    diverged, diverged_steps = counts.get(TrialState.DIVERGED, (0, 0))
    saved = diverged * steps_of_trial - diverged_steps
    return Progress(done, steps_total, min(1.0, (done + saved) / steps_total))


def _status_detail(job: Job, waits: Waits) -> str | None:
    if job.state not in UNFINISHED_JOB:
        return None
    if job.cancel_requested_at is not None:
        return "Cancelling: the worker stops at its next heartbeat."
    if job.error_type is not None:
        return "Failing: a part of the job has failed for good; the rest stops at its next heartbeat."
    if job.paused_at is not None:
        return _paused(job, waits)
    return _waiting(job, waits)


def _paused(job: Job, waits: Waits) -> str:
    resume = f"POST /v1/jobs/{job.id}/resume puts it back into the queue."
    if waits.running:
        return f"Pausing: what runs is saved and handed back at its next heartbeat. {resume}"
    return f"Paused; {resume}"


def _waiting(job: Job, waits: Waits) -> str | None:
    if waits.next_attempt_at is not None:
        what = "A part of the job waits" if waits.running or waits.queued else "Waits"
        until = f"{waits.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{what} until {until} for its next attempt; the last one failed: {_reason(waits.last_error)}"
    if waits.running or not waits.queued:
        return None
    if job.resolved_spec["device"] == "cuda":
        return "Waiting for a worker with a CUDA device; device 'auto' would run on any worker."
    return "Waiting for a free worker."


def _reason(error: str | None) -> str:
    """The first line of an error, cut if long: all of it is with the attempt."""
    line = (error or "it gave no reason.").strip().partition("\n")[0]
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"
