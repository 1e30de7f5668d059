"""How shards wait and jobs end: failures, cancellations, pauses, and what comes between them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ayla_service.db.models import ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue import attempts
from ayla_service.queue.attempts import HeartbeatReply
from ayla_service.queue.claimed import SavedState
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType, RetryPolicy
from sqlalchemy import update

from tests.factories import AT_ONCE, WORKER, jobs, progress, submit, trial_ids
from tests.queue.queueing import LEASE, MAX_ATTEMPTS, claim_one, expire_leases, shard_states, steps_of

pytestmark = [pytest.mark.every_store, pytest.mark.usefixtures("small_shards")]


def test_a_released_shard_is_taken_again_and_is_no_failure(database: Database) -> None:
    submit(database)
    for _ in range(MAX_ATTEMPTS + 2):
        attempts.release(database, claim_one(database))
    claimed = claim_one(database)
    attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    assert jobs(database).get(claimed.job_id).state == "succeeded"


@pytest.mark.parametrize("way", ["fails", "is lost"])
def test_a_shard_that_never_succeeds_fails_its_job(database: Database, way: str) -> None:
    job = submit(database)
    for _ in range(MAX_ATTEMPTS):
        claimed = claim_one(database)
        if way == "fails":
            attempts.fail(database, claimed, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
        else:
            expire_leases(database)
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
    failing, other = claim_one(database), claim_one(database)
    attempts.fail(database, failing, ErrorType.DATASET_UNUSABLE, "The file is not there.", AT_ONCE)
    assert jobs(database).get(job.id).state == "running"
    assert attempts.record(database, other, progress(other, 0, 4), LEASE) is HeartbeatReply.STOP, (
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
    claimed = claim_one(database)
    jobs(database).cancel(job.id)
    attempts.fail(database, claimed, ErrorType.DATASET_UNUSABLE, "The file is not there.", AT_ONCE)
    cancelled = jobs(database).get(job.id)
    assert (cancelled.state, cancelled.error) == ("cancelled", None)


def test_cancelling_a_running_job_stops_it_at_the_next_heartbeat(database: Database) -> None:
    job = submit(database)
    claimed = claim_one(database)
    asked = jobs(database).cancel(job.id)
    assert asked.state == "running"
    assert asked.cancel_requested_at is not None
    assert asked.status_detail is not None
    assert attempts.record(database, claimed, progress(claimed, 0, 4), LEASE) is HeartbeatReply.STOP
    attempts.cancel(database, claimed)
    assert jobs(database).get(job.id).state == "cancelled"
    assert steps_of(database, trial_ids(claimed)[0]) == [0, 1, 2, 3, 4], "what was computed stays"


def test_a_job_that_finishes_while_it_is_cancelled_has_succeeded(database: Database) -> None:
    job = submit(database)
    claimed = claim_one(database)
    jobs(database).cancel(job.id)
    assert attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE) is HeartbeatReply.CONTINUE
    assert jobs(database).get(job.id).state == "succeeded"


@pytest.mark.parametrize("way", ["lost", "released"])
def test_a_cancelled_job_is_not_started_again(database: Database, way: str) -> None:
    job = submit(database)
    claimed = claim_one(database)
    jobs(database).cancel(job.id)
    if way == "released":
        attempts.release(database, claimed)
    else:
        expire_leases(database)
        reap(database, AT_ONCE)
    assert jobs(database).get(job.id).state == "cancelled"
    assert claim(database, WORKER, LEASE) is None


def test_cancelling_ends_the_queued_shards_of_a_running_job_at_once(database: Database) -> None:
    job = submit(database, seeds=list(range(200)))
    claimed = claim_one(database)
    jobs(database).cancel(job.id)
    assert claim(database, WORKER, LEASE) is None
    attempts.cancel(database, claimed)
    assert jobs(database).get(job.id).state == "cancelled"


@pytest.mark.parametrize("way", ["released", "lost", "failed"])
def test_what_a_paused_job_gives_back_waits_until_it_is_resumed(database: Database, way: str) -> None:
    job = submit(database)
    claimed = claim_one(database)
    assert jobs(database).pause(job.id).state == "running"
    assert attempts.renew(database, claimed, LEASE) is HeartbeatReply.RELEASE
    if way == "released":
        attempts.release(database, claimed, SavedState(5, b"state at 5"))
    elif way == "failed":
        attempts.fail(database, claimed, ErrorType.UNEXPECTED, "no", RetryPolicy(3, pause_seconds=60.0))
    else:
        expire_leases(database)
        assert reap(database, AT_ONCE) == 1
    assert shard_states(database) == ["paused"]
    assert claim(database, WORKER, LEASE) is None
    jobs(database).resume(job.id)
    assert shard_states(database) == ["queued"]
    assert [saved.step for saved in claim_one(database).saved] == ([5] if way == "released" else [])


def test_a_failed_attempt_is_followed_by_another_when_its_pause_is_over(database: Database) -> None:
    submit(database)
    attempts.fail(database, claim_one(database), ErrorType.UNEXPECTED, "no", RetryPolicy(3, pause_seconds=60.0))
    assert shard_states(database) == ["delayed"]
    assert claim(database, WORKER, LEASE) is None
    assert reap(database, AT_ONCE) == 0
    with database.write() as session:
        past = store_now(session) - timedelta(seconds=1)
        session.execute(update(ShardRow).values(available_at=past))
    assert claim_one(database).attempt == 2


def test_releasing_without_getting_on_does_not_forgive_failures(database: Database) -> None:
    job = submit(database)
    for _ in range(MAX_ATTEMPTS):
        attempts.release(database, claim_one(database), SavedState(0, b"state at 0"))
        attempts.fail(database, claim_one(database), ErrorType.UNEXPECTED, "no", AT_ONCE)
    assert jobs(database).get(job.id).state == "failed"


def test_rows_without_a_checkpoint_do_not_forgive_failures(database: Database) -> None:
    """The next attempt makes these rows again, and may be killed at the same step again."""
    job = submit(database)
    for step in range(MAX_ATTEMPTS):
        claimed = claim_one(database)
        attempts.record(database, claimed, replace(progress(claimed, step, step), checkpoint=None), LEASE)
        attempts.fail(database, claimed, ErrorType.UNEXPECTED, "no", AT_ONCE)
    assert jobs(database).get(job.id).state == "failed"


def test_a_job_succeeds_only_when_all_its_shards_have(database: Database) -> None:
    job = submit(database, seeds=list(range(200)))
    first, second = claim_one(database), claim_one(database)
    attempts.record(database, first, progress(first, 0, 10, finished=True), LEASE)
    assert jobs(database).get(job.id).state == "running"
    attempts.record(database, second, progress(second, 0, 10, finished=True), LEASE)
    assert jobs(database).get(job.id).state == "succeeded"


def test_progress_between_failures_starts_the_count_again(database: Database) -> None:
    """A long job that is killed once a day must not fail on the third day."""
    job = submit(database)
    for step in range(2 * MAX_ATTEMPTS):
        claimed = claim_one(database)
        attempts.record(database, claimed, progress(claimed, step, step), LEASE)
        expire_leases(database)
        reap(database, AT_ONCE)
    assert jobs(database).get(job.id).state == "running"
    assert claim_one(database).saved[0].step == 2 * MAX_ATTEMPTS


def test_a_shard_that_fails_for_good_stops_the_others(database: Database) -> None:
    job = submit(database, seeds=list(range(300)))
    failing, running = claim_one(database), claim_one(database)
    for _ in range(MAX_ATTEMPTS - 1):
        attempts.fail(database, failing, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
        failing = claim_one(database)
    attempts.fail(database, failing, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
    detail = jobs(database).get(job.id).status_detail
    assert detail is not None
    assert detail.startswith("Failing")
    assert claim(database, WORKER, LEASE) is None, "the third shard never starts"
    assert attempts.record(database, running, progress(running, 0, 4), LEASE) is HeartbeatReply.STOP
    attempts.release(database, running)
    assert claim(database, WORKER, LEASE) is None, "what is handed back is not taken again"
    assert jobs(database).get(job.id).state == "failed"


def test_a_failure_of_a_cancelled_job_does_not_fail_it(database: Database) -> None:
    job = submit(database)
    for _ in range(MAX_ATTEMPTS - 1):
        attempts.fail(database, claim_one(database), ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
    claimed = claim_one(database)
    jobs(database).cancel(job.id)
    attempts.fail(database, claimed, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
    assert jobs(database).get(job.id).state == "cancelled"
