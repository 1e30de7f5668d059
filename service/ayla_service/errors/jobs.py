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


class JobFinished(ServiceError):
    """The job has ended, so nothing about it can be changed any more."""

    slug, title, status = "job-finished", "Job already finished", 409

    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(
            f"Job '{job_id}' has already ended as {state}; only a queued or running job can be cancelled, paused, "
            "resumed or given another place in the queue."
        )


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
