"""Submitting, reading, listing and cancelling jobs, on the store."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ayla_service import cursors
from ayla_service.db.models import IdempotencyKeyRow, JobRow, MemberRow, ShardRow, TeamRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import (
    IdempotencyKeyReused,
    InvalidQuery,
    JobFinished,
    JobNotFound,
    LimitReached,
    NotYours,
    QueueDraining,
    TrialNotFound,
)
from ayla_service.idempotency import StoredAnswer
from ayla_service.jobs.listing import JobQuery, Sort
from ayla_service.jobs.schemas import JobDetail
from ayla_service.jobs.submission import checked
from ayla_service.queue.attempts import record
from ayla_service.queue.claims import claim
from ayla_service.queue.wakeup import TimerWakeUp
from ayla_service.states import JobState, LabelKind
from ayla_service.teams.principal import LOCAL
from ayla_spec import JobSpec, SpecError
from sqlalchemy import func, select, update

from tests.cases import each
from tests.factories import WORKER, Jobs, colleague, jobs, progress, spec, stored_trials, stranger, submit, submit_as

pytestmark = pytest.mark.every_store


def _count(database: Database, table: type[JobRow] | type[ShardRow]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_job_is_stored_as_submitted_and_as_resolved(database: Database) -> None:
    submitted = spec(name="saddle", tags=["paper", "test", "paper"])
    job = jobs(database).submit(submitted)
    found = jobs(database).get(job.id)
    assert found == job
    assert found.spec == submitted
    assert found.resolved.seeds == [0]
    assert (found.state, found.name, found.tags) == ("queued", "saddle", ["paper", "test"])
    assert {state: number for state, number in found.trials if number} == {"total": 2, "queued": 2}
    assert (found.progress.steps_done, found.progress.steps_total) == (0, 20)


@pytest.mark.usefixtures("small_shards")
def test_a_large_job_is_cut_into_shards(database: Database) -> None:
    job = submit(database, seeds=list(range(200)))
    assert len(stored_trials(database, job.id)) == 400
    assert _count(database, ShardRow) == 2


def test_a_spec_that_cannot_be_run_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(SpecError):
        submit(database, seeds=[1, 1])
    assert _count(database, JobRow) == 0


def test_workers_are_woken_after_the_commit(database: Database) -> None:
    seen: list[tuple[int, list[str]]] = []

    class Probe(TimerWakeUp):
        def notify(self, devices: Sequence[str]) -> None:
            seen.append((_count(database, JobRow), list(devices)))

    jobs(database, Probe()).submit(spec())
    assert seen == [(1, ["auto"])]


def test_what_a_submission_is_answered_with_is_what_is_stored(database: Database) -> None:
    """The answer is made before the rows are, so that many jobs can share a transaction."""
    answers: list[JobDetail] = []

    def render(views: list[JobDetail]) -> StoredAnswer:
        answers.extend(views)
        return StoredAnswer(202, b"")

    document = spec(tags=["a"], project="p", notes="first\nsecond", priority="high", seeds=[0, 1])
    new = checked(LOCAL, JobSpec.model_validate(document), document)
    jobs(database).service.submit(LOCAL, [new], render)
    assert jobs(database).get(answers[0].id) == answers[0]


def test_a_repeated_key_finds_the_first_job(database: Database) -> None:
    first = jobs(database).submit(spec(), "key-1")
    assert jobs(database).submit(spec(), "key-1").id == first.id
    assert _count(database, JobRow) == 1


def test_the_same_key_of_another_member_is_another_request(database: Database) -> None:
    first = jobs(database).submit(spec(), "key-1")
    other = jobs(database, caller=colleague(database)).submit(spec(), "key-1")
    assert other.id != first.id


def test_a_key_with_another_spec_is_refused(database: Database) -> None:
    jobs(database).submit(spec(), "key-1")
    with pytest.raises(IdempotencyKeyReused):
        jobs(database).submit(spec(name="other"), "key-1")
    assert _count(database, JobRow) == 1


def test_a_key_lives_for_a_day(database: Database) -> None:
    first = jobs(database).submit(spec(), "key-1")
    with database.write() as session:
        yesterday = store_now(session) - timedelta(hours=25)
        session.execute(update(IdempotencyKeyRow).values(created_at=yesterday))
    assert jobs(database).submit(spec(), "key-1").id != first.id


def test_simultaneous_submissions_with_one_key_make_one_job(database: Database) -> None:
    """Through one process, in which they share transactions, and through two, which only the store brings together."""
    desks = [jobs(database), jobs(database)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: desks[number % 2].submit(spec(), "key").id, range(16)))
    assert len(set(ids)) == 1
    assert _count(database, JobRow) == 1


def test_submissions_that_come_together_share_transactions_and_not_their_fate(database: Database) -> None:
    desk = jobs(database)
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={"queued_jobs": 10}))

    def submit_one(number: int) -> str:
        try:
            desk.submit(spec(name=f"job {number}"))
        except LimitReached:
            return "refused"
        return "stored"

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(submit_one, range(16)))
    assert sorted(outcomes) == ["refused"] * 6 + ["stored"] * 10
    assert _count(database, JobRow) == 10


def test_a_refused_submission_leaves_its_key_free(database: Database) -> None:
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={"queued_jobs": 0}))
    with pytest.raises(LimitReached, match="0 jobs that have not ended"):
        jobs(database).submit(spec(), "key")
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={}))
    assert jobs(database).submit(spec(), "key").state == "queued"


@pytest.mark.parametrize(
    ("table", "limits"), [(MemberRow, {"trials": 3}), (TeamRow, {"steps": 30}), (TeamRow, {"queued_jobs": 1})]
)
def test_what_a_member_or_team_has_at_once_is_limited(
    database: Database, table: type[MemberRow] | type[TeamRow], limits: dict[str, int]
) -> None:
    with database.write() as session:
        session.execute(update(table).values(limits=limits))
    first = submit(database)
    with pytest.raises(LimitReached, match="cancel or delete some"):
        submit(database)
    jobs(database).cancel(first.id)
    submit(database)


def test_an_ended_job_counts_by_what_it_stores(database: Database) -> None:
    submit(database)
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    block = progress(claimed, 0, 10, finished=True)
    record(database, claimed, block, 30)
    stored = int(block.results.sizes(0, 2).sum())
    with database.read() as session:
        assert session.scalars(select(JobRow.stored_bytes)).one() == stored
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={"stored_bytes": stored}))
    with pytest.raises(LimitReached, match="Delete jobs or datasets"):
        submit(database)


def test_a_team_that_drains_its_queue_takes_nothing_new(database: Database) -> None:
    with database.write() as session:
        session.execute(update(TeamRow).values(draining_at=store_now(session)))
    with pytest.raises(QueueDraining):
        submit(database)


def test_urgent_is_for_admins(database: Database) -> None:
    member = colleague(database)
    with pytest.raises(SpecError, match="urgent"):
        submit_as(database, member, priority="urgent")
    assert submit(database, priority="urgent").priority == "urgent"


def test_a_team_sees_its_own_jobs_only(database: Database) -> None:
    mine, rival = submit(database, tags=["a"]), stranger(database)
    theirs = submit_as(database, rival, tags=["a"])
    for query in (
        JobQuery(),
        JobQuery(labels={LabelKind.TAG: "a"}),
        JobQuery(sort=Sort.LAST_CHANGED),
        JobQuery(text="x"),
    ):
        assert [job.id for job in jobs(database).list(query).items] == [mine.id]
        assert [job.id for job in jobs(database, caller=rival).list(query).items] == [theirs.id]
    for attempt in (Jobs.get, Jobs.cancel, Jobs.pause, Jobs.resume, Jobs.retry, Jobs.trials, Jobs.attempts, Jobs.edit):
        with pytest.raises(JobNotFound):
            attempt(jobs(database), theirs.id)
    with pytest.raises(TrialNotFound):
        jobs(database).trial(jobs(database, caller=rival).trials(theirs.id).items[0].id)


def test_a_member_steers_its_own_jobs_and_an_admin_all(database: Database) -> None:
    mine, member = submit(database), colleague(database)
    theirs = submit_as(database, member)
    with pytest.raises(NotYours, match="another member"):
        jobs(database, caller=member).cancel(mine.id)
    assert jobs(database, caller=member).get(mine.id).owner == "local"
    assert jobs(database).cancel(theirs.id).state == "cancelled"


def test_jobs_are_listed_newest_first_over_pages(database: Database) -> None:
    made = [submit(database, name=f"job {number}").id for number in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        page = jobs(database).list(limit=2, cursor=cursor)
        seen += [job.id for job in page.items]
        assert len(page.items) <= 2
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == made[::-1]


def test_a_new_job_does_not_shift_the_pages(database: Database) -> None:
    made = [submit(database).id for _ in range(4)]
    first = jobs(database).list(limit=2)
    submit(database)
    second = jobs(database).list(limit=2, cursor=first.next_cursor)
    assert [job.id for job in first.items + second.items] == made[::-1]


def test_jobs_are_filtered_by_state_and_tag(database: Database) -> None:
    tagged = submit(database, tags=["a", "b"])
    other = submit(database, tags=["b"])
    jobs(database).cancel(other.id)
    assert [job.id for job in jobs(database).list(JobQuery(labels={LabelKind.TAG: "a"})).items] == [tagged.id]
    assert [job.id for job in jobs(database).list(JobQuery(state=JobState.CANCELLED)).items] == [other.id]
    assert jobs(database).list(JobQuery(JobState.CANCELLED, labels={LabelKind.TAG: "a"})).items == []


@each("cursor", ["", "x", "bnVsbA", "WzEsMl0", "WyJub3QgYSB0aW1lIiwieCJd", "é", "=", "W10" * 5000])
def test_a_foreign_cursor_is_refused(database: Database, cursor: str) -> None:
    job = submit(database)
    with pytest.raises(InvalidQuery):
        jobs(database).list(cursor=cursor)
    with pytest.raises(InvalidQuery):
        jobs(database).trials(job.id, cursor=cursor)


def test_trials_are_listed_in_order_over_pages(database: Database) -> None:
    job = submit(database, seeds=[5, 6])
    first = jobs(database).trials(job.id, limit=3)
    rest = jobs(database).trials(job.id, limit=3, cursor=first.next_cursor)
    assert [trial.index for trial in first.items + rest.items] == [0, 1, 2, 3]
    assert rest.next_cursor is None
    assert jobs(database).trial(rest.items[0].id) == rest.items[0]
    assert first.items[0].summary is None


@each("unknown", ["nothing", "0" * 36, "\0" * 36, "é" * 36, "", "x" * 10_000])
def test_what_does_not_exist_is_not_found(database: Database, unknown: str) -> None:
    service = jobs(database)
    with pytest.raises(JobNotFound):
        service.get(unknown)
    with pytest.raises(JobNotFound):
        service.cancel(unknown)
    with pytest.raises(JobNotFound):
        service.trials(unknown)
    with pytest.raises(TrialNotFound):
        service.trial(unknown)


def test_text_that_cannot_be_stored_finds_nothing(database: Database) -> None:
    """PostgreSQL refuses a NUL; that must not look like a fault of the service."""
    with pytest.raises(InvalidQuery):
        jobs(database).list(JobQuery(labels={LabelKind.TAG: "a\0"}))
    with pytest.raises(InvalidQuery):
        jobs(database).list(cursor=cursors.encode("-created_at", "2026-01-01T00:00:00+00:00", "\0"))


def test_a_queued_job_is_cancelled_at_once_and_can_be_cancelled_again(database: Database) -> None:
    job = submit(database)
    cancelled = jobs(database).cancel(job.id)
    assert cancelled.state == "cancelled"
    assert cancelled.finished_at is not None
    assert cancelled.trials.cancelled == 2
    assert jobs(database).cancel(job.id) == cancelled
    assert claim(database, WORKER, 30) is None


def test_a_finished_job_cannot_be_cancelled(database: Database) -> None:
    job = submit(database)
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    record(database, claimed, progress(claimed, 0, 10, finished=True), 30)
    with pytest.raises(JobFinished, match="succeeded"):
        jobs(database).cancel(job.id)


def test_a_job_for_a_gpu_says_what_it_waits_for(database: Database) -> None:
    detail = submit(database, device="cuda").status_detail
    assert detail is not None
    assert "CUDA" in detail
    other = submit(database).status_detail
    assert other is not None
    assert "CUDA" not in other
