"""Forecast of the queue: pure rules, no store."""

from collections import deque

import pytest
from ayla_service.queue.fair_queue import VirtualClock
from ayla_service.queue.forecast import ShardGroup, SharingState, SimulatedQueue, SimulatedWorker, forecast

ANY = ("auto", "cpu")


def queue(
    member: str, *groups: ShardGroup, team: str = "team", priority: int = 0, device: str = "auto"
) -> SimulatedQueue:
    return SimulatedQueue(priority, device, team, member, deque(groups))


def sharing(*members: str, limits: dict[str, float] | None = None, **weights: float) -> SharingState:
    everyone = {**dict.fromkeys(("team", *members), 1.0), **weights}
    return SharingState({one: VirtualClock(one, weight) for one, weight in everyone.items()}, limits or {})


def idle(count: int) -> list[SimulatedWorker]:
    return [SimulatedWorker(ANY) for _ in range(count)]


def test_jobs_of_one_member_follow_each_other_on_the_workers_there_are() -> None:
    queues = [queue("ada", ShardGroup("a", 1, 10.0), ShardGroup("b", 2, 10.0), ShardGroup("c", 1, 10.0))]
    found = forecast(idle(2), queues, sharing("ada"), {"a", "b", "c"})
    assert [(one.ahead, one.start, one.finish) for one in found.values()] == [(0, 0, 10), (1, 0, 20), (3, 10, 20)]
    assert list(found) == ["a", "b", "c"], "in the order in which they start"
    assert found["c"].seconds_ahead == 30.0


def test_what_runs_is_waited_for() -> None:
    workers = [SimulatedWorker(ANY, 7.0, ("bob", "team")), SimulatedWorker(ANY, 3.0, ("bob", "team"))]
    found = forecast(workers, [queue("ada", ShardGroup("a", 1, 10.0))], sharing("ada", "bob"), {"a"})
    assert (found["a"].start, found["a"].finish) == (3.0, 13.0)


def test_members_share_by_weight() -> None:
    queues = [
        queue("ada", ShardGroup(None, 8, 10.0), ShardGroup("a", 1, 10.0)),
        queue("bob", ShardGroup(None, 40, 10.0)),
    ]
    assert forecast(idle(1), queues, sharing("ada", "bob"), {"a"})["a"].start == pytest.approx(160.0, abs=10.0)
    queues = [
        queue("ada", ShardGroup(None, 8, 10.0), ShardGroup("a", 1, 10.0)),
        queue("bob", ShardGroup(None, 40, 10.0)),
    ]
    found = forecast(idle(1), queues, sharing("ada", "bob", ada=4.0), {"a"})
    assert found["a"].start == pytest.approx(100.0, abs=10.0)


def test_teams_share_before_members_do() -> None:
    queues = [queue("eve", ShardGroup(None, 4, 10.0), ShardGroup("e", 1, 10.0), team="other")]
    queues += [queue(member, ShardGroup(None, 40, 10.0)) for member in ("ada", "bob", "cleo")]
    found = forecast(idle(1), queues, sharing("ada", "bob", "cleo", "eve", "other"), {"e"})
    assert found["e"].start == pytest.approx(80.0, abs=10.0)


def test_a_better_priority_goes_first() -> None:
    queues = [queue("ada", ShardGroup("a", 1, 10.0)), queue("bob", ShardGroup("b", 3, 10.0), priority=-10)]
    found = forecast(idle(1), queues, sharing("ada", "bob"), {"a", "b"})
    assert (found["b"].start, found["a"].start) == (0.0, 30.0)


def test_a_device_that_no_worker_serves_is_not_expected() -> None:
    queues = [queue("ada", ShardGroup("a", 1, 10.0), device="cuda"), queue("bob", ShardGroup("b", 1, 10.0))]
    assert set(forecast(idle(1), queues, sharing("ada", "bob"), {"a", "b"})) == {"b"}
    assert forecast([], [queue("ada", ShardGroup("a", 1, 10.0))], sharing("ada"), {"a"}) == {}


def test_a_limit_on_workers_keeps_the_others_free() -> None:
    queues = [queue("ada", ShardGroup("a", 3, 10.0)), queue("bob", ShardGroup("b", 1, 10.0))]
    limited = sharing("ada", "bob", limits={"ada": 1})
    found = forecast(idle(4), queues, limited, {"a", "b"})
    assert (found["a"].finish, found["b"].start) == (30.0, 0.0)


def test_what_runs_counts_for_the_limit() -> None:
    workers = [SimulatedWorker(ANY, 5.0, ("ada", "team")), SimulatedWorker(ANY)]
    found = forecast(workers, [queue("ada", ShardGroup("a", 1, 10.0))], sharing("ada", limits={"ada": 1}), {"a"})
    assert found["a"].start == 5.0


def test_enough_are_those_that_start_first() -> None:
    queues = [queue("ada", *(ShardGroup(f"a{number}", 1, 10.0) for number in range(9)))]
    found = forecast(idle(1), queues, sharing("ada"), {f"a{number}" for number in range(9)}, enough=2)
    assert list(found) == ["a0", "a1"]
    assert all(one.finish is not None for one in found.values())


def test_a_long_queue_is_played_in_pieces() -> None:
    """A million shards before it take no longer to play than a thousand, and come out the same."""
    queues = [
        queue("ada", ShardGroup(None, 1_000_000, 0.5), ShardGroup("a", 1, 0.5)),
        queue("bob", ShardGroup(None, 2_000_000, 0.5)),
    ]
    found = forecast(idle(4), queues, sharing("ada", "bob"), {"a"})
    assert found["a"].start == pytest.approx(1_000_000 * 0.5 * 2 / 4, rel=0.01)
    assert found["a"].ahead == pytest.approx(2_000_000, rel=0.01)


def test_shards_that_take_no_time_do_not_hold_it_up() -> None:
    queues = [queue("ada", ShardGroup(None, 1_000_000, 0.0), ShardGroup("a", 1, 0.0))]
    found = forecast(idle(1), queues, sharing("ada"), {"a"})
    assert (found["a"].start, found["a"].ahead) == (0.0, 1_000_000)
