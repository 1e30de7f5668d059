"""Everything a user of the service can run into, as one tree; the API renders it as problem+json.

Each class carries its own HTTP status and a stable slug, so no route decides about either.
"""

from typing import ClassVar

from ayla_spec import SpecIssue


class ServiceError(Exception):
    """Base of the errors that are part of the interface.

    Attributes:
        slug: stable identifier; the problem type is ``urn:ayla:problem:<slug>``.
        title: what kind of error, the same for every occurrence.
        status: HTTP status.
        detail: what happened this time, and what would be right.
        issues: the fields at fault, if any.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, detail: str, issues: list[SpecIssue] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.issues = issues or []


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
            "resumed or given another priority."
        )


class IdempotencyKeyReused(ServiceError):
    """The key came with another body before."""

    slug, title, status = "idempotency-key-reused", "Idempotency key reused", 422

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key '{key[:64]}' came with another job spec before; use a new key for a new job."
        )


class InvalidQuery(ServiceError):
    """A query parameter that cannot be honoured; ``issues`` has one entry whose pointer names the parameter."""

    slug, title, status = "invalid-request", "Invalid request", 422

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__("A query parameter is invalid.", [SpecIssue(f"/{parameter}", detail)])


class StoreUnavailable(ServiceError):
    """The store does not answer."""

    slug, title, status = "store-unavailable", "Store unavailable", 503

    def __init__(self) -> None:
        super().__init__("The store does not answer at the moment; nothing was changed. Try again shortly.")


class NotReady(ServiceError):
    """The service runs but cannot serve yet."""

    slug, title, status = "not-ready", "Not ready", 503
