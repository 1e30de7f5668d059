"""A short run of the chaos with a fixed seed; ``make chaos`` is the long one."""

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.load import plan
from tests.chaos.run import Options, run
from tests.chaos.schedule import APIS, WORKERS, Kind, schedule


@pytest.mark.timeout(600)
def test_nothing_is_lost_when_everything_is_killed(tmp_path: Path) -> None:
    report = run(Options(seed=3, jobs=30, faults=9, gap_seconds=1.2, shorter=2), tmp_path)
    assert report.passed, f"{report.markdown()}\nThe logs are in {tmp_path}"
    assert report.compared > 300
    assert report.fenced > 0


def test_a_schedule_follows_from_its_seed_alone() -> None:
    assert schedule(5, 60, 2.0) == schedule(5, 60, 2.0) != schedule(6, 60, 2.0)
    assert plan(5, 60, 30.0) == plan(5, 60, 30.0) != plan(6, 60, 30.0)


def test_every_kind_of_fault_comes_and_none_twice_before_that() -> None:
    kinds = [fault.kind for fault in schedule(1, 40, 2.0)]
    assert set(kinds) == set(Kind)
    assert Counter(fault.kind for fault in schedule(1, 9, 2.0)) == Counter(list(Kind)[:9])


def test_faults_come_in_order_and_hit_what_there_is() -> None:
    faults = schedule(1, 200, 2.0)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert {fault.victim for fault in faults} == {
        *(f"worker-{number}" for number in range(WORKERS)),
        *(f"api-{number}" for number in range(APIS)),
        "postgres",
        "redis",
        "messages",
        "whoever has a pack",
    }


def test_a_plan_has_jobs_of_every_kind() -> None:
    planned = plan(1, 60, 30.0)
    assert len({item.key for item in planned}) == len(planned) == 60
    kinds = {item.kind for item in planned}
    assert kinds >= {"small", "network", "long", "sweep", "cancelled", "paused", "prioritised", "over its time limit"}
