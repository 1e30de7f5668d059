"""What monitoring is told of queue and workers."""

import re
from datetime import timedelta
from typing import Any

import pytest
from ayla_service.db.models import ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.observability.store_gauges import StoreGauges
from ayla_service.queue import gauges as gauges_module
from ayla_service.queue.claims import claim
from ayla_service.queue.gauges import store_gauges
from ayla_service.queue.workers import register
from sqlalchemy import event, text, update

from tests.factories import WORKER, submit
from tests.queue.test_workers import facts

pytestmark = pytest.mark.every_store


def gauges(database: Database) -> StoreGauges:
    return store_gauges(database, 5.0)


def age(database: Database, job_id: str, **values: object) -> None:
    """Change a job's shards as if they had waited for long, or at another place."""
    with database.write() as session:
        session.execute(update(ShardRow).where(ShardRow.job_id == job_id).values(**values))


def ago(database: Database, seconds: float) -> object:
    with database.read() as session:
        return store_now(session) - timedelta(seconds=seconds)


def test_an_empty_store_has_every_gauge_at_zero(database: Database) -> None:
    found = gauges(database)
    assert set(found.shards) == {
        (device, state) for device in ("auto", "cpu", "cuda") for state in ("queued", "delayed", "paused", "running")
    }
    assert found.oldest_seconds == {"auto": 0, "cpu": 0, "cuda": 0}
    assert found.jobs == {"queued": 0, "running": 0}
    assert found.workers == {"preparing": 0, "idle": 0, "busy": 0, "lost": 0, "stopped": 0}
    assert not any(found.shards.values())
    assert found.size > 10_000


def test_shards_and_jobs_are_counted_by_state_and_device(database: Database) -> None:
    register(database, facts())
    submit(database, device="cuda")
    waiting = [submit(database, device="cpu").id for _ in range(3)]
    assert claim(database, WORKER, 30.0) is not None
    age(database, waiting[2], state="delayed", available_at=ago(database, -60))
    found = gauges(database)
    assert {key: count for key, count in found.shards.items() if count} == {
        ("cuda", "queued"): 1,
        ("cpu", "queued"): 1,
        ("cpu", "delayed"): 1,
        ("cpu", "running"): 1,
    }
    assert found.jobs == {"queued": 3, "running": 1}
    assert found.workers["idle"] == 1


def test_the_oldest_shard_counts_whatever_its_priority(database: Database) -> None:
    for seconds, priority in ((10, 0), (1000, 3), (100, -2)):
        age(database, submit(database).id, queued_at=ago(database, seconds), priority=priority)
    assert gauges(database).oldest_seconds["auto"] == pytest.approx(1000, abs=60)
    assert gauges(database).oldest_seconds["cpu"] == 0


def test_a_count_ends_where_it_would_be_slow(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges_module, "COUNTED_AT_MOST", 2)
    for _ in range(3):
        submit(database)
    found = gauges(database)
    assert (found.shards["auto", "queued"], found.jobs["queued"]) == (2, 2)


def test_no_question_reads_a_whole_table(database: Database) -> None:
    """However many jobs have finished: each question is answered from an index."""
    submit(database)
    asked: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    gauges(database)
    questions = [question for question in asked if "FROM shards" in question[0] or "FROM jobs" in question[0]]
    # States of shards; by device the first priority (one has two looks) and its oldest; states of jobs.
    assert len(questions) == 4 + 5 + 2
    for statement, values in questions:
        assert not WHOLE_TABLE.search(_plan(database, statement, values)), statement


WHOLE_TABLE = re.compile(r"SCAN (shards|jobs)\b|Seq Scan on (shards|jobs)")


def _plan(database: Database, statement: str, values: Any) -> str:
    with database.read() as session:
        if not database.is_sqlite:
            # The tables of a test are so small that reading all of them would be the best plan.
            session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        rows = session.connection().exec_driver_sql(f"{explain} {statement}", values)
        return "\n".join(str(row[-1]) for row in rows)
