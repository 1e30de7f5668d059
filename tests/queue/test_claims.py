"""Who gets which shard: the order of the queue, and claims that meet each other."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.queue import claims
from ayla_service.queue.claims import WorkerIdentity, claim
from ayla_service.queue.fair_queue import FairQueue
from ayla_service.queue.policy import Candidate, PackLimits, Take, pack
from pydantic import ValidationError
from sqlalchemy import select, update

from tests.factories import WORKER, jobs, spec, submit
from tests.queue.queueing import LEASE, claim_one

pytestmark = pytest.mark.every_store


def test_the_oldest_job_is_claimed_first_and_only_once(database: Database) -> None:
    made = [submit(database).id for _ in range(3)]
    assert [claim_one(database).job_id for _ in made] == made
    assert claim(database, WORKER, LEASE) is None


def test_priority_goes_before_age(database: Database) -> None:
    submit(database)
    urgent = submit(database, priority="urgent")
    assert claim_one(database).job_id == urgent.id


def test_a_priority_changes_while_the_job_waits(database: Database) -> None:
    first, second = submit(database), submit(database)
    assert jobs(database).prioritise(second.id, "high").id == second.id
    assert claim_one(database).job_id == second.id
    assert claim_one(database).job_id == first.id


def test_a_worker_takes_only_what_its_devices_can_run(database: Database) -> None:
    job = submit(database, device="cuda")
    assert claim(database, WORKER, LEASE) is None
    with_gpu = WorkerIdentity("gpu:1", frozenset({"auto", "cpu", "cuda"}), {})
    claimed = claim(database, with_gpu, LEASE)
    assert claimed is not None
    assert claimed.job_id == job.id


def test_a_claim_tells_all_that_is_needed(database: Database) -> None:
    job = submit(database, seeds=[4, 5])
    claimed = claim_one(database)
    assert claimed.spec == job.resolved
    assert claimed.trials.seeds.tolist() == [4, 5, 4, 5]
    assert claimed.range == (job.id, 0, 4)
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


@pytest.mark.usefixtures("small_shards")
def test_a_job_whose_row_is_held_by_others_keeps_nobody_waiting(database: Database) -> None:
    """Several large shards of a held job stand at the front; what stands behind them is free."""
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    held = submit(database, seeds=list(range(1000)), optimizers=[spec()["optimizers"][0]] * 3)
    free = submit(database)
    with database.write() as session:
        session.execute(select(JobRow).where(JobRow.id == held.id).with_for_update())
        claimed = claim(database, WORKER, LEASE)
    assert claimed is not None
    assert claimed.job_id == free.id
    assert claim_one(database).job_id == held.id


def test_a_shard_whose_row_is_held_by_others_keeps_nobody_waiting(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    held, free = submit(database), submit(database)
    with database.write() as session:
        session.execute(select(ShardRow).where(ShardRow.job_id == held.id).with_for_update())
        assert claim_one(database).job_id == free.id
    assert claim_one(database).job_id == held.id


def test_what_is_tried_between_the_look_and_the_lock_is_no_part_of_a_pack(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack starts at step 0 and drops nothing: rows of an attempt that got further would stay among its own."""
    if database.is_sqlite:
        pytest.skip("claims on SQLite look and lock at once")
    first, second = submit(database), submit(database)

    def meanwhile(members: FairQueue, take: Take, limits: PackLimits) -> list[Candidate]:
        chosen = pack(members, take, limits)
        with database.write() as session:
            session.execute(update(ShardRow).where(ShardRow.job_id == second.id).values(attempt=1))
        return chosen

    monkeypatch.setattr(claims, "pack", meanwhile)
    together = PackLimits(shards=10, seconds=10.0, small_seconds=1.0)
    found = claims.claim_pack(database, WORKER, LEASE, together)
    assert [claimed.job_id for claimed in found] == [first.id]


def test_a_spec_that_cannot_be_read_does_not_block_the_queue(database: Database) -> None:
    """A later version may have written what this one does not know."""
    strange = submit(database)
    with database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == strange.id).values(resolved_spec={"from": "the future"}))
    healthy = submit(database)
    claimed = claim_one(database)
    assert claimed.job_id == strange.id
    with pytest.raises(ValidationError):
        _ = claimed.spec
    assert claim_one(database).job_id == healthy.id
