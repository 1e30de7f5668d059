"""What an attempt writes and when it is refused: blocks, leases, fencing, checkpoints."""

import dataclasses
import itertools
from collections.abc import Callable

import pytest
from ayla_service.db.lookup import by_id
from ayla_service.db.models import CheckpointRow, ChunkRow, JobRow
from ayla_service.db.session import Database
from ayla_service.queue import attempts, packs
from ayla_service.queue.attempts import HeartbeatReply, LeaseLost
from ayla_service.queue.claimed import Claim, SavedState
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from tests.factories import AT_ONCE, jobs, progress, submit, trial_ids
from tests.queue.queueing import (
    FOR_EVER,
    LEASE,
    claim_one,
    expire_leases,
    outcomes,
    shard_states,
    steps_of,
)

pytestmark = pytest.mark.every_store


def test_blocks_add_up_to_one_trajectory_and_the_last_ends_the_job(database: Database) -> None:
    job = submit(database)
    claimed = claim_one(database)
    attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    assert jobs(database).get(job.id).progress.steps_done == 8
    attempts.record(database, claimed, progress(claimed, 5, 10, finished=True), LEASE)
    done = jobs(database).get(job.id)
    assert (done.state, done.progress.fraction) == ("succeeded", 1.0)
    assert done.finished_at is not None
    for trial in jobs(database).trials(job.id).items:
        assert steps_of(database, trial.id) == list(range(11))
        assert trial.summary is not None
        assert trial.summary.wall_seconds == 1.0
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CheckpointRow)) == 0


def test_writing_a_block_again_changes_nothing(database: Database) -> None:
    """A worker that does not know whether its commit arrived may repeat it."""
    submit(database)
    claimed = claim_one(database)
    for _ in range(2):
        attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    assert steps_of(database, trial_ids(claimed)[0]) == [0, 1, 2, 3, 4]


def test_writing_a_block_again_counts_its_time_once(database: Database) -> None:
    job = submit(database)
    claimed = claim_one(database)
    for _ in range(2):
        attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    attempts.record(database, claimed, progress(claimed, 5, 10, finished=True), LEASE)
    summary = jobs(database).trials(job.id).items[0].summary
    assert summary is not None
    assert summary.wall_seconds == 1.0


def test_the_result_of_a_trial_that_has_ended_never_changes(database: Database) -> None:
    job = submit(database)
    claimed = claim_one(database)
    block = progress(claimed, 0, 4)
    block.trials["state"][0], block.trials["first_nonfinite_step"][0] = CODES[TrialState.DIVERGED], 4
    attempts.record(database, claimed, block, LEASE)
    ended = jobs(database).trials(job.id).items[0]
    attempts.record(database, claimed, progress(claimed, 5, 10, finished=True), LEASE)
    assert jobs(database).trials(job.id).items[0] == ended


def test_each_block_renews_the_lease(database: Database) -> None:
    submit(database)
    claimed = claim_one(database)
    expire_leases(database)
    attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    assert reap(database, AT_ONCE) == 0


