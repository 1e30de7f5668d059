"""Events of streams, poll by poll, on each kind of store."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ayla_service.db.models import ApiKeyRow, ChunkRow, MetricChunkRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import JobNotFound
from ayla_service.jobs import retention
from ayla_service.queue.attempts import fail, record
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.streams.events import MOST_TRIALS, Position
from ayla_service.streams.feeds import JobFilter, TeamFeed, feed_of_jobs
from ayla_service.streams.followed_jobs import MOST_AT_ONCE
from ayla_service.teams.principal import LOCAL, Credential, Scope
from ayla_service.trials.encoding import encode
from ayla_service.trials.writer import NewChunk, NewResults
from sqlalchemy import event, text, update
from sqlalchemy.exc import SQLAlchemyError

from tests.factories import jobs, progress, set_trials, stranger, submit, submit_as, trial_ids
from tests.keyring import let_in, revoke
from tests.streaming import LEASE, begin_job, make_steps, names
from tests.streams.stream_polls import StreamPolls
from tests.trials.chunked import add_chunk

pytestmark = pytest.mark.every_store


@pytest.fixture
def polls(database: Database) -> StreamPolls:
    return StreamPolls(database)


def test_a_job_is_told_from_its_queue_to_its_end(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    [first] = polls.open(job.id)
    assert (first.event, first.state, first.data["trials_left_out"]) == ("snapshot", "queued", 0)
    assert [trial["state"] for trial in first.data["trials"]] == ["queued", "queued"]
    assert polls.job(job.id) == []

    claimed = begin_job(database)
    started = polls.job(job.id)
    assert names(started) == ["state", "metric"]
    assert started[0].state == "running"

    make_steps(database, claimed, 0, 4)
    gone_on = polls.job(job.id)
    assert names(gone_on) == ["progress", "metric"]
    assert gone_on[0].data["fraction"] == 0.4
    assert [(trial["step"], trial["loss"]) for trial in gone_on[1].data["trials"]] == [(4, 0.2), (4, 0.2)]

    make_steps(database, claimed, 5, 10, finished=True)
    ended = polls.job(job.id)
    assert names(ended) == ["metric", "end"]
    assert (ended[-1].state, ended[-1].data["reason"]) == ("succeeded", "finished")
    assert [trial["loss"] for trial in ended[-1].data["trials"]] == [1 / 11, 1 / 11]
    assert polls.job(job.id) == []


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    statements: list[str] = []

    def note(*given: object) -> None:
        statements.append(str(given[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_poll_takes_as_many_statements_for_many_streams_as_for_one(database: Database, polls: StreamPolls) -> None:
    made = [submit(database).id for _ in range(20)]
    claims = [begin_job(database) for _ in made]
    feeds = [TeamFeed(LOCAL.team_id, JobFilter(tag=str(number))) for number in range(20)]

    def poll_of(watched: list[str]) -> int:
        polls.poll(jobs=set(watched), snapshots=set(watched), teams={LOCAL.team_id})
        for number, claimed in enumerate(claims):
            make_steps(database, claimed, polled[0], polled[0])
            jobs(database).edit(made[number], notes=str(polled))
        polled[0] += 1
        with counted(database) as statements:
            result = polls.poll(
                jobs=set(watched), teams={LOCAL.team_id}, awaited=set(watched), credentials={Credential(None)}
            )
            assert [result.events_of(feed) for feed in feeds]
        assert result.jobs.keys() >= set(watched)
        return len(statements)

    polled = [1]
    assert poll_of(made[:1]) == poll_of(made) < 25


def test_what_nobody_watches_is_not_read(database: Database, polls: StreamPolls) -> None:
    submit(database)
    polls.team()
    with counted(database) as statements:
        polls.poll()
    assert len([text for text in statements if "clock_timestamp" not in text and "BEGIN" not in text]) == 0


def test_what_users_change_is_told(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    polls.open(job.id)
    jobs(database).pause(job.id)
    [paused] = polls.job(job.id)
    assert paused.data["job"]["paused_at"] is not None
    jobs(database).edit(job.id, name="another")
    [named] = polls.job(job.id)
    assert named.data["job"]["name"] == "another"
    jobs(database).cancel(job.id)
    assert names(polls.job(job.id)) == ["metric", "end"]


def test_a_failed_attempt_and_the_wait_for_the_next_are_told(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    claimed = begin_job(database)
    polls.open(job.id)
    fail(database, claimed, ErrorType.UNEXPECTED, "sand in the gears", RetryPolicy(3, pause_seconds=60))
    state = polls.job(job.id)[0]
    assert state.data["job"]["attempts"]["failed"] == 1
    assert "sand in the gears" in state.data["job"]["status_detail"]


def test_a_failed_job_ends_with_its_error_and_goes_on_when_it_is_tried_again(
    database: Database, polls: StreamPolls
) -> None:
    job = submit(database)
    claimed = begin_job(database)
    polls.open(job.id)
    fail(database, claimed, ErrorType.UNEXPECTED, "sand", RetryPolicy(1, pause_seconds=0))
    end = polls.job(job.id)[-1]
    assert (end.event, end.data["job"]["error"]["type"]) == ("end", "attempts-exhausted")
    jobs(database).retry(job.id)
    assert [received.state for received in polls.job(job.id) if received.event == "state"] == ["queued"]


def test_progress_tells_how_fast_a_job_is_and_when_it_will_be_done(database: Database, polls: StreamPolls) -> None:
    job = submit(database, budget={"steps": 100})
    claimed = begin_job(database)
    polls.open(job.id)
    make_steps(database, claimed, 0, 9)
    assert polls.job(job.id)[0].data["steps_per_second"] == pytest.approx(2 * 9 / 0.25)
    make_steps(database, claimed, 10, 19)
    progress = polls.job(job.id)[0].data
    assert progress["steps_per_second"] == pytest.approx(2 * 19 / 0.5)
    assert progress["eta_seconds"] == pytest.approx((200 - 2 * 19) / (2 * 19 / 0.5))


def test_the_newest_metrics_are_told(database: Database, polls: StreamPolls) -> None:
    digits = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "mlp", "hidden": [8]}}
    job = submit(database, problem=digits, budget={"epochs": 9})
    claimed = begin_job(database)
    polls.open(job.id)
    for first in (0, 3):
        columns: dict[str, list[float]] = {
            "step": [first, first + 2],
            "epoch": [first, first + 2],
            "train_loss": [2.0, 1.0 / (first + 1)],
        }
        add_chunk(database, trial_ids(claimed)[1], columns, MetricChunkRow)
    make_steps(database, claimed, 0, 5)
    metric = polls.job(job.id)[-1]
    assert [trial["metrics"] for trial in metric.data["trials"]] == [
        None,
        {"step": 5, "epoch": 5, "train_loss": 0.25},
    ]


def test_a_diverged_trial_has_no_loss(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    claimed = begin_job(database)
    polls.open(job.id)
    columns = {"step": [0, 1], "loss": [1.0, float("inf")]}
    chunks = [NewChunk(index, 0, 1, 2, encode(columns)) for index in range(2)]
    block = replace(progress(claimed, 0, 1), results=NewResults(chunks))
    record(database, claimed, block, LEASE)
    trials = polls.job(job.id)[-1].data["trials"]
    assert [(trial["step"], trial["loss"], trial["best_loss"]) for trial in trials] == [(1, None, 0.5)] * 2


def test_a_damaged_chunk_silences_nobody(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    claimed = begin_job(database)
    polls.open(job.id)
    make_steps(database, claimed, 0, 4)
    with database.write() as session:
        session.execute(update(ChunkRow).where(ChunkRow.trial_index == 0).values(data=b"rubbish"))
    trials = polls.job(job.id)[-1].data["trials"]
    assert [(trial["step"], trial["loss"]) for trial in trials] == [(4, None), (4, 0.2)]


def test_of_very_many_trials_the_first_are_told_one_by_one_and_a_few_at_a_time(
    database: Database, polls: StreamPolls
) -> None:
    job = submit(database, seeds=list(range(MOST_TRIALS)))
    claimed = begin_job(database)
    [first] = polls.open(job.id)
    assert len(first.data["trials"]) == first.data["trials_left_out"] == MOST_TRIALS
    make_steps(database, claimed, 0, 3)
    received: set[int] = set()
    for _ in range(2 * MOST_TRIALS // MOST_AT_ONCE):
        metrics = [event for event in polls.job(job.id) if event.event == "metric"]
        result = {trial["index"] for event in metrics for trial in event.data["trials"] if trial["loss"] is not None}
        assert len(result) <= MOST_AT_ONCE
        received |= result
    assert received == set(range(MOST_TRIALS))


def test_of_very_many_trials_the_best_is_told_with_the_first(database: Database, polls: StreamPolls) -> None:
    job = submit(database, seeds=list(range(MOST_TRIALS)))
    claimed = begin_job(database)
    [first] = polls.open(job.id)
    assert first.data["best"] is None
    make_steps(database, claimed, 0, 3)
    assert polls.job(job.id)[-1].data["best"]["index"] == 0, "the first of equals"
    set_trials(database, job.id, 2 * MOST_TRIALS - 1, best_loss=-7.0, best_step=2, steps_done=4)
    told = polls.job(job.id)[-1].data["best"]
    assert (told["index"], told["best_loss"], told["best_step"]) == (2 * MOST_TRIALS - 1, -7.0, 2)
    set_trials(database, job.id, 3, best_test_loss=0.5, steps_done=4)
    assert polls.job(job.id)[-1].data["best"]["index"] == 3, "what is known of whole parts goes before"
    assert polls.open(job.id)[0].data["best"]["index"] == 3


def test_a_deleted_job_ends_as_such(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    polls.open(job.id)
    jobs(database).cancel(job.id)
    retention.remove(database, job.id)
    [end] = polls.job(job.id)
    assert (end.event, end.data["reason"], end.data["job"]["id"]) == ("end", "deleted", job.id)
    assert [received.data["reason"] for received in polls.open(job.id)] == ["deleted"]


def test_who_waits_is_told_of_ends_alone(database: Database, polls: StreamPolls) -> None:
    first, second = submit(database).id, submit(database).id
    assert polls.poll(awaited={first, second}).ended == set()
    jobs(database).cancel(first)
    result = polls.poll(awaited={first, second})
    assert (result.ended, result.jobs) == ({first}, {})
    jobs(database).cancel(second)
    retention.remove(database, second)
    assert polls.poll(awaited={first, second}).ended == {first, second}


def test_after_the_store_has_failed_everything_is_read_anew(database: Database, polls: StreamPolls) -> None:
    job = submit(database)
    claimed = begin_job(database)
    polls.open(job.id)
    make_steps(database, claimed, 0, 4)
    rename(database, "data", "gone")
    with pytest.raises(SQLAlchemyError):
        polls.job(job.id)
    rename(database, "gone", "data")
    [first] = polls.open(job.id)
    assert [trial["steps_done"] for trial in first.data["trials"]] == [4, 4]


def rename(database: Database, column: str, name: str) -> None:
    """Rename a column of the summaries of trials."""
    with database.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE trial_summaries RENAME COLUMN {column} TO {name}"))


def ended_at(polls: StreamPolls, *job_ids: str) -> Position | None:
    return Position.decode(polls.open(*job_ids)[-1].id)


def test_who_has_been_told_the_end_need_not_come_again(database: Database, polls: StreamPolls) -> None:
    first, second = submit(database).id, submit(database).id
    jobs(database).cancel(first)
    jobs(database).cancel(second)
    both = ended_at(polls, first, second)
    only_first = ended_at(polls, first)
    with database.read() as session:
        assert feed_of_jobs(session, LOCAL, [first], only_first) is None
        assert feed_of_jobs(session, LOCAL, [first, second], both) is None
        assert feed_of_jobs(session, LOCAL, [first, second], only_first) is not None
        assert feed_of_jobs(session, LOCAL, [first], None) is not None
    jobs(database).retry(second)
    with database.read() as session:
        assert feed_of_jobs(session, LOCAL, [first, second], both) is not None


@pytest.mark.parametrize(
    "parts",
    [[2, "2026-01-01T00:00:00+00:00"], [1, "2026-01-01T00:00:00"], [1, "0001-01-01T00:00:00+00:00"], [1], {}, [1, 2]],
)
def test_an_id_that_is_none_of_ours_is_no_position(parts: object) -> None:
    assert Position.decode(base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()) is None


@pytest.mark.parametrize("text", ["", "x", "é", "=" * 10, "A" * 500, "WyI" * 40])
def test_rubbish_is_no_position(text: str) -> None:
    assert Position.decode(text) is None


def test_a_position_survives_its_way_to_the_client_and_back() -> None:
    for position in (Position(datetime.now(UTC)), Position(datetime.now(UTC), "a-job")):
        assert Position.decode(position.encode()) == position


def test_streams_are_about_jobs_of_the_own_team(database: Database) -> None:
    theirs = submit_as(database, stranger(database)).id
    mine = submit(database).id
    for unknown in (theirs, "no-such-job", "\0", mine.upper()):
        with database.read() as session, pytest.raises(JobNotFound):
            feed_of_jobs(session, LOCAL, [mine, unknown], None)


def test_keys_that_have_ended_let_nobody_listen(database: Database, polls: StreamPolls) -> None:
    open_to_all = polls.poll(credentials={Credential(None)})
    assert open_to_all.refused == set()
    valid, revoked, expired = let_in(database), let_in(database), let_in(database)
    submitting = let_in(database, scopes=[Scope.SUBMIT])
    revoke(database, valid, revoked.key_id)
    with database.write() as session:
        session.get_one(ApiKeyRow, expired.key_id).expires_at = store_now(session)
    unknown = {Credential(None), Credential("unknown"), Credential(valid.key_id, "unknown")}
    asked = unknown | {holder.credential for holder in (valid, revoked, expired, submitting)}
    assert polls.poll(credentials=asked).refused == asked - {valid.credential}
