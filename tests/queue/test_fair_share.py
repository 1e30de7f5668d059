"""Who gets the next worker: teams by their weights, then members by theirs, and what they have used counts."""

import itertools
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from ayla_service.db.models import AttemptRow, MemberRow, ShardRow, TeamRow, TeamUsageRow, UsageRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue import attempts, control, packs
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import WorkerIdentity, claim, claim_pack
from ayla_service.queue.eligibility import WORKERS_LIMIT
from ayla_service.queue.policy import PackLimits
from ayla_service.queue.reaper import reap
from ayla_service.teams.limits import Limit
from ayla_service.teams.principal import LOCAL, Principal
from sqlalchemy import select, update

from tests.factories import AT_ONCE, WORKER, colleague, stranger
from tests.queue.queueing import LEASE, claim_one, expire_leases
from tests.queue.scenarios import member_of, other_team
from tests.queue.simulation import Arrival, empty, put

pytestmark = pytest.mark.every_store

TOGETHER = PackLimits(shards=100, seconds=100.0, small_seconds=10.0)
_names = itertools.count()


def queue(database: Database, owner: Principal, shards: int, seconds: float, priority: str = "normal") -> str:
    """A job of so many shards, each estimated to take so long; returns its id."""
    with database.read() as session:
        now = store_now(session)
    return put(database, Arrival(0.0, owner, (seconds,) * shards, priority), now)[0]


def owner_of(database: Database, claimed: Claim) -> str:
    with database.read() as session:
        return session.scalars(select(ShardRow.owner_id).where(ShardRow.id == claimed.shard_id)).one()


def served(database: Database, count: int) -> list[str]:
    """Whose shards the next claims take, each by a worker of its own."""
    workers = [WorkerIdentity(f"worker:{next(_names)}", WORKER.devices, {}) for _ in range(count)]
    found = [claim(database, worker, LEASE) for worker in workers]
    return [owner_of(database, claimed) for claimed in found if claimed is not None]


def used(database: Database, who: Principal) -> tuple[float, float]:
    """Seconds that a member and its team have used."""
    with database.read() as session:
        member, team = session.get(UsageRow, who.member_id), session.get(TeamUsageRow, who.team_id)
        assert member is not None
        assert team is not None
        return member.seconds, team.seconds


def make_used(database: Database, who: Principal, seconds: float, ago: float = 0.0) -> None:
    """A member has used so much, and was served at that moment."""
    with database.write() as session:
        at = store_now(session) - timedelta(seconds=ago)
        values = {"seconds": seconds, "virtual_time": seconds, "last_start": seconds, "at": at}
        session.merge(UsageRow(member_id=who.member_id, team_id=who.team_id, **values))
        session.merge(TeamUsageRow(team_id=who.team_id, **values))


def queued_ago(database: Database, who: Principal, seconds: float) -> None:
    with database.write() as session:
        at = store_now(session) - timedelta(seconds=seconds)
        session.execute(update(ShardRow).where(ShardRow.owner_id == who.member_id).values(queued_at=at))


def test_members_of_equal_weight_take_turns_however_much_each_has_queued(database: Database) -> None:
    other = colleague(database)
    queue(database, LOCAL, 8, 20.0)
    queue(database, other, 3, 20.0)
    first, *rest = served(database, 6)
    assert Counter([first, *rest]) == {LOCAL.member_id: 3, other.member_id: 3}
    assert all(one != next_one for one, next_one in itertools.pairwise([first, *rest]))


def test_twice_the_weight_is_twice_the_time(database: Database) -> None:
    other = member_of(database, LOCAL, "heavy", weight=2.0)
    queue(database, LOCAL, 9, 20.0)
    queue(database, other, 9, 20.0)
    assert Counter(served(database, 9)) == {LOCAL.member_id: 3, other.member_id: 6}


def test_time_is_shared_and_not_the_number_of_shards(database: Database) -> None:
    other = colleague(database)
    queue(database, LOCAL, 3, 40.0)
    queue(database, other, 9, 10.0)
    assert Counter(served(database, 10)) == {LOCAL.member_id: 2, other.member_id: 8}


def test_teams_share_before_their_members_do(database: Database) -> None:
    """A team of three gets no more than a team of one with the same weight."""
    alone = stranger(database)
    crowd = [LOCAL, colleague(database, "a"), colleague(database, "b")]
    for who in crowd:
        queue(database, who, 4, 20.0)
    queue(database, alone, 12, 20.0)
    found = Counter(served(database, 12))
    assert found[alone.member_id] == 6
    assert [found[who.member_id] for who in crowd] == [2, 2, 2]


def test_a_team_of_twice_the_weight_gets_twice_the_time(database: Database) -> None:
    heavy = other_team(database, "heavy", weight=2.0)
    queue(database, LOCAL, 9, 20.0)
    queue(database, heavy, 9, 20.0)
    assert Counter(served(database, 9)) == {LOCAL.member_id: 3, heavy.member_id: 6}


