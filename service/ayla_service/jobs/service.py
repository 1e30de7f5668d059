"""What can be done with jobs.

Reading is one unit of work of its own. What changes a job is done in the caller's, so that the answer to a request can
be stored with what it did.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from ayla_spec import JobSpec, ResolvedJobSpec
from ayla_spec.expression import ExpansionQuota
from sqlalchemy.orm import Session

from ayla_service import idempotency
from ayla_service.db.models import Job
from ayla_service.db.session import Database, store_now
from ayla_service.errors import JobFinished
from ayla_service.idempotency import RequestKey
from ayla_service.jobs import attempts, listing, repository
from ayla_service.jobs.editing import touched
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.rendering import trial_view
from ayla_service.jobs.scoping import job_of, own_job, trial_of
from ayla_service.jobs.submission import Fill, NewJob, Pin, Receipt, Render, SubmissionDesk, checked
from ayla_service.jobs.views import AttemptView, JobView
from ayla_service.queue import lifecycle
from ayla_service.queue.wakeup import WakeUp
from ayla_service.schemas import Page
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.teams.principal import Principal
from ayla_service.trials.views import TrialView

log = structlog.get_logger("ayla_service.jobs")


class JobService:
    """The rules of submitting, reading and steering.

    Args:
        database: the store.
        wake_up: told after each commit that leaves work behind.
        fill: fills in what of a spec only the store knows.
        pin: makes sure of it when the job is stored.
    """

    def __init__(self, database: Database, wake_up: WakeUp, fill: Fill, pin: Pin) -> None:
        self._database = database
        self._fill = fill
        self._desk = SubmissionDesk(database, wake_up, pin)
        self.wake_up = wake_up

    def checked(
        self, principal: Principal, spec: JobSpec, submitted: dict[str, Any], allowance: ExpansionQuota | None = None
    ) -> NewJob:
        """A job whose spec was checked to the end; see ``submission.checked``.

        Raises:
            SpecError: if it cannot be run by this team, or the caller may not give it its priority.
        """
        return checked(principal, self._fill(self._database, principal, spec), submitted, allowance)

    def submit(
        self, principal: Principal, jobs: Sequence[NewJob], render: Render, key: RequestKey | None = None
    ) -> Receipt:
        """Put jobs on the queue, all or none; see ``SubmissionDesk.submit``."""
        return self._desk.submit(principal, jobs, render, key)

    def repeated(self, key: RequestKey | None) -> Receipt | None:
        """What an earlier submission with this key was answered; None if there was none, or this one has no key.

        Raises:
            IdempotencyKeyReused: if something else was asked with the key before.
        """
        if key is None:
            return None
        with self._database.read() as session:
            earlier = idempotency.find(session, key, store_now(session))
        return None if earlier is None else Receipt(earlier, replayed=True)

    def pinned(self, principal: Principal, job: NewJob) -> ResolvedJobSpec:
        """The resolved spec with what only the store knows filled in, as a submission would have it.

        Raises:
            SpecError: if the job cannot be run by this team.
        """
        with self._database.read() as session:
            return self._desk.pin(session, principal, job.resolved)

    def get(self, principal: Principal, job_id: str) -> JobView:
        """One job.

        Raises:
            JobNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            return repository.view(session, job_of(session, principal, job_id))

    def list(
        self, principal: Principal, wanted: JobQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[JobView]:
        """The team's jobs, newest first unless asked for otherwise.

        Raises:
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return listing.page(session, principal, wanted or JobQuery(), limit, cursor)

    def trials(
        self, principal: Principal, job_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> Page[TrialView]:
        """A job's trials, in order.

        Raises:
            JobNotFound: if the team has no such job.
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.trials(session, job_of(session, principal, job_id), limit, cursor)

    def attempts(
        self, principal: Principal, job_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> Page[AttemptView]:
        """All attempts at all shards of a job, oldest first.

        Raises:
            JobNotFound: if the team has no such job.
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return attempts.page(session, job_of(session, principal, job_id), limit, cursor)

    def trial(self, principal: Principal, trial_id: str) -> TrialView:
        """One trial.

        Raises:
            TrialNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            return trial_view(trial_of(session, principal, trial_id))

    def cancel(self, session: Session, principal: Principal, job_id: str) -> JobView:
        """Cancel a job: queued work at once, running work at its worker's next heartbeat. Can be repeated.

        Raises:
            JobNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            JobFinished: if it has succeeded or failed.
        """
        job = own_job(session, principal, job_id)
        if job.state == JobState.CANCELLED:
            return repository.view(session, job)
        if job.state not in UNFINISHED_JOB:
            raise JobFinished(job.id, job.state)
        lifecycle.request_cancel(session, job, store_now(session))
        log.info("job cancelled", job_id=job_id)
        return touched(session, job)

    def pause(self, session: Session, principal: Principal, job_id: str) -> JobView:
        """Pause a job: what waits leaves the queue at once, what runs is checkpointed and handed back. Repeatable.

        Raises:
            JobNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            JobFinished: if it has ended.
        """

        def pause(job: Job) -> bool:
            before = job.paused_at
            lifecycle.pause(session, job, store_now(session))
            return job.paused_at != before

        return self._change(session, principal, job_id, "paused", pause)

    def resume(self, session: Session, principal: Principal, job_id: str) -> tuple[JobView, Sequence[str]]:
        """Put a paused job back into the queue, at its old place. Can be repeated.

        Returns:
            The job, and the device kinds of the shards that are queued now, for the wake-up.

        Raises:
            JobNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            JobFinished: if it has ended.
        """
        devices: list[str] = []

        def resume(job: Job) -> bool:
            was_paused = job.paused_at is not None
            devices.extend(lifecycle.resume(session, job))
            return was_paused

        return self._change(session, principal, job_id, "resumed", resume), devices

    def _change(
        self, session: Session, principal: Principal, job_id: str, done: str, change: Callable[[Job], bool]
    ) -> JobView:
        """Change a job that has not ended, if there is something to change; returns it as it is then."""
        job = own_job(session, principal, job_id)
        if job.state not in UNFINISHED_JOB:
            raise JobFinished(job.id, job.state)
        if not change(job):
            return repository.view(session, job)
        log.info(f"job {done}", job_id=job_id)
        return touched(session, job)