def test_heartbeats_do_not_wait_for_whoever_holds_the_job(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    job = submit(database)
    claimed = claim_one(database)
    with database.write() as session:
        assert by_id(session, JobRow, job.id, lock=True) is not None
        assert attempts.record(database, claimed, progress(claimed, 0, 4), LEASE) is HeartbeatReply.CONTINUE
        assert packs.renew(database, [claimed], LEASE) == {claimed.shard_id}


def test_an_expired_lease_goes_back_to_the_queue_with_its_checkpoint(database: Database) -> None:
    submit(database)
    first = claim_one(database)
    attempts.record(database, first, progress(first, 0, 4), LEASE)
    expire_leases(database)
    assert reap(database, AT_ONCE) == 1
    second = claim_one(database)
    assert second.attempt == 2
    assert [saved.step for saved in second.saved] == [5]
    assert second.saved[0].data == b"state at 5"
    assert outcomes(database) == ["lost", "running"]


WRITES: dict[str, Callable[[Database, Claim], object]] = {
    "begin": lambda database, claimed: attempts.begin(database, claimed, 0, "cpu", LEASE),
    "record": lambda database, claimed: attempts.record(database, claimed, progress(claimed, 5, 9), LEASE),
    "finish": lambda database, claimed: attempts.record(
        database, claimed, progress(claimed, 5, 10, finished=True), LEASE
    ),
    "release": attempts.release,
    "cancel": attempts.cancel,
    "fail for good": lambda database, claimed: attempts.fail(
        database, claimed, ErrorType.DATASET_UNUSABLE, "late", AT_ONCE
    ),
    "fail": lambda database, claimed: attempts.fail(database, claimed, ErrorType.UNEXPECTED, "late", AT_ONCE),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_worker_that_comes_back_after_its_lease_can_write_nothing(
    database: Database, write: Callable[[Database, Claim], object]
) -> None:
    job = submit(database)
    zombie = claim_one(database)
    attempts.record(database, zombie, progress(zombie, 0, 4), LEASE)
    expire_leases(database)
    reap(database, AT_ONCE)
    before = jobs(database).get(job.id)
    with pytest.raises(LeaseLost):
        write(database, zombie)
    assert jobs(database).get(job.id) == before
    current = claim_one(database)
    with pytest.raises(LeaseLost):
        write(database, zombie)
    attempts.record(database, current, progress(current, 5, 10, finished=True), LEASE)
    with pytest.raises(LeaseLost):
        write(database, zombie)
    assert jobs(database).get(job.id).state == "succeeded"
    assert steps_of(database, trial_ids(zombie)[0]) == list(range(11))


def test_an_attempt_of_another_worker_with_the_same_number_is_fenced(database: Database) -> None:
    """After a store was restored from a backup, numbers come again; a worker may have gone on meanwhile."""
    submit(database)
    claimed = claim_one(database)
    other = dataclasses.replace(claimed, worker="elsewhere:7")
    with pytest.raises(LeaseLost):
        attempts.record(database, other, progress(other, 0, 4), LEASE)
    assert packs.renew(database, [other], LEASE) == set()
    assert packs.renew(database, [claimed], LEASE) == {claimed.shard_id}


ENDS: dict[str, Callable[[Database, Claim], object]] = {
    "finish": lambda database, claimed: attempts.record(
        database, claimed, progress(claimed, 0, 10, finished=True), LEASE
    ),
    "release": lambda database, claimed: attempts.release(database, claimed, SavedState(3, b"state at 3")),
    "cancel": attempts.cancel,
    "fail": lambda database, claimed: attempts.fail(database, claimed, ErrorType.UNEXPECTED, "no", AT_ONCE),
}


@pytest.mark.parametrize("way", ENDS)
def test_ending_an_attempt_again_is_no_error_and_changes_nothing(database: Database, way: str) -> None:
    """A worker whose connection broke does not know whether its commit arrived."""
    job = submit(database)
    claimed = claim_one(database)
    ENDS[way](database, claimed)
    before = jobs(database).get(job.id), shard_states(database), outcomes(database)
    ENDS[way](database, claimed)
    assert (jobs(database).get(job.id), shard_states(database), outcomes(database)) == before
    for other in ENDS.keys() - {way}:
        with pytest.raises(LeaseLost):
            ENDS[other](database, claimed)


def test_an_attempt_that_starts_earlier_drops_what_was_recorded_later(database: Database) -> None:
    """If the newest checkpoint cannot be read, the older one continues, and no row is doubled or lost."""
    submit(database)
    first = claim_one(database)
    attempts.record(database, first, progress(first, 0, 3), LEASE)
    attempts.record(database, first, progress(first, 4, 6), LEASE)
    expire_leases(database)
    reap(database, AT_ONCE)
    second = claim_one(database)
    assert [saved.step for saved in second.saved] == [7, 4]
    attempts.begin(database, second, 4, "cpu", LEASE)
    attempts.record(database, second, progress(second, 4, 10, finished=True), LEASE)
    assert steps_of(database, trial_ids(second)[0]) == list(range(11))


def test_only_the_last_two_checkpoints_are_kept(database: Database) -> None:
    submit(database)
    claimed = claim_one(database)
    for step in range(5):
        attempts.record(database, claimed, progress(claimed, step, step), LEASE)
    with database.read() as session:
        assert sorted(session.scalars(select(CheckpointRow.step))) == [4, 5]


EVENTS = st.lists(st.sampled_from(["block", "release", "lose", "fail", "zombie", "restart"]), max_size=15)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_whatever_happens_no_row_is_lost_or_doubled(database: Database, events: list[str]) -> None:
    """Property: after any history of mishaps an undisturbed attempt ends with the whole trajectory, once."""
    with database.write() as session:
        session.execute(delete(JobRow))
    submit(database)
    current, ended, at = claim_one(database), list[Claim](), 0
    for event in events:
        if event == "block" and at < 10:
            attempts.record(database, current, progress(current, at, at), LEASE)
            at += 1
        elif event == "zombie" and ended:
            with pytest.raises(LeaseLost):
                attempts.record(database, ended[-1], progress(ended[-1], 0, 9), LEASE)
        elif event in ("release", "lose", "fail"):
            _end(database, current, event)
            ended.append(current)
            current = claim_one(database)
            at = max((saved.step for saved in current.saved), default=0)
            attempts.begin(database, current, at, "cpu", LEASE)
        elif event == "restart":
            at = 0
            attempts.begin(database, current, at, "cpu", LEASE)
    attempts.record(database, current, progress(current, at, 10, finished=True), LEASE)
    assert steps_of(database, trial_ids(current)[0]) == list(range(11))
    with database.read() as session:
        chunks = session.execute(
            select(ChunkRow.trial_index, ChunkRow.first_step, ChunkRow.last_step).order_by(ChunkRow.first_step)
        )
        for _, rows in itertools.groupby(sorted(chunks), key=lambda row: row[0]):
            bounds = [(first, last) for _, first, last in rows]
            assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(bounds))


def _end(database: Database, claimed: Claim, way: str) -> None:
    if way == "release":
        attempts.release(database, claimed)
    elif way == "fail":
        attempts.fail(database, claimed, ErrorType.UNEXPECTED, "made up", FOR_EVER)
    else:
        expire_leases(database)
        assert reap(database, FOR_EVER) == 1