def test_priority_goes_before_shares_and_is_paid_for_all_the_same(database: Database) -> None:
    other = colleague(database)
    queue(database, LOCAL, 2, 20.0, "high")
    queue(database, LOCAL, 4, 20.0)
    queue(database, other, 4, 20.0)
    found = served(database, 6)
    assert found[:2] == [LOCAL.member_id] * 2
    assert Counter(found) == {LOCAL.member_id: 3, other.member_id: 3}


def test_what_was_used_is_forgotten_by_halves(database: Database) -> None:
    other = colleague(database)
    make_used(database, LOCAL, 800.0, ago=3 * 3600.0)
    make_used(database, other, 110.0)
    queue(database, LOCAL, 1, 1.0)
    queue(database, other, 1, 1.0)
    assert served(database, 1) == [LOCAL.member_id], "100 s are left of 800"
    assert used(database, LOCAL)[0] == pytest.approx(101.0, abs=2.0)


def test_who_comes_after_a_long_absence_does_not_get_all_workers(database: Database) -> None:
    other = colleague(database)
    make_used(database, LOCAL, 10_000.0)
    queue(database, LOCAL, 6, 20.0)
    queue(database, other, 9, 20.0)
    found = served(database, 9)
    assert found[:3] == [other.member_id] * 3, "a credit of a minute"
    assert Counter(found[3:]) == {LOCAL.member_id: 3, other.member_id: 3}


def test_who_has_waited_all_the_time_is_not_taken_for_a_newcomer(database: Database) -> None:
    """Others were served before at a better priority: that is paid back."""
    other = colleague(database)
    make_used(database, LOCAL, 200.0)
    queue(database, LOCAL, 6, 20.0)
    queue(database, other, 12, 20.0)
    queued_ago(database, other, 1000.0)
    assert served(database, 10) == [other.member_id] * 10


def test_a_claim_is_charged_and_put_right_when_the_attempt_ends(database: Database) -> None:
    queue(database, LOCAL, 1, 20.0)
    claimed = claim_one(database)
    assert used(database, LOCAL) == (20.0, 20.0)
    started_ago(database, [claimed], 7.0)
    attempts.release(database, claimed)
    took = seconds_of(database, claimed)
    assert 7.0 <= took < 20.0
    assert used(database, LOCAL) == pytest.approx((took, took), abs=0.01)
    attempts.release(database, claimed)
    assert used(database, LOCAL)[0] == pytest.approx(took, abs=0.01), "saying it again charges nothing"


def started_ago(database: Database, claimed: Sequence[Claim], seconds: float) -> None:
    """As if the attempts had begun so long before their last heartbeat, however long this test takes."""
    with database.write() as session:
        for one in claimed:
            attempt = session.get_one(AttemptRow, (one.shard_id, one.attempt))
            attempt.started_at = attempt.heartbeat_at - timedelta(seconds=seconds)


def seconds_of(database: Database, claimed: Claim) -> float:
    """How long an attempt that has ended took."""
    with database.read() as session:
        attempt = session.get_one(AttemptRow, (claimed.shard_id, claimed.attempt))
        assert attempt.ended_at is not None
        return (attempt.ended_at - attempt.started_at).total_seconds()


def test_the_time_of_a_pack_is_shared_out_by_what_was_estimated(database: Database) -> None:
    other = colleague(database)
    queue(database, LOCAL, 2, 1.0)
    queue(database, other, 1, 4.0)
    found = claim_pack(database, WORKER, LEASE, TOGETHER)
    assert len(found) == 3
    with database.write() as session:
        at = store_now(session) - timedelta(seconds=12)
        session.execute(update(AttemptRow).values(started_at=at, heartbeat_at=at))
    packs.complete(database, [empty(one) for one in found])
    took = seconds_of(database, found[0])
    assert took >= 12.0
    assert used(database, LOCAL)[0] == pytest.approx(took / 3, rel=0.01)
    assert used(database, other)[0] == pytest.approx(2 * took / 3, rel=0.01)
    assert used(database, other)[1] == pytest.approx(took, rel=0.01)


def test_a_lost_attempt_is_charged_until_its_last_heartbeat(database: Database) -> None:
    queue(database, LOCAL, 1, 20.0)
    claimed = claim_one(database)
    started_ago(database, [claimed], 5_000.0)
    expire_leases(database)
    reap(database, AT_ONCE)
    assert used(database, LOCAL)[0] == pytest.approx(5_000.0, abs=100.0)


def test_a_pack_is_made_of_the_shards_of_all_members_who_are_next(database: Database) -> None:
    others = [colleague(database, name) for name in "abc"]
    queue(database, LOCAL, 20, 1.0)
    for who in others:
        queue(database, who, 20, 1.0)
    limits = PackLimits(shards=12, seconds=100.0, small_seconds=10.0)
    found = claim_pack(database, WORKER, LEASE, limits)
    owners = Counter(owner_of(database, claimed) for claimed in found)
    assert set(owners.values()) == {3}
    assert len(owners) == 4


