"""Service of jobs: validation, submission, reading and steering.

Reading is a unit of work of its own. Changes are made in the caller's, so that the answer to a request can be stored
with what the request did.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from ayla_spec import JobSpec, SpecError, SpecIssue
from ayla_spec.expression import ExpansionQuota
from sqlalchemy.orm import Session

from ayla_service import idempotency
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import JobFinished
from ayla_service.idempotency import RequestKey
from ayla_service.jobs import listing, repository
from ayla_service.jobs.editing import with_next_version
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.recomputation import computed_again
from ayla_service.jobs.repository import AttemptSort
from ayla_service.jobs.schemas import MAX_BULK_NODES, MAX_BULK_TRIALS, Attempt, JobDetail, JobSummary, Validation
from ayla_service.jobs.scoping import job_of, own_job
from ayla_service.jobs.submission import Fill, NewJob, Pin, Receipt, Render, SubmissionBatcher, checked
from ayla_service.jobs.validation import validation_of
from ayla_service.queue import lifecycle
from ayla_service.queue.wakeup import WakeUp
from ayla_service.schemas import Page
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.teams.principal import Principal
from ayla_service.trials import repository as trials_repository
from ayla_service.trials.conditions import Order
from ayla_service.trials.schemas import Trial
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.snapshot import trial_columns

log = structlog.get_logger("ayla_service.jobs")


class JobService:
    """Submits, reads and steers jobs for a caller.

    Args:
        database: the store.
        wake_up: notified after each commit that leaves work for workers.
        fill: adds to a spec what only the store knows, such as the size of an uploaded dataset.
        pin: checks that again in the transaction that stores the job.
    """

    def __init__(self, database: Database, wake_up: WakeUp, fill: Fill, pin: Pin) -> None:
        self._database = database
        self._fill = fill
        self._batcher = SubmissionBatcher(database, wake_up, pin)
        self.wake_up = wake_up

    def checked(
        self, principal: Principal, spec: JobSpec, submitted: dict[str, Any], allowance: ExpansionQuota | None = None
    ) -> NewJob:
        """A job with a validated spec; see ``submission.checked``.

        Raises:
            SpecError: if it cannot be run by this team, or the caller may not give it its priority.
        """
        return checked(principal, self._fill(self._database, principal, spec), submitted, allowance)

    def checked_bulk(
        self, principal: Principal, specs: Sequence[JobSpec], submitted: Sequence[dict[str, Any]]
    ) -> Sequence[NewJob]:
        """The jobs of a bulk submission, checked.

        Raises:
            SpecError: with every issue of every job, each under its place in the list; or on the first job with which
                they are too much work for one request.
        """
        jobs = list[NewJob]()
        issues = list[SpecIssue]()
        trials = nodes = 0
        for place, (spec, document) in enumerate(zip(specs, submitted, strict=True)):
            allowance = ExpansionQuota()
            try:
                jobs.append(self.checked(principal, spec, document, allowance))
                trials += jobs[-1].trials
            except SpecError as error:
                issues += [SpecIssue(f"/jobs/{place}{issue.pointer}", issue.detail) for issue in error.issues]
            nodes += allowance.spent
            _refuse_work(place, trials, nodes)
        if issues:
            raise SpecError(issues)
        return jobs

    def submit(
        self, principal: Principal, jobs: Sequence[NewJob], render: Render, key: RequestKey | None = None
    ) -> Receipt:
        """Put jobs on the queue, all or none; see ``SubmissionBatcher.submit``."""
        return self._batcher.submit(principal, jobs, render, key)

    def repeated(self, key: RequestKey | None) -> Receipt | None:
        """The receipt of an earlier submission with this key; None if there was none, or this one has no key.

        Raises:
            IdempotencyKeyReused: if something else was asked with the key before.
        """
        if key is None:
            return None
        with self._database.read() as session:
            earlier = idempotency.find(session, key, store_now(session))
        return None if earlier is None else Receipt(earlier, replayed=True)

    def recompute(
        self,
        principal: Principal,
        trial: str,
        render: Render,
        key: RequestKey | None = None,
        *,
        all_seeds: bool = False,
    ) -> Receipt:
        """Put a job on the queue that computes a trial again, with the trajectory that its job has not kept.

        One that does so already is answered with. With ``all_seeds`` the whole setting is computed again.

        Raises:
            TrialNotFound: if the team has no trial with this id.
            TrajectoryKept: if its job keeps trajectories.
            TrialUnfinished: if it has not completed or diverged.
            LimitReached: as of any submission; others as ``SubmissionBatcher.submit``.
        """
        with self._database.read() as session:
            found = computed_again(session, principal, trial, all_seeds=all_seeds)
            if isinstance(found, JobRow):
                return Receipt(render([repository.detail(session, found)]), replayed=False)
        return self._batcher.submit(principal, [found], render, key)

    def validation(self, principal: Principal, job: NewJob) -> Validation:
        """The resolved spec of a job and its size, as if it was submitted; nothing is stored.

        Raises:
            SpecError: if the job cannot be run by this team.
        """
        with self._database.read() as session:
            resolved = self._batcher.pin(session, principal, job.resolved)
        return validation_of(resolved)

    def get(self, principal: Principal, job_id: str) -> JobDetail:
        """One job.

        Raises:
            JobNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            return repository.detail(session, job_of(session, principal, job_id))

    def list(
        self, principal: Principal, wanted: JobQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[JobSummary]:
        """The team's jobs, newest first unless asked for otherwise.

        Raises:
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return listing.page(session, principal, wanted or JobQuery(), limit, cursor)

    def trials(
        self,
        principal: Principal,
        job_id: str,
        *,
        limit: int = 100,
        cursor: str | None = None,
        wanted: TrialSelection = trials_repository.EVERY,
        order: Order | None = None,
    ) -> Page[Trial]:
        """A job's trials, or some of them, in the order of the job or another.

        Raises:
            JobNotFound: if the team has no such job.
            SpecUnreadable: if another version of the service wrote its spec, and this one cannot read it.
            InvalidQuery: on a cursor that is not one of this list, or if the job has nothing that the query names.
        """
        with self._database.read() as session:
            job = job_of(session, principal, job_id)
            return trials_repository.page(session, job, limit, cursor, wanted, order)

    def attempts(
        self,
        principal: Principal,
        job_id: str,
        *,
        limit: int = 100,
        cursor: str | None = None,
        sort: AttemptSort = AttemptSort.OLDEST,
    ) -> Page[Attempt]:
        """All attempts at all shards of a job, by their start.

        Raises:
            JobNotFound: if the team has no such job.
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.attempts(session, job_of(session, principal, job_id), limit, cursor, sort)

    def trial(self, principal: Principal, trial_id: str) -> Trial:
        """One trial.

        Raises:
            TrialNotFound: if the team has none with this id.
            SpecUnreadable: if another version of the service wrote its spec, and this one cannot read it.
        """
        with self._database.read() as session:
            _, columns = trial_columns(session, principal.team_id, trial_id)
            return trials_repository.trial(columns.trial(0))

    def cancel(self, session: Session, principal: Principal, job_id: str) -> JobDetail:
        """Cancel a job: queued work at once, running work at its worker's next heartbeat. Can be repeated.

        Raises:
            JobNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            JobFinished: if it has succeeded or failed.
        """
        job = own_job(session, principal, job_id)
        if job.state == JobState.CANCELLED:
            return repository.detail(session, job)
        if job.state not in UNFINISHED_JOB:
            raise JobFinished(job.id, job.state)
        lifecycle.request_cancel(session, job, store_now(session))
        log.info("job cancelled", job_id=job_id)
        return with_next_version(session, job)

    def pause(self, session: Session, principal: Principal, job_id: str) -> JobDetail:
        """Pause a job: what waits leaves the queue at once, what runs is checkpointed and handed back. Repeatable.

        Raises:
            JobNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            JobFinished: if it has ended.
        """

        def pause(job: JobRow) -> bool:
            before = job.paused_at
            lifecycle.pause(session, job, store_now(session))
            return job.paused_at != before

        return self._change(session, principal, job_id, "paused", pause)

    def resume(self, session: Session, principal: Principal, job_id: str) -> tuple[JobDetail, Sequence[str]]:
        """Put a paused job back into the queue, at its old place. Can be repeated.

        Returns:
            The job, and the device kinds of the shards that are queued now, for the wake-up.

        Raises:
            JobNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            JobFinished: if it has ended.
        """
        devices: list[str] = []

        def resume(job: JobRow) -> bool:
            was_paused = job.paused_at is not None
            devices.extend(lifecycle.resume(session, job))
            return was_paused

        return self._change(session, principal, job_id, "resumed", resume), devices

    def _change(
        self, session: Session, principal: Principal, job_id: str, done: str, change: Callable[[JobRow], bool]
    ) -> JobDetail:
        """Change a job that has not ended, if there is something to change; returns it as it is then."""
        job = own_job(session, principal, job_id)
        if job.state not in UNFINISHED_JOB:
            raise JobFinished(job.id, job.state)
        if not change(job):
            return repository.detail(session, job)
        log.info(f"job {done}", job_id=job_id)
        return with_next_version(session, job)


def _refuse_work(place: int, trials: int, nodes: int) -> None:
    """Refuse a bulk that has come to too much work with the job at ``place``, without looking at the rest."""
    if trials > MAX_BULK_TRIALS:
        detail = f"Up to here the jobs have {trials} trials; in one request they have at most {MAX_BULK_TRIALS}."
        raise SpecError([SpecIssue(f"/jobs/{place}", f"{detail} Send the rest in another one.")])
    if nodes > MAX_BULK_NODES:
        detail = (
            f"Up to here the expressions of the jobs have unrolled to more than {MAX_BULK_NODES} terms and operators, "
            "the most in one request. Send the rest in another one."
        )
        raise SpecError([SpecIssue(f"/jobs/{place}/problem/expression", detail)])
