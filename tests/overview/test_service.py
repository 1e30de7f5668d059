"""Overview of the queue for users: counts, shares, what runs, and estimates."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from ayla_service.db.models import AttemptRow, MemberRow, ShardRow, TeamRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import JobNotFound
from ayla_service.overview.moving import move_before, move_to_front
from ayla_service.overview.schemas import Queue, QueuePosition
from ayla_service.overview.service import QueueOverview
from ayla_service.queue import control, packs
from ayla_service.queue import snapshot as snapshot_module
from ayla_service.queue.attempts import fail
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import WorkerIdentity, claim
from ayla_service.queue.fair_queue import FAIR
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.queue.workers import register
from ayla_service.teams.principal import LOCAL, Principal
from sqlalchemy import select, update

from tests.factories import colleague, jobs, stranger, submit
from tests.queue.queueing import LEASE
from tests.queue.simulation import Arrival, empty, put
from tests.queue.test_workers import facts

pytestmark = pytest.mark.every_store


def put_shards(database: Database, owner: Principal, costs: Sequence[float], priority: str = "normal") -> str:
    with database.read() as session:
        now = store_now(session)
    return put(database, Arrival(0.0, owner, tuple(costs), priority), now)[0]


def workers(database: Database, count: int) -> list[WorkerIdentity]:
    names = [f"worker:{number}" for number in range(count)]
    for name in names:
        register(database, facts(name))
    return [WorkerIdentity(name, frozenset({"auto", "cpu"}), {}) for name in names]


def overview(database: Database, cache_seconds: float = 0.0) -> QueueOverview:
    return QueueOverview(database, 600.0, FAIR, cache_seconds)


def queue(database: Database, caller: Principal = LOCAL) -> Queue:
    return overview(database).queue(caller)


def position(database: Database, job_id: str) -> QueuePosition:
    return overview(database).position(LOCAL, job_id)


def run(database: Database, worker: WorkerIdentity, seconds_ago: float = 0.0) -> Claim:
    """Let a worker claim a shard, as if it had begun so long ago: hours, as a busy machine pauses for seconds."""
    claimed = claim(database, worker, LEASE)
    assert claimed is not None
    with database.write() as session:
        at = store_now(session) - timedelta(seconds=seconds_ago)
        session.execute(update(AttemptRow).where(AttemptRow.shard_id == claimed.shard_id).values(started_at=at))
    return claimed


def ended(database: Database, claimed: Claim) -> None:
    packs.complete(database, [empty(claimed)])


def seconds(view: Queue | QueuePosition, found: object) -> float:
    assert found is not None
    return (found - view.as_of).total_seconds()  # type: ignore[operator, no-any-return]


def test_an_empty_queue_has_nothing_to_tell(database: Database) -> None:
    view = queue(database)
    assert (view.workers.idle, view.workers.busy, view.workers.busy_for_others) == (0, 0, 0)
    assert (view.running, view.waiting, view.next) == ([], [], [])
    assert [(one.owner, one.used_seconds, one.share) for one in view.shares] == [("local", 0.0, 0.0)]
    assert "no attempt has ended" in view.basis.text


def test_what_waits_is_counted_by_priority_and_member(database: Database) -> None:
    other = colleague(database, "bob")
    put_shards(database, LOCAL, [20.0] * 3)
    put_shards(database, LOCAL, [20.0], "high")
    put_shards(database, other, [20.0] * 2)
    put_shards(database, stranger(database), [20.0] * 5)
    view = queue(database)
    assert [(one.priority, one.owner, one.shards, one.is_more) for one in view.waiting] == [
        ("high", "local", 1, False),
        ("normal", "bob", 2, False),
        ("normal", "local", 3, False),
    ]


def test_a_count_ends_where_it_would_be_slow(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "COUNTED_AT_MOST", 0)
    monkeypatch.setattr(snapshot_module, "_COUNTED_AT_LEAST", 2)
    job = put_shards(database, LOCAL, [20.0] * 5)
    assert [(one.shards, one.is_more) for one in queue(database).waiting] == [(2, True)]
    assert position(database, job).shards == 5


def test_the_next_jobs_are_told_in_the_order_of_the_policy(database: Database) -> None:
    other = colleague(database, "bob")
    workers(database, 1)
    mine = [put_shards(database, LOCAL, [20.0] * 2) for _ in range(2)]
    theirs = [put_shards(database, other, [20.0]) for _ in range(2)]
    high = put_shards(database, other, [20.0], "high")
    view = queue(database)
    assert [one.job_id for one in view.next] == [high, mine[0], theirs[0], mine[1], theirs[1]]
    first = view.next[0]
    assert (first.owner, first.priority, first.shards, first.position) == ("bob", "high", 1, 1)
    assert seconds(view, first.estimated_start) == 0.0
    assert seconds(view, first.estimated_finish) == pytest.approx(20.0)


def test_jobs_that_were_moved_are_told_in_their_new_order(database: Database) -> None:
    first, second, third = (put_shards(database, LOCAL, [20.0] * 2) for _ in range(3))
    with database.write() as session:
        move_to_front(session, LOCAL, third)
        move_before(session, LOCAL, second, first)
    assert [one.job_id for one in queue(database).next] == [third, second, first]


def test_what_the_queue_expects_is_what_claims_do(database: Database) -> None:
    """The policy is played through with its own rules; so both must agree on the order."""
    [worker] = workers(database, 1)
    others = [colleague(database, name) for name in "abc"]
    for number, who in enumerate([LOCAL, *others] * 3):
        put_shards(database, who, [3.0 + 7.0 * (number % 5)])
    expected = [one.job_id for one in queue(database).next]
    assert [run(database, worker).job_id for _ in expected] == expected


def test_what_runs_is_told_with_its_expected_end(database: Database) -> None:
    first, second, third = workers(database, 3)
    job = put_shards(database, LOCAL, [20_000.0] * 2)
    put_shards(database, stranger(database), [20_000.0])
    claimed = [run(database, worker, 5_000.0) for worker in (first, second)]
    view = queue(database)
    mine = next(one for one in claimed if one.job_id == job)
    [shown] = view.running
    assert (shown.job_id, shown.worker, shown.owner, shown.shard_index) == (job, mine.worker, "local", 0)
    assert seconds(view, shown.expected_end) == pytest.approx(15_000.0, abs=1_000.0)
    assert (view.workers.idle, view.workers.busy, view.workers.busy_for_others) == (1, 1, 1)
    assert third is not None


def test_the_steps_made_tell_more_than_the_estimate(database: Database) -> None:
    [worker] = workers(database, 1)
    put_shards(database, LOCAL, [20_000.0])
    claimed = run(database, worker, 30_000.0)
    with database.write() as session:
        session.execute(update(ShardRow).where(ShardRow.id == claimed.shard_id).values(step=2))
    view = queue(database)
    assert seconds(view, view.running[0].expected_end) == pytest.approx(120_000.0, abs=1_000.0), (
        "2 of 10 steps in 30 000 s"
    )


def test_estimates_are_held_against_what_attempts_took(database: Database) -> None:
    [worker] = workers(database, 1)
    put_shards(database, LOCAL, [2_000.0] * 6)
    for _ in range(6):
        claimed = run(database, worker, 6_000.0)
        with database.write() as session:
            session.execute(update(AttemptRow).values(heartbeat_at=AttemptRow.started_at))
        ended(database, claimed)
    job = put_shards(database, LOCAL, [20_000.0])
    view = position(database, job)
    assert (view.basis.attempts, view.basis.workers) == (6, 1)
    assert view.basis.ratio == pytest.approx(3.0, abs=0.5)
    assert seconds(view, view.estimated_finish) == pytest.approx(60_000.0, abs=10_000.0)
    assert view.earliest_finish is not None
    assert view.latest_finish is not None
    assert view.earliest_finish <= view.estimated_finish <= view.latest_finish  # type: ignore[operator]
    assert "6 attempts took" in view.basis.text


def test_a_pack_took_its_time_once(database: Database) -> None:
    [worker] = workers(database, 1)
    job = put_shards(database, LOCAL, [1_000.0] * 4)
    claimed = [run(database, worker, 8_000.0) for _ in range(4)]
    with database.write() as session:
        at = session.scalars(select(AttemptRow.started_at)).first()
        session.execute(update(AttemptRow).values(started_at=at, heartbeat_at=at))
    packs.complete(database, [empty(one) for one in claimed])
    view = position(database, job)
    assert view.basis.ratio == pytest.approx(2.0, abs=0.5)
    assert (view.position, view.reason) == (None, "The job has ended as succeeded.")


def test_the_position_counts_what_is_started_before(database: Database) -> None:
    workers(database, 2)
    other = colleague(database)
    put_shards(database, LOCAL, [20.0] * 4)
    put_shards(database, other, [20.0] * 9)
    job = put_shards(database, LOCAL, [20.0])
    view = position(database, job)
    assert view.position == pytest.approx(9, abs=1), "four of mine, and as many of the other's"
    assert view.seconds_ahead == pytest.approx(160.0, abs=20.0)
    assert seconds(view, view.estimated_start) == pytest.approx(80.0, abs=10.0)
    assert seconds(view, view.estimated_finish) == pytest.approx(100.0, abs=10.0)


def test_why_there_is_no_estimate_is_told(database: Database) -> None:
    job = submit(database, device="cuda").id
    workers(database, 1)
    assert position(database, job).reason == "No worker that lives serves the device 'cuda'."
    paused = submit(database).id
    jobs(database).pause(paused)
    assert position(database, paused).reason == "The job is paused."
    waiting = put_shards(database, LOCAL, [20.0])
    with database.write() as session:
        control.pause(session, LOCAL.team_id, store_now(session))
    view = position(database, waiting)
    assert (view.reason, view.shards, view.position) == ("The team's queue is paused.", 1, None)
    assert {one.reason for one in queue(database).next} == {"The team's queue is paused."}


def test_a_member_without_any_worker_has_no_estimate(database: Database) -> None:
    workers(database, 1)
    job = put_shards(database, LOCAL, [20.0])
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={"workers": 0}))
    assert position(database, job).reason == "The limit on workers at a time is 0."


def test_a_job_of_which_all_runs_or_waits_after_a_failure_has_no_position(database: Database) -> None:
    [worker] = workers(database, 1)
    job = put_shards(database, LOCAL, [20_000.0])
    claimed = run(database, worker, 10_000.0)
    with database.write() as session:
        session.execute(update(ShardRow).where(ShardRow.id == claimed.shard_id).values(step=5))
    view = position(database, job)
    assert view.reason == "All that is left of it runs."
    assert seconds(view, view.estimated_finish) == pytest.approx(10_000.0, abs=1_000.0)
    fail(database, claimed, ErrorType.UNEXPECTED, "no", RetryPolicy(3, 60.0))
    assert "after a failed attempt" in str(position(database, job).reason)


def test_a_job_of_another_team_has_no_position(database: Database) -> None:
    theirs = put_shards(database, stranger(database), [20.0])
    with pytest.raises(JobNotFound):
        position(database, theirs)


def test_shares_are_of_those_who_have_something_to_run(database: Database) -> None:
    [worker] = workers(database, 1)
    other, rival = colleague(database, "bob"), stranger(database)
    colleague(database, "idle")
    with database.write() as session:
        session.execute(update(MemberRow).where(MemberRow.id == other.member_id).values(weight=3.0))
        session.execute(update(TeamRow).where(TeamRow.id == rival.team_id).values(weight=4.0))
    for who in (LOCAL, other, rival):
        put_shards(database, who, [20.0])
    claimed = run(database, worker)
    view = queue(database)
    assert {one.owner: one.share for one in view.shares} == {"local": 0.25, "bob": 0.75, "idle": 0.0}
    assert view.team.share == pytest.approx(0.2)
    with database.read() as session:
        owner = session.scalars(select(ShardRow.owner_id).where(ShardRow.id == claimed.shard_id)).one()
    used = {one.owner: one.used_seconds for one in view.shares}
    names = {LOCAL.member_id: "local", other.member_id: "bob"}
    if owner in names:
        assert used[names[owner]] == pytest.approx(20.0, abs=0.1)


def test_a_look_is_told_again_for_a_moment_but_not_the_switches(database: Database) -> None:
    shown = overview(database, cache_seconds=60.0)
    before = shown.queue(LOCAL)
    put_shards(database, LOCAL, [20.0])
    with database.write() as session:
        control.drain(session, LOCAL.team_id, store_now(session))
    after = shown.queue(LOCAL)
    assert (after.as_of, after.waiting) == (before.as_of, [])
    assert after.draining_at is not None
    assert queue(database).waiting != []