def test_a_pack_goes_on_with_others_where_one_has_no_more(database: Database) -> None:
    other = colleague(database)
    queue(database, other, 2, 1.0)
    queue(database, LOCAL, 30, 1.0)
    found = claim_pack(database, WORKER, LEASE, TOGETHER)
    assert Counter(owner_of(database, claimed) for claimed in found) == {LOCAL.member_id: 30, other.member_id: 2}


def test_small_shards_behind_large_ones_are_found_but_not_by_reading_everything(database: Database) -> None:
    for shards, seconds in ((1, 1.0), (12, 50.0), (1, 1.0)):
        queue(database, LOCAL, shards, seconds)
    near = PackLimits(shards=10, seconds=100.0, small_seconds=10.0)
    assert len(claim_pack(database, WORKER, LEASE, near)) == 2


def limit_workers(database: Database, table: type[MemberRow] | type[TeamRow], row_id: str, most: int) -> None:
    with database.write() as session:
        session.execute(update(table).where(table.id == row_id).values(limits={Limit.WORKERS: most}))


def test_the_name_of_the_limit_is_one() -> None:
    assert WORKERS_LIMIT == Limit.WORKERS


def test_a_member_at_the_limit_of_workers_is_passed_over(database: Database) -> None:
    other = colleague(database)
    limit_workers(database, MemberRow, other.member_id, 2)
    queue(database, LOCAL, 2, 20.0)
    queue(database, other, 9, 20.0)
    assert Counter(served(database, 9)) == {LOCAL.member_id: 2, other.member_id: 2}


def test_a_team_at_the_limit_of_workers_is_passed_over(database: Database) -> None:
    rival = stranger(database)
    limit_workers(database, TeamRow, rival.team_id, 1)
    queue(database, LOCAL, 2, 20.0)
    queue(database, rival, 9, 20.0)
    found = served(database, 9)
    assert Counter(found) == {LOCAL.member_id: 2, rival.member_id: 1}
    with database.read() as session:
        held = session.execute(select(AttemptRow.shard_id, AttemptRow.worker)).all()
    assert len(held) == 3


def test_a_huge_limit_is_as_good_as_none(database: Database) -> None:
    limit_workers(database, TeamRow, LOCAL.team_id, 2**53 - 1)
    queue(database, LOCAL, 1, 20.0)
    assert served(database, 1) == [LOCAL.member_id]


def test_nothing_of_a_paused_team_is_started(database: Database) -> None:
    rival = stranger(database)
    queue(database, LOCAL, 2, 20.0, "high")
    queue(database, rival, 2, 20.0)
    with database.write() as session:
        assert control.pause(session, LOCAL.team_id, store_now(session)).paused_at is not None
    assert served(database, 3) == [rival.member_id] * 2
    with database.write() as session:
        control.resume(session, LOCAL.team_id, store_now(session))
    assert served(database, 3) == [LOCAL.member_id] * 2


def test_claims_at_the_same_moment_are_as_fair_as_one_after_the_other(database: Database) -> None:
    """Without an order among claims all of them see the same state, and serve the same member."""
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    owners = [LOCAL, *(colleague(database, name) for name in "abc")]
    for who in 5 * owners:
        queue(database, who, 1, 20.0)
    for _ in range(5):
        assert len(set(_at_once(database, 4))) == 4


def _at_once(database: Database, count: int) -> list[str]:
    barrier = Barrier(count)

    def one(number: int) -> Claim | None:
        barrier.wait()
        return claim(database, WorkerIdentity(f"at once:{number}", WORKER.devices, {}), LEASE)

    with ThreadPoolExecutor(count) as pool:
        found = list(pool.map(one, range(count)))
    return [owner_of(database, claimed) for claimed in found if claimed is not None]


def test_claims_and_ends_at_once_charge_everybody_rightly_and_never_wait_in_a_circle(database: Database) -> None:
    """Packs of members of several teams are claimed and ended by several workers, some of them handed back first."""
    everyone = [LOCAL, colleague(database, "a"), colleague(database, "b"), stranger(database)]
    for who in everyone:
        for _ in range(3):
            queue(database, who, 10, 0.5)
    few = PackLimits(shards=7, seconds=100.0, small_seconds=10.0)

    def work(number: int) -> int:
        worker, done, is_first = WorkerIdentity(f"busy:{number}", WORKER.devices, {}), 0, True
        while found := claim_pack(database, worker, LEASE, few):
            # Once only: who comes late may find a single shard each time, and would hand it back for ever.
            if is_first:
                is_first = False
                attempts.release(database, found[0])
                found = found[1:]
            done += len(packs.complete(database, [empty(one) for one in found[::-1]]))
        return done

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 120
    totals = [used(database, who) for who in everyone]
    assert all(-0.01 < member < 10.0 for member, _ in totals), "next to nothing, as nothing was computed"
    assert totals[0][1] == pytest.approx(sum(member for member, _ in totals[:3]), abs=0.05)
