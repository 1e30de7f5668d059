"""Claims, leases, fencing and the ends of jobs: what must hold whoever works on a shard and however it dies."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ayla_service.db.models import Attempt, Checkpoint, Chunk, Job, Shard
from ayla_service.db.session import Database, store_now
from ayla_service.queue import attempts, claims, packs
from ayla_service.queue.attempts import LeaseLost, Order
from ayla_service.queue.claims import Claim, SavedState, WorkerIdentity, claim
from ayla_service.queue.policy import Candidate, PackLimits, pack
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.results.reader import ResultReader, TrajectoryQuery
from ayla_service.states import TrialState
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import delete, func, select, update

from tests.factories import AT_ONCE, WORKER, jobs, progress, spec, submit

LEASE = 30.0
MAX_ATTEMPTS = AT_ONCE.max_attempts
FOR_EVER = RetryPolicy(max_attempts=1000, pause_seconds=0.0)


def _claim(database: Database) -> Claim:
    claimed = claim(database, WORKER, LEASE)
    assert claimed is not None
    return claimed


def _expire(database: Database) -> None:
    """Let every lease run out, as if its worker had been silent for long."""
    with database.write() as session:
        past = store_now(session) - timedelta(seconds=1)
        session.execute(update(Shard).where(Shard.state == "running").values(lease_expires_at=past))


def _steps(database: Database, trial_id: str) -> list[int]:
    table = ResultReader(database).trajectory(trial_id, TrajectoryQuery())
    steps: list[int] = table["step"].to_pylist()
    return steps


def _outcomes(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Attempt.outcome).order_by(Attempt.number)))


def test_the_oldest_job_is_claimed_first_and_only_once(database: Database) -> None:
    made = [submit(database).id for _ in range(3)]
    assert [_claim(database).job_id for _ in made] == made
    assert claim(database, WORKER, LEASE) is None


def test_priority_goes_before_age(database: Database) -> None:
    submit(database)
    urgent = submit(database, priority="urgent")
    assert _claim(database).job_id == urgent.id


def test_a_worker_takes_only_what_its_devices_can_run(database: Database) -> None:
    job = submit(database, device="cuda")
    assert claim(database, WORKER, LEASE) is None
    with_gpu = WorkerIdentity("gpu:1", frozenset({"auto", "cpu", "cuda"}), {})
    claimed = claim(database, with_gpu, LEASE)
    assert claimed is not None
    assert claimed.job_id == job.id


def test_a_claim_tells_all_that_is_needed(database: Database) -> None:
    job = submit(database, seeds=[4, 5])
    claimed = _claim(database)
    assert claimed.spec.model_dump(mode="json") == job.resolved
    assert [plan.seed for plan in claimed.trials] == [4, 5, 4, 5]
    assert set(claimed.trial_ids) == {0, 1, 2, 3}
    assert claimed.attempt == 1
    running = jobs(database).get(job.id)
    assert running.state == "running"
    assert running.started_at is not None


def test_simultaneous_claims_never_share_a_shard(database: Database) -> None:
    for _ in range(12):
        submit(database)
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda _: claim(database, WORKER, LEASE), range(18)))
    shards = [found.shard_id for found in claimed if found is not None]
    assert len(shards) == len(set(shards)) == 12


def test_blocks_add_up_to_one_trajectory_and_the_last_ends_the_job(database: Database) -> None:
    job = submit(database)
    claimed = _claim(database)
    attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    assert jobs(database).get(job.id).progress.steps_done == 8
    attempts.record(database, claimed, progress(claimed, 5, 10, finished=True), LEASE)
    done = jobs(database).get(job.id)
    assert (done.state, done.progress.fraction) == ("succeeded", 1.0)
    assert done.finished_at is not None
    for trial in jobs(database).trials(job.id).items:
        assert _steps(database, trial.id) == list(range(11))
        assert trial.summary is not None
        assert trial.summary.wall_seconds == 1.0
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Checkpoint)) == 0


def test_writing_a_block_again_changes_nothing(database: Database) -> None:
    """A worker that does not know whether its commit arrived may repeat it."""
    submit(database)
    claimed = _claim(database)
    for _ in range(2):
        attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    assert _steps(database, claimed.trial_ids[0]) == [0, 1, 2, 3, 4]


def test_each_block_renews_the_lease(database: Database) -> None:
    submit(database)
    claimed = _claim(database)
    _expire(database)
    attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    assert reap(database, AT_ONCE) == 0


def test_an_expired_lease_goes_back_to_the_queue_with_its_checkpoint(database: Database) -> None:
    submit(database)
    first = _claim(database)
    attempts.record(database, first, progress(first, 0, 4), LEASE)
    _expire(database)
    assert reap(database, AT_ONCE) == 1
    second = _claim(database)
    assert second.attempt == 2
    assert [saved.step for saved in second.saved] == [5]
    assert second.saved[0].data == b"state at 5"
    assert _outcomes(database) == ["lost", "running"]


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
    zombie = _claim(database)
    attempts.record(database, zombie, progress(zombie, 0, 4), LEASE)
    _expire(database)
    reap(database, AT_ONCE)
    before = jobs(database).get(job.id)
    with pytest.raises(LeaseLost):
        write(database, zombie)
    assert jobs(database).get(job.id) == before
    current = _claim(database)
    with pytest.raises(LeaseLost):
        write(database, zombie)
    attempts.record(database, current, progress(current, 5, 10, finished=True), LEASE)
    with pytest.raises(LeaseLost):
        write(database, zombie)
    assert jobs(database).get(job.id).state == "succeeded"
    assert _steps(database, zombie.trial_ids[0]) == list(range(11))


def test_an_attempt_that_starts_earlier_drops_what_was_recorded_later(database: Database) -> None:
    """If the newest checkpoint cannot be read, the older one continues, and no row is doubled or lost."""
    submit(database)
    first = _claim(database)
    attempts.record(database, first, progress(first, 0, 3), LEASE)
    attempts.record(database, first, progress(first, 4, 6), LEASE)
    _expire(database)
    reap(database, AT_ONCE)
    second = _claim(database)
    assert [saved.step for saved in second.saved] == [7, 4]
    attempts.begin(database, second, 4, "cpu", LEASE)
    attempts.record(database, second, progress(second, 4, 10, finished=True), LEASE)
    assert _steps(database, second.trial_ids[0]) == list(range(11))


def test_only_the_last_two_checkpoints_are_kept(database: Database) -> None:
    submit(database)
    claimed = _claim(database)
    for step in range(5):
        attempts.record(database, claimed, progress(claimed, step, step), LEASE)
    with database.read() as session:
        assert sorted(session.scalars(select(Checkpoint.step))) == [4, 5]


def test_a_released_shard_is_taken_again_and_is_no_failure(database: Database) -> None:
    submit(database)
    for _ in range(MAX_ATTEMPTS + 2):
        attempts.release(database, _claim(database))
    claimed = _claim(database)
    attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    assert jobs(database).get(claimed.job_id).state == "succeeded"


@pytest.mark.parametrize("way", ["fails", "is lost"])
def test_a_shard_that_never_succeeds_fails_its_job(database: Database, way: str) -> None:
    job = submit(database)
    for _ in range(MAX_ATTEMPTS):
        claimed = _claim(database)
        if way == "fails":
            attempts.fail(database, claimed, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
        else:
            _expire(database)
            reap(database, AT_ONCE)
    failed = jobs(database).get(job.id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.type == "attempts-exhausted"
    assert "after 3 attempts" in failed.error.detail
    assert {trial.state for trial in jobs(database).trials(job.id).items} == {"failed"}
    assert claim(database, WORKER, LEASE) is None


def test_a_permanent_failure_fails_the_job_at_once(database: Database) -> None:
    job = submit(database, seeds=list(range(200)))
    failing, other = _claim(database), _claim(database)
    attempts.fail(database, failing, ErrorType.DATASET_UNUSABLE, "The file is not there.", AT_ONCE)
    assert jobs(database).get(job.id).state == "running"
    assert attempts.record(database, other, progress(other, 0, 4), LEASE) is Order.STOP, (
        "the rest of the job is to stop"
    )
    attempts.cancel(database, other)
    failed = jobs(database).get(job.id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert (failed.error.type, failed.error.detail) == ("dataset-unusable", "The file is not there.")
    assert claim(database, WORKER, LEASE) is None


def test_a_permanent_failure_of_a_cancelled_job_leaves_it_cancelled(database: Database) -> None:
    job = submit(database)
    claimed = _claim(database)
    jobs(database).cancel(job.id)
    attempts.fail(database, claimed, ErrorType.DATASET_UNUSABLE, "The file is not there.", AT_ONCE)
    cancelled = jobs(database).get(job.id)
    assert (cancelled.state, cancelled.error) == ("cancelled", None)


def test_cancelling_a_running_job_stops_it_at_the_next_heartbeat(database: Database) -> None:
    job = submit(database)
    claimed = _claim(database)
    asked = jobs(database).cancel(job.id)
    assert asked.state == "running"
    assert asked.cancel_requested_at is not None
    assert asked.status_detail is not None
    assert attempts.record(database, claimed, progress(claimed, 0, 4), LEASE) is Order.STOP
    attempts.cancel(database, claimed)
    assert jobs(database).get(job.id).state == "cancelled"
    assert _steps(database, claimed.trial_ids[0]) == [0, 1, 2, 3, 4], "what was computed stays"


def test_a_job_that_finishes_while_it_is_cancelled_has_succeeded(database: Database) -> None:
    job = submit(database)
    claimed = _claim(database)
    jobs(database).cancel(job.id)
    assert attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE) is Order.GO_ON
    assert jobs(database).get(job.id).state == "succeeded"


@pytest.mark.parametrize("way", ["lost", "released"])
def test_a_cancelled_job_is_not_started_again(database: Database, way: str) -> None:
    job = submit(database)
    claimed = _claim(database)
    jobs(database).cancel(job.id)
    if way == "released":
        attempts.release(database, claimed)
    else:
        _expire(database)
        reap(database, AT_ONCE)
    assert jobs(database).get(job.id).state == "cancelled"
    assert claim(database, WORKER, LEASE) is None


def test_cancelling_ends_the_queued_shards_of_a_running_job_at_once(database: Database) -> None:
    job = submit(database, seeds=list(range(200)))
    claimed = _claim(database)
    jobs(database).cancel(job.id)
    assert claim(database, WORKER, LEASE) is None
    attempts.cancel(database, claimed)
    assert jobs(database).get(job.id).state == "cancelled"


@pytest.mark.parametrize("way", ["released", "lost", "failed"])
def test_what_a_paused_job_gives_back_waits_until_it_is_resumed(database: Database, way: str) -> None:
    job = submit(database)
    claimed = _claim(database)
    assert jobs(database).pause(job.id).state == "running"
    assert attempts.renew(database, claimed, LEASE) is Order.HAND_BACK
    if way == "released":
        attempts.release(database, claimed, SavedState(5, b"state at 5"))
    elif way == "failed":
        attempts.fail(database, claimed, ErrorType.UNEXPECTED, "no", RetryPolicy(3, pause_seconds=60.0))
    else:
        _expire(database)
        assert reap(database, AT_ONCE) == 1
    assert _shard_states(database) == ["paused"]
    assert claim(database, WORKER, LEASE) is None
    jobs(database).resume(job.id)
    assert _shard_states(database) == ["queued"]
    assert [saved.step for saved in _claim(database).saved] == ([5] if way == "released" else [])


def test_a_failed_attempt_is_followed_by_another_when_its_pause_is_over(database: Database) -> None:
    submit(database)
    attempts.fail(database, _claim(database), ErrorType.UNEXPECTED, "no", RetryPolicy(3, pause_seconds=60.0))
    assert _shard_states(database) == ["delayed"]
    assert claim(database, WORKER, LEASE) is None
    assert reap(database, AT_ONCE) == 0
    with database.write() as session:
        past = store_now(session) - timedelta(seconds=1)
        session.execute(update(Shard).values(available_at=past))
    assert _claim(database).attempt == 2


def test_a_priority_changes_while_the_job_waits(database: Database) -> None:
    first, second = submit(database), submit(database)
    assert jobs(database).prioritise(second.id, "high").id == second.id
    assert _claim(database).job_id == second.id
    assert _claim(database).job_id == first.id


def _shard_states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Shard.state)))


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
    claimed = _claim(database)
    ENDS[way](database, claimed)
    before = jobs(database).get(job.id), _shard_states(database), _outcomes(database)
    ENDS[way](database, claimed)
    assert (jobs(database).get(job.id), _shard_states(database), _outcomes(database)) == before
    for other in ENDS.keys() - {way}:
        with pytest.raises(LeaseLost):
            ENDS[other](database, claimed)


def test_an_attempt_of_another_worker_with_the_same_number_is_fenced(database: Database) -> None:
    """After a store was restored from a backup, numbers come again; a worker may have gone on meanwhile."""
    submit(database)
    claimed = _claim(database)
    other = dataclasses.replace(claimed, worker="elsewhere:7")
    with pytest.raises(LeaseLost):
        attempts.record(database, other, progress(other, 0, 4), LEASE)
    assert packs.renew(database, [other], LEASE) == set()
    assert packs.renew(database, [claimed], LEASE) == {claimed.shard_id}


def test_releasing_without_getting_on_does_not_forgive_failures(database: Database) -> None:
    job = submit(database)
    for _ in range(MAX_ATTEMPTS):
        attempts.release(database, _claim(database), SavedState(0, b"state at 0"))
        attempts.fail(database, _claim(database), ErrorType.UNEXPECTED, "no", AT_ONCE)
    assert jobs(database).get(job.id).state == "failed"


def test_a_job_whose_row_is_held_by_others_keeps_nobody_waiting(database: Database) -> None:
    """Several large shards of a held job stand at the front; what stands behind them is free."""
    if database.is_sqlite:
        return  # it has one writer at a time
    held = submit(database, seeds=list(range(1000)), optimizers=[spec()["optimizers"][0]] * 3)
    free = submit(database)
    with database.write() as session:
        session.execute(select(Job).where(Job.id == held.id).with_for_update())
        claimed = claim(database, WORKER, LEASE)
    assert claimed is not None
    assert claimed.job_id == free.id
    assert _claim(database).job_id == held.id


def test_heartbeats_do_not_wait_for_whoever_holds_the_job(database: Database) -> None:
    if database.is_sqlite:
        return  # it has one writer at a time
    submit(database)
    claimed = _claim(database)
    with database.write() as session:
        session.execute(select(Job).with_for_update())
        assert attempts.record(database, claimed, progress(claimed, 0, 4), LEASE) is Order.GO_ON
        assert packs.renew(database, [claimed], LEASE) == {claimed.shard_id}


def test_what_is_tried_between_the_look_and_the_lock_is_no_part_of_a_pack(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack starts at step 0 and drops nothing: rows of an attempt that got further would stay among its own."""
    if database.is_sqlite:
        return  # its claims look and lock at once
    first, second = submit(database), submit(database)

    def meanwhile(candidates: Sequence[Candidate], limits: PackLimits) -> list[Candidate]:
        chosen = pack(candidates, limits)
        with database.write() as session:
            session.execute(update(Shard).where(Shard.job_id == second.id).values(attempt=1))
        return chosen

    monkeypatch.setattr(claims, "pack", meanwhile)
    together = PackLimits(shards=10, seconds=10.0, small_seconds=1.0)
    found = claims.claim_pack(database, WORKER, LEASE, together)
    assert [claimed.job_id for claimed in found] == [first.id]


