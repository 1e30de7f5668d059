"""Putting jobs on the queue; submissions that come at the same moment share one transaction.

A commit takes as long as the disk needs to keep it, and statements take longer than what they store: a transaction of
twenty jobs takes little longer than one of a single job.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, SpecIssue, expression, resolve
from sqlalchemy.orm import Session

from ayla_service import idempotency
from ayla_service.db.session import Database, store_now
from ayla_service.errors import ServiceError
from ayla_service.idempotency import RequestKey, StoredAnswer
from ayla_service.jobs import drafts
from ayla_service.jobs.drafts import Draft
from ayla_service.jobs.views import JobView
from ayla_service.queue.wakeup import WakeUp
from ayla_service.teams.limits import Amount, LimitCheck, LimitTally
from ayla_service.teams.principal import Principal

log = structlog.get_logger("ayla_service.jobs")

Fill = Callable[[Database, Principal, JobSpec], JobSpec]
"""Fills in what has to be known before a spec can be resolved, such as how large a dataset of the team is."""

Pin = Callable[[Session, Principal, ResolvedJobSpec], ResolvedJobSpec]
"""Makes sure of that again, in the transaction in which the job is stored."""

Render = Callable[[list[JobView]], StoredAnswer]
"""How the jobs of a request are told to who submitted them."""

_AT_ONCE = 64
"""Submissions that share a transaction at most."""

_TRIALS_AT_ONCE = 2000
"""Trials of them together; one that has more by itself is stored alone, as others wait for as long as it takes."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be submitted.

    Attributes:
        spec: the job.
        submitted: the same as its user wrote it; stored beside the resolved spec.
        resolved: with nothing left to choose but what the store knows.
    """

    spec: JobSpec
    submitted: dict[str, Any]
    resolved: ResolvedJobSpec


def checked(
    principal: Principal, spec: JobSpec, submitted: dict[str, Any], allowance: expression.ExpansionQuota | None = None
) -> NewJob:
    """A job whose spec was checked to the end, as far as that goes without the store.

    Args:
        principal: who submits it.
        spec: the job.
        submitted: the same as its user wrote it.
        allowance: what its expression is parsed by.

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
class _Request:
    """Jobs that are stored all together or not at all, and what became of them."""

    principal: Principal
    jobs: Sequence[NewJob]
    render: Render
    key: RequestKey | None
    devices: list[str] = field(default_factory=list)
    views: list[JobView] = field(default_factory=list)
    answer: StoredAnswer | None = None
    error: Exception | None = None
    replayed: bool = False

    @property
    def trials(self) -> int:
        return sum(len(job.resolved.optimizers) * len(job.resolved.seeds) for job in self.jobs)

    @property
    def is_done(self) -> bool:
        return self.answer is not None or self.error is not None

    def undo(self) -> None:
        """Forget what a transaction that has failed made of it."""
        self.devices, self.views, self.answer, self.error, self.replayed = [], [], None, None, False

    def place(self) -> tuple[str, str]:
        """Where it comes in a transaction, in the order of the keys."""
        return (self.key.member_id, self.key.key) if self.key is not None else ("", "")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submission is answered with; ``replayed`` says that an earlier one with the same key made the jobs."""

    answer: StoredAnswer
    replayed: bool


class SubmissionDesk:
    """Takes submissions, and stores those that wait together.

    Args:
        database: the store.
        wake_up: told after each commit.
        pin: fills in what only the store knows.
    """

    def __init__(self, database: Database, wake_up: WakeUp, pin: Pin) -> None:
        self._database = database
        self._wake_up = wake_up
        self.pin = pin
        self._waiting: deque[_Request] = deque()
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
        request = _Request(principal, jobs, render, key)
        self._waiting.append(request)
        with self._turn:
            # Whoever has the turn serves all that wait by then; most find themselves served when theirs comes.
            while not request.is_done:
                self._serve(self._next())
        if request.error is not None:
            raise request.error
        assert request.answer is not None  # noqa: S101  # it is done, and not by an error
        self._tell(request)
        return Receipt(request.answer, request.replayed)

    def _next(self) -> list[_Request]:
        """Those that are served together, in the order in which they came."""
        together: list[_Request] = []
        trials = 0
        while self._waiting and len(together) < _AT_ONCE:
            trials += self._waiting[0].trials
            if together and trials > _TRIALS_AT_ONCE:
                break
            together.append(self._waiting.popleft())
        return together

    def _tell(self, request: _Request) -> None:
        if not request.replayed:
            self._wake_up.notify(request.devices)
            for view in request.views:
                log.info("job submitted", job_id=view.id, trials=sum(view.trials.values()))

    def _serve(self, requests: Sequence[_Request]) -> None:
        """Store these; each is done then, whatever happens, as its thread waits for that."""
        try:
            self._try(requests)
        finally:
            for request in requests:
                if not request.is_done:
                    request.error = RuntimeError("a submission was cut off")

    def _try(self, requests: Sequence[_Request]) -> None:
        """Store these; if that fails, each by itself, so that nobody suffers for another's job."""
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
                self._try([request])


def _store(session: Session, requests: Sequence[_Request], pin: Pin) -> None:
    now = store_now(session)
    allowances = _allowances(session, requests)
    made: list[Draft] = []
    # By key, as transactions of two processes that took the same keys in other orders would wait for each other.
    for request in sorted(requests, key=_Request.place):
        try:
            made += _accepted(session, request, pin, allowances[request.principal.member_id], now)
        except (ServiceError, SpecError) as error:
            request.error = error
    drafts.store(session, made)


def _allowances(session: Session, requests: Sequence[_Request]) -> dict[str, LimitCheck]:
    """What each member may still have; teams and members in an order that all transactions keep."""
    tallies: dict[str, LimitTally] = {}
    members = sorted({(request.principal.team_id, request.principal.member_id) for request in requests})
    return {member_id: LimitCheck(session, member_id, tallies) for _, member_id in members}


def _accepted(session: Session, request: _Request, pin: Pin, allowance: LimitCheck, now: datetime) -> list[Draft]:
    """The jobs of a request that are to be stored: none if it was answered before."""
    try:
        made = _drafts(session, request, pin, now)
    except SpecError:
        # What the first request was answered still holds, even if its dataset is gone by now.
        if not _was_answered(session, request, now):
            raise
        return []
    views = [draft.view() for draft in made]
    answer = request.render(views)
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
    request.answer, request.views = answer, views
    request.devices = [device for draft in made for device in draft.devices]
    return made


def _drafts(session: Session, request: _Request, pin: Pin, now: datetime) -> list[Draft]:
    principal = request.principal
    return [
        drafts.draft(principal, job.spec, job.submitted, pin(session, principal, job.resolved), now)
        for job in request.jobs
    ]


def _was_answered(session: Session, request: _Request, now: datetime) -> bool:
    if request.key is not None:
        request.answer = idempotency.find(session, request.key, now)
        request.replayed = request.answer is not None
    return request.replayed


def _allow(allowance: LimitCheck, made: Sequence[Draft]) -> None:
    trials = sum(draft.job["trials_total"] for draft in made)
    steps = sum(draft.job["steps_total"] for draft in made)
    allowance.take(Amount(jobs=len(made), trials=trials, steps=steps))
