"""Errors about jobs, their trials and their place in the queue."""

from ayla_service.errors.base import ServiceError


class JobNotFound(ServiceError):
    """No job has this id."""

    slug, title, status = "job-not-found", "Job not found", 404

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job has the id '{job_id[:64]}'. GET /v1/jobs lists the jobs.")


class TrialNotFound(ServiceError):
    """No trial has this id."""

    slug, title, status = "trial-not-found", "Trial not found", 404

    def __init__(self, trial_id: str) -> None:
        super().__init__(f"No trial has the id '{trial_id[:64]}'. GET /v1/jobs/{{id}}/trials lists a job's trials.")


class TrialUnfinished(ServiceError):
    """The trial has not completed or diverged, so there is nothing to compute again."""

    slug, title, status = "trial-unfinished", "Trial not finished", 409

    def __init__(self, trial_id: str, state: str) -> None:
        super().__init__(
            f"Trial '{trial_id}' is {state}; only one that has completed or diverged can be computed again."
        )


class TrajectoryKept(ServiceError):
    """The job keeps the trajectories of its trials."""

    slug, title, status = "trajectory-kept", "Trajectory kept", 409

    def __init__(self, trial_id: str) -> None:
        super().__init__(
            f"The job of trial '{trial_id}' keeps trajectories, so nothing has to be computed again: "
            "GET /v1/trials/{id}/trajectory has this one."
        )


class TrajectoryNotKept(ServiceError):
    """The job keeps no trajectories, and this one has not been computed again."""

    slug, title, status = "trajectory-not-kept", "Trajectory not kept", 409

    def __init__(self, trial_id: str, series: str, job_id: str | None) -> None:
        why = f"The job of trial '{trial_id}' keeps no {series} of its trials (record.trajectories)."
        fix = "POST /v1/trials/{id}/recompute computes it again; it is here once that has ended."
        if job_id is not None:
            fix = f"Job '{job_id}' is computing it again; it is here once that has ended."
        super().__init__(f"{why} {fix}")


class JobFinished(ServiceError):
    """The job has ended, so nothing about it can be changed any more."""

    slug, title, status = "job-finished", "Job already finished", 409

    def __init__(self, job_id: str, state: str, why: str | None = None) -> None:
        why = why or (
            "only a queued or running job can be cancelled, paused, resumed or given another place in the queue."
        )
        super().__init__(f"Job '{job_id}' has already ended as {state}; {why}")


class JobUnfinished(ServiceError):
    """The job has not ended, and only one that has can be treated so."""

    slug, title, status = "job-unfinished", "Job not finished", 409

    def __init__(self, job_id: str, treated: str) -> None:
        super().__init__(f"Job '{job_id}' has not ended; cancel it or wait for its end before it is {treated}.")


class SpecUnreadable(ServiceError):
    """Another version of the service wrote the job's resolved spec, and this one cannot read it."""

    slug, title, status = "spec-unreadable", "Job spec unreadable", 409

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"Another version of the service wrote the spec of job '{job_id}', and this one cannot read it. Leave the "
            "job out, or ask once every API has been upgraded."
        )


class MoveImpossible(ServiceError):
    """A job cannot be moved to before that other one."""

    slug, title, status = "move-impossible", "Move impossible", 409

    def __init__(self, other_id: str, why: str) -> None:
        super().__init__(
            f"A job can be moved to before another waiting job of the same member and priority only; '{other_id[:64]}' "
            f"{why}."
        )


class QueueDraining(ServiceError):
    """The team's queue takes nothing new."""

    slug, title, status = "queue-draining", "Queue draining", 409

    def __init__(self) -> None:
        super().__init__(
            "The team's queue is being drained: what is on it is run, and nothing new is taken. An admin opens it "
            "again with POST /v1/queue/resume."
        )
