"""What can be done with jobs. Each method is one unit of work; nothing is told to a caller before it is stored."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from ayla_spec import JobSpec, resolve
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ayla_service.db.models import IdempotencyKey, Job
from ayla_service.db.session import Database, store_now
from ayla_service.errors import IdempotencyKeyReused, JobFinished
from ayla_service.jobs import attempts, repository
from ayla_service.jobs.retention import KEYS_LIVE
from ayla_service.jobs.views import AttemptView, JobView, Page, TrialView
from ayla_service.queue.lifecycle import pause, prioritise, request_cancel, resume
from ayla_service.queue.wakeup import WakeUp
from ayla_service.states import PRIORITIES, UNFINISHED_JOB, JobState

log = structlog.get_logger("ayla_service.jobs")


@dataclass(frozen=True, slots=True)
class Submission:
    """A job, and whether an earlier request with the same idempotency key had made it already."""

    job: JobView
    replayed: bool


class JobService:
    """The rules of submitting, reading and cancelling.

    Args:
        database: the store.
        wake_up: told after each commit that leaves work behind.
    """

    def __init__(self, database: Database, wake_up: WakeUp) -> None:
        self._database = database
        self._wake_up = wake_up

    def submit(self, spec: JobSpec, submitted: dict[str, Any], idempotency_key: str | None = None) -> Submission:
        """Check the spec to the end and put the job on the queue.

        Args:
            spec: the job.
            submitted: the same as its user wrote it; stored beside the resolved spec.
            idempotency_key: a repeated submission with the same key, within 24 hours, finds the first one's job.

        Raises:
            SpecError: if the spec cannot be run.
            IdempotencyKeyReused: if the key came with another spec before.
        """
        resolved = resolve(spec)
        digest = _digest(submitted)
        try:
            with self._database.write() as session:
                now = store_now(session)
                found = _replay(session, idempotency_key, digest, now)
                if found is not None:
                    return Submission(found, replayed=True)
                job = repository.add(session, submitted, resolved, PRIORITIES[spec.priority], now)
                if idempotency_key is not None:
                    session.add(IdempotencyKey(key=idempotency_key, body_digest=digest, job_id=job.id, created_at=now))
                    session.flush()
                view = repository.view(session, job.id)
                devices = repository.queued_devices(session, job.id)
        except IntegrityError:
            # Two requests with one key at the same moment: the other was first, so its job is the answer.
            return self._submitted_meanwhile(idempotency_key, digest)
        self._wake_up.notify(devices)
        log.info("job submitted", job_id=view.id, trials=sum(view.trials.values()))
        return Submission(view, replayed=False)

    def _submitted_meanwhile(self, idempotency_key: str | None, digest: str) -> Submission:
        with self._database.write() as session:
            found = _replay(session, idempotency_key, digest, store_now(session))
        if found is None:
            raise RuntimeError("the store refused a new job although no other used its idempotency key")
        return Submission(found, replayed=True)

    def get(self, job_id: str) -> JobView:
        """One job.

        Raises:
            JobNotFound: if there is none with this id.
        """
        with self._database.read() as session:
            return repository.view(session, job_id)

    def list(
        self, *, state: JobState | None = None, tag: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[JobView]:
        """Jobs, newest first.

        Raises:
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.page(session, state, tag, limit, cursor)

    def cancel(self, job_id: str) -> JobView:
        """Cancel a job: queued work at once, running work at its worker's next heartbeat. Can be repeated.

        Raises:
            JobNotFound: if there is none with this id.
            JobFinished: if it has succeeded or failed.
        """
        with self._database.write() as session:
            job = repository.locked(session, job_id)
            if job.state in UNFINISHED_JOB:
                request_cancel(session, job, store_now(session))
            elif job.state != JobState.CANCELLED:
                raise JobFinished(job.id, job.state)
            session.flush()
            view = repository.view(session, job_id)
        log.info("job cancelled", job_id=job_id, state=view.state)
        return view

    def pause(self, job_id: str) -> JobView:
        """Pause a job: what waits leaves the queue at once, what runs is checkpointed and handed back. Repeatable.

        Raises:
            JobNotFound: if there is none with this id.
            JobFinished: if it has ended.
        """
        view = self._change(job_id, lambda session, job: pause(session, job, store_now(session)))
        log.info("job paused", job_id=job_id)
        return view

    def resume(self, job_id: str) -> JobView:
        """Put a paused job back into the queue, at its old place. Can be repeated.

        Raises:
            JobNotFound: if there is none with this id.
            JobFinished: if it has ended.
        """
        devices: list[str] = []
        view = self._change(job_id, lambda session, job: devices.extend(resume(session, job)))
        self._wake_up.notify(devices)
        log.info("job resumed", job_id=job_id)
        return view

    def prioritise(self, job_id: str, priority: str) -> JobView:
        """Give a job another place in the queue; what runs already goes on.

        Args:
            job_id: the job.
            priority: one of ``states.PRIORITIES``.

        Raises:
            JobNotFound: if there is none with this id.
            JobFinished: if it has ended.
        """
        view = self._change(job_id, lambda session, job: prioritise(session, job, PRIORITIES[priority]))
        log.info("job prioritised", job_id=job_id, priority=priority)
        return view

    def _change(self, job_id: str, change: Callable[[Session, Job], None]) -> JobView:
        """Change a job that has not ended; returns it as it is then."""
        with self._database.write() as session:
            job = repository.locked(session, job_id)
            if job.state not in UNFINISHED_JOB:
                raise JobFinished(job.id, job.state)
            change(session, job)
            session.flush()
            return repository.view(session, job_id)

    def trials(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> Page[TrialView]:
        """A job's trials, in order.

        Raises:
            JobNotFound: if there is no such job.
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.trials(session, job_id, limit, cursor)

    def attempts(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> Page[AttemptView]:
        """All attempts at all shards of a job, oldest first.

        Raises:
            JobNotFound: if there is no such job.
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return attempts.page(session, job_id, limit, cursor)

    def trial(self, trial_id: str) -> TrialView:
        """One trial.

        Raises:
            TrialNotFound: if there is none with this id.
        """
        with self._database.read() as session:
            return repository.trial(session, trial_id)


def _replay(session: Session, key: str | None, digest: str, now: datetime) -> JobView | None:
    if key is None:
        return None
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEYS_LIVE))
    earlier = session.get(IdempotencyKey, key)
    if earlier is None:
        return None
    if earlier.body_digest != digest:
        raise IdempotencyKeyReused(key)
    return repository.view(session, earlier.job_id)


def _digest(submitted: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(submitted, sort_keys=True).encode()).hexdigest()
