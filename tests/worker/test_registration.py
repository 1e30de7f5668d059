"""A worker registers that it lives, whatever becomes of the store, and serves its metrics where a port is set."""

import re
import socket
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import structlog
from ayla_service.db.session import Database
from ayla_service.queue.schemas import WorkerState
from ayla_service.queue.workers import list_workers, sign_off
from ayla_service.settings import Settings
from ayla_worker.identity import describe_facts, describe_worker
from ayla_worker.metrics_server import serving_metrics
from ayla_worker.registration import THREAD_NAME, WorkerRegistration
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from tests.queue.test_workers import facts
from tests.servers.process import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

FAST = Settings(presence_seconds=0.02)


def states(database: Database, presence_seconds: float = 60.0) -> list[WorkerState]:
    with database.read() as session:
        return [view.state for view in list_workers(session, presence_seconds)]


def beats(database: Database) -> Callable[[], bool]:
    """Whether there has been another sign of life since this was made."""

    def last() -> object:
        with database.read() as session:
            return [view.heartbeat_at for view in list_workers(session, 60.0)]

    first = last()
    return lambda: last() != first


def test_a_worker_is_there_from_its_start_to_its_end(database: Database) -> None:
    with WorkerRegistration(database, FAST, facts()):
        wait_until(lambda: states(database) == [WorkerState.IDLE], "a worker that has registered")
        wait_until(beats(database), "a beat")
    assert states(database) == [WorkerState.STOPPED]
    assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}


def test_it_signs_off_at_once_however_slow_its_beat(database: Database) -> None:
    with WorkerRegistration(database, Settings(presence_seconds=3600.0), facts()):
        wait_until(lambda: states(database), "a worker that has registered")
    assert states(database) == [WorkerState.STOPPED]


def test_a_store_that_is_away_is_survived_and_told_once(database: Database) -> None:
    with structlog.testing.capture_logs() as events:
        _rename(database, "workers", "gone")
        with WorkerRegistration(database, FAST, facts()):
            wait_until(lambda: events, "a failure that is told")
            threading.Event().wait(0.1)
            _rename(database, "gone", "workers")
            wait_until(lambda: states(database) == [WorkerState.IDLE], "a worker that has registered")
            _rename(database, "workers", "gone")
            wait_until(lambda: len(events) == 3, "another failure that is told")
            _rename(database, "gone", "workers")
            wait_until(beats(database), "a beat after it")
    assert [event["event"].split()[0] for event in events] == ["the", "worker", "the"]
    assert states(database) == [WorkerState.STOPPED]


def test_a_worker_that_the_store_has_forgotten_registers_again(database: Database) -> None:
    with WorkerRegistration(database, FAST, facts()):
        wait_until(lambda: states(database), "a worker that has registered")
        with database.write() as session:
            session.execute(text("DELETE FROM workers"))
        wait_until(lambda: states(database) == [WorkerState.IDLE], "its return")
        sign_off(database, facts().name)
        wait_until(lambda: states(database) == [WorkerState.IDLE], "its return")


def test_a_worker_describes_itself(tmp_path: Path) -> None:
    identity = describe_worker(Settings(data_dir=tmp_path))
    found = describe_facts(identity)
    assert re.fullmatch(rf"{re.escape(found.host)}:{found.pid}:[0-9a-f]{{6}}", found.name)
    assert found.name == identity.name
    assert (frozenset(found.devices), found.environment) == (identity.devices, identity.environment)
    assert found.memory_bytes > 2**28
    assert found.device
    assert describe_worker(Settings(data_dir=tmp_path)).name != identity.name


def test_the_numbers_are_served_where_a_port_is_set() -> None:
    port = free_port()
    with serving_metrics(Settings(metrics_port=port)):
        names = {family.name for family in text_string_to_metric_families(_get(port))}
    assert {"ayla_steps", "ayla_attempts", "process_resident_memory_bytes"} <= names
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_that_is_taken_is_told_and_the_work_goes_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, structlog.testing.capture_logs() as events:
        with serving_metrics(Settings(metrics_port=taken.getsockname()[1])):
            pass
        assert [event["event"] for event in events] == ["metrics cannot be served"]


def test_without_a_port_nothing_is_served() -> None:
    before = threading.active_count()
    with serving_metrics(Settings()):
        assert threading.active_count() == before


def _get(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_SECONDS) as answer:
        body: bytes = answer.read()
    return body.decode()


def _rename(database: Database, table: str, name: str) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
