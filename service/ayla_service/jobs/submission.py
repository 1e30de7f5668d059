"""Submission of jobs; submissions that arrive at the same moment share one transaction (group commit).

A commit takes as long as the disk needs to keep it, and statements take longer than what they store: a transaction of
twenty jobs takes little longer than one of a single job.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, SpecIssue, expression, resolve
from ayla_spec.design import plan_points
from ayla_spec.space import Space
from sqlalchemy.orm import Session

from ayla_service import idempotency
from ayla_service.db.session import Database, store_now
from ayla_service.errors import ServiceError
from ayla_service.idempotency import RequestKey, StoredAnswer
from ayla_service.jobs.planning import PlannedJob, insert_jobs, plan_job
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue.wakeup import WakeUp
from ayla_service.teams.limits import Amount, LimitCheck, LimitTally
from ayla_service.teams.principal import Principal
from ayla_service.trials.points import Columns

log = structlog.get_logger("ayla_service.jobs")

Fill = Callable[[Database, Principal, JobSpec], JobSpec]
"""Adds to a spec what has to be known before it can be resolved, such as the size of a dataset of the team."""

Pin = Callable[[Session, Principal, ResolvedJobSpec], ResolvedJobSpec]
"""Checks that again in the transaction that stores the job."""

Render = Callable[[list[JobDetail]], StoredAnswer]
"""Makes the answer to a submission from its jobs."""

_AT_ONCE = 64
"""Most submissions that share a transaction."""

_TRIALS_AT_ONCE = 2000
"""Most trials of the submissions that share one; a submission with more is stored alone, as others wait for it."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be submitted.

    Attributes:
        spec: the job.
        submitted: the same as its user wrote it; stored beside the resolved spec.
        resolved: the same with every default filled in, but for what only the store knows.
        points: of each arm, where its design draws them.
        origin: id of the trial of another job that it computes again; None of any other job.
    """

    spec: JobSpec
    submitted: dict[str, Any]
    resolved: ResolvedJobSpec
    points: Sequence[Columns] = ()
    origin: str | None = None

    @property
    def trials(self) -> int:
        """How many trials it has."""
        return Space.of(self.resolved).trials_total


def checked(
    principal: Principal, spec: JobSpec, submitted: dict[str, Any], allowance: expression.ExpansionQuota | None = None
) -> NewJob:
    """A job with its spec validated and resolved, as far as that is possible without the store.

    Args:
        principal: who submits it.
        spec: the job.
        submitted: the same as its user wrote it.
        allowance: limits the work of parsing its expression, and counts it.

    Raises:
        SpecError: if the spec cannot be run, or the caller may not give it its priority.
    """
    refuse_priority(principal, spec.priority)
    return NewJob(spec, submitted, resolve(spec, allowance))


def refuse_priority(principal: Principal, priority: str) -> None:
    """Refuse a priority that the caller may not give.

    Raises:
        SpecError: if it is for admins only, and the caller is none.
    """
    if priority == "urgent" and not principal.is_admin:
        raise SpecError([SpecIssue("/priority", "'urgent' is for admins of the team; 'high' is the most you can ask.")])


@dataclass(slots=True)
class _Submission:
    """Jobs that are stored all together or not at all, with the answer or the error once they were handled."""

    principal: Principal
    jobs: Sequence[NewJob]
    render: Render
    key: RequestKey | None
    devices: list[str] = field(default_factory=list)
    details: list[JobDetail] = field(default_factory=list)
    answer: StoredAnswer | None = None
    error: Exception | None = None
    replayed: bool = False

    @property
    def trials(self) -> int:
        return sum(job.trials for job in self.jobs)

    @property
    def is_done(self) -> bool:
        return self.answer is not None or self.error is not None

    def undo(self) -> None:
        """Reset it after a transaction that has failed."""
        self.devices, self.details, self.answer, self.error, self.replayed = [], [], None, None, False

    def sort_key(self) -> tuple[str, str]:
        """Its key for sorting, so that all transactions take idempotency keys in one order."""
        return (self.key.member_id, self.key.key) if self.key is not None else ("", "")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a submission; ``replayed`` says that it is that of an earlier one with the same key."""

    answer: StoredAnswer
    replayed: bool


