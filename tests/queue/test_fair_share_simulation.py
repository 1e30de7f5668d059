"""The queue played through mixed loads with a made-up clock: shares, waits, and that nobody starves.

``benchmarks/fair_share.py`` plays the same for longer, and prints what is told in docs/queue.md.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.db.session import Database
from ayla_service.queue.fair_queue import SharePolicy
from sqlalchemy import event

from tests.queue.scenarios import SWEEP_SHARD, backlogs, mixed, newcomer

pytestmark = pytest.mark.every_store

LONGEST_SHARD = 4 * SWEEP_SHARD
"""One in three hundred takes longer over its estimate than that."""


@pytest.fixture
def database(store_path: Path) -> Iterator[Database]:
    """On SQLite alone, as what is played does not depend on the store; and nothing of it needs to outlive a crash."""
    store = Database(f"sqlite:///{store_path}")
    event.listen(store.engine, "connect", lambda driver, _record: driver.execute("PRAGMA synchronous = OFF"))
    yield store
    store.dispose()


def test_backlogs_share_by_weight(database: Database) -> None:
    for share in backlogs(database, 400.0):
        assert share.had == pytest.approx(share.ideal, rel=0.1), share.name


def test_small_jobs_wait_for_a_worker_and_not_for_the_sweeps_before_them(database: Database) -> None:
    found = mixed(database, 400.0)
    for share in found.shares:
        assert share.had == pytest.approx(share.ideal, rel=0.1), share.name
    assert found.fair.jobs > 30
    assert found.fair.worst < LONGEST_SHARD
    assert found.fifo.worst > 5 * found.fair.worst
    assert found.fifo.median > 20 * found.fair.median
    assert found.longest_gap < 2 * LONGEST_SHARD, "nor do the sweeps starve"


def test_a_newcomer_gets_a_share_and_not_everything(database: Database) -> None:
    first, *others = newcomer(database, 300.0, 6)
    assert first < 0.9
    assert sum(others) / len(others) == pytest.approx(0.5, abs=0.1)


def test_without_the_cap_a_newcomer_would_get_everything_for_as_long_as_others_had_it(database: Database) -> None:
    assert newcomer(database, 300.0, 3, SharePolicy(credit_seconds=1e9))[1:] == [1.0, 1.0]