def test_a_job_succeeds_only_when_all_its_shards_have(database: Database) -> None:
    job = submit(database, seeds=list(range(200)))
    first, second = _claim(database), _claim(database)
    attempts.record(database, first, progress(first, 0, 10, finished=True), LEASE)
    assert jobs(database).get(job.id).state == "running"
    attempts.record(database, second, progress(second, 0, 10, finished=True), LEASE)
    assert jobs(database).get(job.id).state == "succeeded"


def test_progress_between_failures_starts_the_count_again(database: Database) -> None:
    """A long job that is killed once a day must not fail on the third day."""
    job = submit(database)
    for step in range(2 * MAX_ATTEMPTS):
        claimed = _claim(database)
        attempts.record(database, claimed, progress(claimed, step, step), LEASE)
        _expire(database)
        reap(database, AT_ONCE)
    assert jobs(database).get(job.id).state == "running"
    assert _claim(database).saved[0].step == 2 * MAX_ATTEMPTS


def test_a_shard_that_fails_for_good_stops_the_others(database: Database) -> None:
    job = submit(database, seeds=list(range(300)))
    failing, running = _claim(database), _claim(database)
    for _ in range(MAX_ATTEMPTS - 1):
        attempts.fail(database, failing, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
        failing = _claim(database)
    attempts.fail(database, failing, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
    detail = jobs(database).get(job.id).status_detail
    assert detail is not None
    assert detail.startswith("Failing")
    assert claim(database, WORKER, LEASE) is None, "the third shard never starts"
    assert attempts.record(database, running, progress(running, 0, 4), LEASE) is Order.STOP
    attempts.release(database, running)
    assert claim(database, WORKER, LEASE) is None, "what is handed back is not taken again"
    assert jobs(database).get(job.id).state == "failed"


def test_a_spec_that_cannot_be_read_does_not_block_the_queue(database: Database) -> None:
    """A later version may have written what this one does not know."""
    strange = submit(database)
    with database.write() as session:
        session.execute(update(Job).where(Job.id == strange.id).values(resolved_spec={"from": "the future"}))
    healthy = submit(database)
    claimed = _claim(database)
    assert claimed.job_id == strange.id
    with pytest.raises(ValidationError):
        _ = claimed.spec
    assert _claim(database).job_id == healthy.id


def test_a_failure_of_a_cancelled_job_does_not_fail_it(database: Database) -> None:
    job = submit(database)
    for _ in range(MAX_ATTEMPTS - 1):
        attempts.fail(database, _claim(database), ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
    claimed = _claim(database)
    jobs(database).cancel(job.id)
    attempts.fail(database, claimed, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
    assert jobs(database).get(job.id).state == "cancelled"


def test_the_result_of_a_trial_that_has_ended_never_changes(database: Database) -> None:
    job = submit(database)
    claimed = _claim(database)
    block = progress(claimed, 0, 4)
    diverged = dataclasses.replace(block.trials[0], state=TrialState.DIVERGED, first_nonfinite_step=4)
    attempts.record(database, claimed, dataclasses.replace(block, trials=[diverged, block.trials[1]]), LEASE)
    ended = jobs(database).trials(job.id).items[0]
    attempts.record(database, claimed, progress(claimed, 5, 10, finished=True), LEASE)
    assert jobs(database).trials(job.id).items[0] == ended


def test_writing_a_block_again_counts_its_time_once(database: Database) -> None:
    job = submit(database)
    claimed = _claim(database)
    for _ in range(2):
        attempts.record(database, claimed, progress(claimed, 0, 4), LEASE)
    attempts.record(database, claimed, progress(claimed, 5, 10, finished=True), LEASE)
    summary = jobs(database).trials(job.id).items[0].summary
    assert summary is not None
    assert summary.wall_seconds == 1.0


EVENTS = st.lists(st.sampled_from(["block", "release", "lose", "fail", "zombie", "restart"]), max_size=15)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_whatever_happens_no_row_is_lost_or_doubled(database: Database, events: list[str]) -> None:
    """Property: after any history of mishaps an undisturbed attempt ends with the whole trajectory, once."""
    with database.write() as session:
        session.execute(delete(Job))
    submit(database)
    current, ended, at = _claim(database), list[Claim](), 0
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
            current = _claim(database)
            at = max((saved.step for saved in current.saved), default=0)
            attempts.begin(database, current, at, "cpu", LEASE)
        elif event == "restart":
            at = 0
            attempts.begin(database, current, at, "cpu", LEASE)
    attempts.record(database, current, progress(current, at, 10, finished=True), LEASE)
    assert _steps(database, current.trial_ids[0]) == list(range(11))
    with database.read() as session:
        chunks = session.execute(select(Chunk.trial_id, Chunk.first_step, Chunk.last_step).order_by(Chunk.first_step))
        for _, rows in itertools.groupby(sorted(chunks), key=lambda row: row[0]):
            bounds = [(first, last) for _, first, last in rows]
            assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(bounds))


def _end(database: Database, claimed: Claim, way: str) -> None:
    if way == "release":
        attempts.release(database, claimed)
    elif way == "fail":
        attempts.fail(database, claimed, ErrorType.UNEXPECTED, "made up", FOR_EVER)
    else:
        _expire(database)
        assert reap(database, FOR_EVER) == 1