class SubmissionBatcher:
    """Stores submissions, those that wait at the same time in one transaction.

    Args:
        database: the store.
        wake_up: notified after each commit.
        pin: completes a resolved spec from the store.
    """

    def __init__(self, database: Database, wake_up: WakeUp, pin: Pin) -> None:
        self._database = database
        self._wake_up = wake_up
        self.pin = pin
        self._waiting: deque[_Submission] = deque()
        self._turn = threading.Lock()

    def submit(
        self, principal: Principal, jobs: Sequence[NewJob], render: Render, key: RequestKey | None = None
    ) -> Receipt:
        """Store jobs, all or none of them.

        Args:
            principal: who submits them.
            jobs: at least one.
            render: makes the answer; it is stored beside the jobs under the key.
            key: the name of the request, if it has one.

        Raises:
            SpecError: if a job cannot be run by this team.
            IdempotencyKeyReused: if something else was asked with the key before.
            LimitReached: if it is more than the member or the team may have.
            QueueDraining: if the team's queue takes nothing new.
        """
        # Before anything is locked: a million points take a while.
        drawn = [replace(job, points=plan_points(job.resolved)) for job in jobs]
        request = _Submission(principal, drawn, render, key)
        self._waiting.append(request)
        with self._turn:
            # Whoever has the turn serves all that wait by then; most find themselves served when theirs comes.
            while not request.is_done:
                self._handle(self._next())
        if request.error is not None:
            raise request.error
        assert request.answer is not None  # noqa: S101  # it is done, and not by an error
        self._notify(request)
        return Receipt(request.answer, request.replayed)

    def _next(self) -> list[_Submission]:
        """The submissions of the next transaction, in the order in which they arrived."""
        together: list[_Submission] = []
        trials = 0
        while self._waiting and len(together) < _AT_ONCE:
            trials += self._waiting[0].trials
            if together and trials > _TRIALS_AT_ONCE:
                break
            together.append(self._waiting.popleft())
        return together

    def _notify(self, request: _Submission) -> None:
        if not request.replayed:
            self._wake_up.notify(request.devices)
            for job in request.details:
                log.info("job submitted", job_id=job.id, trials=job.trials.total)

    def _handle(self, requests: Sequence[_Submission]) -> None:
        """Store these; afterwards each has an answer or an error, as its thread waits for one."""
        try:
            self._store_together(requests)
        finally:
            for request in requests:
                if not request.is_done:
                    request.error = RuntimeError("a submission was cut off")

    def _store_together(self, requests: Sequence[_Submission]) -> None:
        """Store these; if that fails, each by itself, so that one bad submission does not fail the others."""
        try:
            with self._database.write() as session:
                _store(session, requests, self.pin)
        except BaseException as error:
            for request in requests:
                request.undo()
            if not isinstance(error, Exception):
                raise
            if len(requests) == 1:
                requests[0].error = error
                return
            for request in requests:
                self._store_together([request])


def _store(session: Session, requests: Sequence[_Submission], pin: Pin) -> None:
    now = store_now(session)
    allowances = _allowances(session, requests)
    made: list[PlannedJob] = []
    # By key, as transactions of two processes that took the same keys in other orders would wait for each other.
    for request in sorted(requests, key=_Submission.sort_key):
        try:
            made += _accepted(session, request, pin, allowances[request.principal.member_id], now)
        except (ServiceError, SpecError) as error:
            request.error = error
    insert_jobs(session, made)


def _allowances(session: Session, requests: Sequence[_Submission]) -> dict[str, LimitCheck]:
    """The rest of each member's limits; teams and members are locked in one order in all transactions."""
    tallies: dict[str, LimitTally] = {}
    members = sorted({(request.principal.team_id, request.principal.member_id) for request in requests})
    return {member_id: LimitCheck(session, member_id, tallies) for _, member_id in members}


def _accepted(
    session: Session, request: _Submission, pin: Pin, allowance: LimitCheck, now: datetime
) -> list[PlannedJob]:
    """The jobs of a submission that are to be stored; none if it was answered before."""
    try:
        made = _planned(session, request, pin, now)
    except SpecError:
        # What the first request was answered still holds, even if its dataset is gone by now.
        if not _was_answered(session, request, now):
            raise
        return []
    details = [job.detail() for job in made]
    answer = request.render(details)
    if request.key is not None:
        earlier = idempotency.begin(session, request.key, now, answer)
        if earlier is not None:
            request.answer, request.replayed = earlier, True
            return []
    try:
        _allow(allowance, made)
    except ServiceError:
        if request.key is not None:
            idempotency.forget(session, request.key)
        raise
    request.answer, request.details = answer, details
    request.devices = [device for job in made for device in job.devices]
    return made


def _planned(session: Session, request: _Submission, pin: Pin, now: datetime) -> list[PlannedJob]:
    principal = request.principal
    return [
        plan_job(
            principal,
            job.spec,
            job.submitted,
            pin(session, principal, job.resolved),
            now,
            points=job.points,
            origin=job.origin,
        )
        for job in request.jobs
    ]


def _was_answered(session: Session, request: _Submission, now: datetime) -> bool:
    if request.key is not None:
        request.answer = idempotency.find(session, request.key, now)
        request.replayed = request.answer is not None
    return request.replayed


def _allow(allowance: LimitCheck, made: Sequence[PlannedJob]) -> None:
    trials = sum(job.job["trials_total"] for job in made)
    steps = sum(job.job["steps_total"] for job in made)
    allowance.take(Amount(jobs=len(made), trials=trials, steps=steps))
