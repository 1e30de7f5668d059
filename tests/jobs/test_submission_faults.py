"""What goes wrong around submitting, trying again and removing jobs, on the store."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from ayla_service import cursors
from ayla_service.datasets.pinning import pin_uploads
from ayla_service.db.models import ChunkRow, IdempotencyKeyRow, JobRow, MemberRow, ShardRow, TeamRow
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, JobNotFound, JobUnfinished, LimitReached
from ayla_service.idempotency import RequestKey, StoredAnswer
from ayla_service.jobs import retention
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.schemas import JobDetail
from ayla_service.jobs.submission import Receipt, SubmissionBatcher, checked
from ayla_service.queue.attempts import RecordedBlock, begin, fail, record
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim
from ayla_service.queue.retries import ErrorType
from ayla_service.queue.wakeup import TimerWakeUp
from ayla_service.states import LabelKind, TrialState
from ayla_service.teams.principal import LOCAL, Principal
from ayla_service.trials.columns import CODES
from ayla_service.trials.encoding import encode
from ayla_service.trials.writer import NewChunk, NewResults
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, SpecIssue
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from tests.factories import AT_ONCE, WORKER, colleague, indices, jobs, spec, stored_trials, submit, summaries
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.every_store

KEY = RequestKey(LOCAL.member_id, "k", "digest")
LAST = RequestKey(LOCAL.member_id, "z", "digest")

Asked = tuple[Principal, Callable[[Sequence[JobDetail]], StoredAnswer], RequestKey | None]


def _told(views: Sequence[JobDetail]) -> StoredAnswer:
    return StoredAnswer(202, views[0].id.encode())


class _Noting(TimerWakeUp):
    def __init__(self) -> None:
        self.notified = 0

    def notify(self, devices: Sequence[str]) -> None:
        self.notified += len(devices)


def _desk(database: Database, wake_up: TimerWakeUp | None = None) -> SubmissionBatcher:
    return SubmissionBatcher(database, wake_up or TimerWakeUp(), pin_uploads)


class _Batch:
    """Submissions that share a transaction: the desk is held closed until all of them wait."""

    def __init__(self, desk: SubmissionBatcher, asked: Sequence[Asked]) -> None:
        self._desk = desk
        self.outcomes: list[Receipt | BaseException | None] = [None] * len(asked)
        desk._turn.acquire()
        self._threads = [threading.Thread(target=self._submit, args=(*one,), daemon=True) for one in enumerate(asked)]
        for place, thread in enumerate(self._threads):
            thread.start()
            while len(desk._waiting) <= place:
                time.sleep(0.0005)

    def open(self) -> None:
        self._desk._turn.release()

    def end(self) -> "list[Receipt | BaseException | None]":
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
        return self.outcomes

    def _submit(self, place: int, asked: Asked) -> None:
        principal, render, key = asked
        new = checked(principal, JobSpec.model_validate(spec()), spec())
        try:
            self.outcomes[place] = self._desk.submit(principal, [new], render, key)
        except BaseException as error:
            self.outcomes[place] = error


def _together(desk: SubmissionBatcher, *asked: Asked) -> list[Receipt | BaseException | None]:
    batch = _Batch(desk, asked)
    batch.open()
    return batch.end()


def _raising(*errors: BaseException) -> Callable[[Sequence[JobDetail]], StoredAnswer]:
    """Raises one error after the other, and the last one for ever."""
    left = list(errors)

    def render(views: Sequence[JobDetail]) -> StoredAnswer:
        raise left.pop(0) if len(left) > 1 else left[0]

    return render


@pytest.mark.parametrize("errors", [(KeyError("x"),), (ValueError("x"), KeyError("y")), (OverflowError("x"),)])
def test_nobody_suffers_for_the_error_of_another_submission(database: Database, errors: tuple[Exception, ...]) -> None:
    """Whatever the error is, and whichever comes when they are stored one by one."""
    before, failed, after = _together(
        _desk(database), (LOCAL, _told, None), (LOCAL, _raising(*errors), None), (LOCAL, _told, None)
    )
    assert isinstance(before, Receipt)
    assert isinstance(after, Receipt)
    assert failed is errors[-1]
    assert len(jobs(database).list().items) == 2


@pytest.mark.parametrize("errors", [(SystemExit(),), (ValueError("x"), SystemExit())])
def test_who_waits_is_told_when_the_thread_that_serves_is_ended(
    database: Database, errors: tuple[BaseException, ...]
) -> None:
    """At once, or as they are stored one by one; what was stored by then is stored."""
    outcomes = _together(_desk(database), (LOCAL, _told, None), (LOCAL, _raising(*errors), KEY), (LOCAL, _told, LAST))
    stored = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert sum(isinstance(outcome, SystemExit) for outcome in outcomes) == 1
    assert len(jobs(database).list().items) == len(errors) - 1 >= len(stored)


def test_who_is_first_after_all_is_not_answered_as_if_it_had_been_repeated(database: Database) -> None:
    wake_up = _Noting()

    def once(views: Sequence[JobDetail], calls: list[int] = []) -> StoredAnswer:  # noqa: B006
        calls.append(1)
        if len(calls) > 1:
            raise SpecError([SpecIssue("", "no more")])
        return _told(views)

    refused, second, _ = _together(
        _desk(database, wake_up), (LOCAL, once, KEY), (LOCAL, _told, KEY), (LOCAL, _raising(ValueError("x")), LAST)
    )
    assert isinstance(refused, SpecError)
    assert isinstance(second, Receipt)
    assert not second.replayed
    assert wake_up.notified == 1


def test_members_who_submit_at_the_same_moment_share_the_limits_of_their_team(database: Database) -> None:
    other = colleague(database)
    with database.write() as session:
        session.execute(update(TeamRow).where(TeamRow.id == LOCAL.team_id).values(limits={"queued_jobs": 1}))
    outcomes = _together(_desk(database), (LOCAL, _told, None), (other, _told, None))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [LimitReached.__name__, Receipt.__name__]
    assert len(jobs(database).list().items) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_processes_that_submit_for_the_same_members_do_not_wait_for_each_other_in_a_circle(database: Database) -> None:
    """Neither for the rows of members and teams with limits, nor for the same keys in another order."""
    members = [LOCAL, *(colleague(database, f"colleague {place}") for place in range(5))]
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={"queued_jobs": 1000}))
        session.execute(update(TeamRow).values(limits={"queued_jobs": 1000}))
    asked = [(who, _told, RequestKey(who.member_id, f"key {n}", "digest")) for who in members for n in range(3)]
    before = _deadlocks(database)
    other = Database(database.url)
    try:
        batches = [_Batch(_desk(database), asked), _Batch(_desk(other), asked[::-1])]
        for batch in batches:
            batch.open()
        outcomes = [outcome for batch in batches for outcome in batch.end()]
    finally:
        other.dispose()
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert len(jobs(database).list(limit=100).items) == len(asked)
    assert _deadlocks(database) == before


def _deadlocks(database: Database) -> int:
    """How many deadlocks there were on this PostgreSQL database, which other tests have used before."""
    with database.read() as session:
        session.execute(text("SELECT pg_stat_force_next_flush()"))
        found = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return session.scalar(found) or 0


def test_a_repeated_submission_is_answered_though_its_dataset_is_gone(database: Database) -> None:
    there = True

    def pin(session: Session, principal: Principal, resolved: ResolvedJobSpec) -> ResolvedJobSpec:
        if not there:
            raise SpecError([SpecIssue("/problem/dataset", "gone")])
        return resolved

    desk = SubmissionBatcher(database, TimerWakeUp(), pin)
    new = checked(LOCAL, JobSpec.model_validate(spec()), spec())
    first = desk.submit(LOCAL, [new], _told, KEY)
    there = False
    again = desk.submit(LOCAL, [new], _told, KEY)
    assert again == Receipt(first.answer, replayed=True)
    with pytest.raises(SpecError):
        desk.submit(LOCAL, [new], _told, RequestKey(LOCAL.member_id, "another", "digest"))
    with pytest.raises(SpecError):
        desk.submit(LOCAL, [new], _told)


def test_an_expired_key_makes_a_new_request(database: Database) -> None:
    desk, new = _desk(database), checked(LOCAL, JobSpec.model_validate(spec()), spec())
    first = desk.submit(LOCAL, [new], _told, KEY)
    with database.write() as session:
        old = datetime.now(UTC) - timedelta(hours=25)
        session.execute(update(IdempotencyKeyRow).values(created_at=old))
    second = desk.submit(LOCAL, [new], _told, RequestKey(LOCAL.member_id, "k", "another digest"))
    assert not second.replayed
    assert second.answer != first.answer


def _block(claimed: Claim, states: Sequence[TrialState], last: int, *, finished: bool = False) -> RecordedBlock:
    steps = list(range(last + 1))
    data = encode({"step": steps, "loss": [1.0] * len(steps)})
    results = NewResults([NewChunk(index, 0, last, len(steps), data) for index in indices(claimed)])
    codes = [CODES[state] for state in states]
    sizes = results.sizes(0, len(states))
    trials = summaries(len(states), state=codes, steps_done=last, best_loss=1.0, wall_seconds=5.0, stored_bytes=sizes)
    return RecordedBlock(last + (not finished), None, trials, results, finished)


def _failed_with_a_diverged_trial(database: Database) -> str:
    """A job that has used up its time; one of its two trials had diverged by then."""
    job_id = submit(database).id
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    record(database, claimed, _block(claimed, [TrialState.DIVERGED, TrialState.QUEUED], 4), 30)
    fail(database, claimed, ErrorType.TIME_LIMIT, "too long", AT_ONCE)
    return job_id


def test_a_job_that_is_tried_again_has_all_of_its_time_again(database: Database) -> None:
    job_id = _failed_with_a_diverged_trial(database)
    jobs(database).retry(job_id)
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    assert claimed.seconds_used == 0


def test_what_a_job_has_stored_is_right_after_it_was_tried_again(database: Database) -> None:
    job_id = _failed_with_a_diverged_trial(database)
    jobs(database).retry(job_id)
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    begin(database, claimed, 0, "cpu", 30)
    record(database, claimed, _block(claimed, [TrialState.DIVERGED, TrialState.COMPLETED], 9, finished=True), 30)
    assert jobs(database).get(job_id).state == "succeeded"
    with database.read() as session:
        there = session.scalar(select(func.sum(func.length(ChunkRow.data))))
        assert session.get_one(JobRow, job_id).stored_bytes == there
    assert sum(trial.stored_bytes for trial in stored_trials(database, job_id)) == there


def test_a_job_that_is_tried_again_meanwhile_is_not_removed(database: Database) -> None:
    job_id = submit(database).id
    jobs(database).cancel(job_id)
    jobs(database).retry(job_id)
    with pytest.raises(JobUnfinished):
        retention.remove(database, job_id)
    assert jobs(database).get(job_id).trials.queued == 2


def test_a_job_that_is_being_removed_cannot_be_tried_again(database: Database) -> None:
    job_id = submit(database).id
    jobs(database).cancel(job_id)
    with database.write() as session:
        session.execute(delete(ShardRow))
    with pytest.raises(JobNotFound):
        jobs(database).retry(job_id)


def test_no_change_is_no_new_version(database: Database) -> None:
    before = submit(database)
    assert jobs(database).edit(before.id) == jobs(database).get(before.id)
    assert jobs(database).get(before.id).version == before.version


@pytest.mark.parametrize(
    ("time", "found"),
    [
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23))), 1),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-23))), 0),
    ],
)
def test_a_time_at_the_end_of_all_time_is_one(database: Database, time: datetime, found: int) -> None:
    submit(database)
    assert len(jobs(database).list(JobQuery(created_from=time)).items) == found
    with pytest.raises(InvalidQuery):
        jobs(database).list(cursor=cursors.encode(time.isoformat(), "x"))


def test_of_several_labels_all_are_needed_whichever_is_the_rarest(database: Database) -> None:
    both = submit(database, tags=["many"], project="few")
    submit(database, tags=["many"])
    wanted = JobQuery(labels={LabelKind.TAG: "many", LabelKind.PROJECT: "few", LabelKind.OPTIMIZER: "sgd"})
    assert [job.id for job in jobs(database).list(wanted).items] == [both.id]
    for label in ("none", "few"):
        other = JobQuery(labels={LabelKind.PROJECT: label, LabelKind.TAG: "none"})
        assert jobs(database).list(other).items == []
