"""Real workers woken over a real Redis, and what becomes of them and their work when it fails."""

import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ayla_service.db.session import Database
from ayla_service.queue.celery.app import make_app
from ayla_service.queue.wakeup import TimerWakeUp, WakeUp
from ayla_service.states import JobState

from tests.queue.celery.helpers import (
    LONG,
    PATIENT,
    depth,
    listening,
    outcomes,
    post,
    publisher,
    wait_for_end,
    wait_until_state,
)
from tests.servers.forks import Fork
from tests.servers.redis import RedisServer
from tests.waiting import wait_until
from tests.worker.processes import worker

GRACE_SECONDS = 200.0
"""Below the timers of a patient worker, above what a busy machine needs."""


@dataclass(frozen=True, slots=True)
class Idle:
    """A worker that waits to be woken, and whoever wakes it."""

    database: Database
    log: Path
    wake_up: WakeUp
    redis: RedisServer
    process: Fork


@pytest.fixture(scope="module")
def idle(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idle]:
    """One worker for the tests that do it no harm, on a Redis that no other one listens to.

    It ends in good order when it is told to.
    """
    folder = tmp_path_factory.mktemp("idle")
    log, database = folder / "log", Database(f"sqlite:///{shutil.copy(migrated_store, folder / 'ayla.db')}")
    with (
        RedisServer.own() as redis,
        publisher(redis.url) as wake_up,
        worker(database, log, broker_url=redis.url, torch_threads=1, **PATIENT) as process,
    ):
        listening(log)
        yield Idle(database, log, wake_up, redis, process)
        process.terminate()
        assert process.wait(GRACE_SECONDS) == 0
    database.dispose()


def test_a_wake_up_brings_an_idle_worker_to_work(idle: Idle) -> None:
    for _ in range(5):  # one after the other, also right after the end of the one before
        wait_for_end(idle.database, post(idle.database, idle.wake_up))


def test_more_messages_than_work_are_harmless(idle: Idle) -> None:
    job = post(idle.database, idle.wake_up)
    idle.wake_up.notify(["auto", "cpu"] * 5)
    wait_for_end(idle.database, job)
    wait_until(lambda: depth(idle.redis) == depth(idle.redis, "cpu") == 0)
    assert set(outcomes(idle.database)) == {"succeeded"}


def test_an_unknown_task_stops_nothing(idle: Idle) -> None:
    make_app(idle.redis.url).send_task("os.system", ["true"], queue="ayla.auto")
    wait_until(lambda: depth(idle.redis) == 0)
    wait_for_end(idle.database, post(idle.database, idle.wake_up))
    assert idle.process.poll() is None


def test_rubbish_ends_a_worker_in_good_order_and_the_next_one_works(
    database: Database, tmp_path: Path, redis_server: RedisServer, redis_url: str
) -> None:
    with worker(database, tmp_path / "one", broker_url=redis_url, **PATIENT) as process:
        listening(tmp_path / "one")
        with redis_server.client() as client:
            client.lpush("ayla.auto", "no JSON")
        assert process.wait(GRACE_SECONDS) == 1
    with publisher(redis_url) as wake_up, worker(database, tmp_path / "two", broker_url=redis_url, **PATIENT):
        wait_for_end(database, post(database, wake_up))


def test_a_busy_worker_leaves_messages_to_an_idle_one(database: Database, tmp_path: Path, redis_url: str) -> None:
    with (
        publisher(redis_url) as wake_up,
        worker(database, tmp_path / "one", broker_url=redis_url, **PATIENT),
        worker(database, tmp_path / "two", broker_url=redis_url, **PATIENT),
    ):
        listening(tmp_path / "one")
        listening(tmp_path / "two")
        long = post(database, wake_up, **LONG)
        wait_until_state(database, long, JobState.RUNNING)
        for _ in range(5):
            wait_for_end(database, post(database, wake_up))


def test_a_worker_that_found_its_work_by_itself_leaves_messages_too(
    database: Database, tmp_path: Path, redis_url: str
) -> None:
    by_timer = {**PATIENT, "sweep_seconds": 1}
    with (
        publisher(redis_url) as wake_up,
        worker(database, tmp_path / "one", broker_url=redis_url, **by_timer),
        worker(database, tmp_path / "two", broker_url=redis_url, **PATIENT),
    ):
        listening(tmp_path / "one")
        listening(tmp_path / "two")
        wait_until_state(database, post(database, TimerWakeUp(), **LONG), JobState.RUNNING)
        for _ in range(5):
            wait_for_end(database, post(database, wake_up))


def test_a_wiped_redis_costs_a_delay_only(
    database: Database, tmp_path: Path, redis_server: RedisServer, redis_url: str
) -> None:
    log = tmp_path / "log"
    settings = {**PATIENT, "sweep_seconds": 1}
    with publisher(redis_url) as wake_up, worker(database, log, broker_url=redis_url, **settings):
        listening(log)
        redis_server.clear()
        wait_for_end(database, post(database, TimerWakeUp()))  # its message is gone
        # and the queue works as before
        wait_for_end(database, post(database, wake_up))
        wait_until(lambda: depth(redis_server) == 0)


def test_work_goes_on_without_redis_and_is_woken_again_afterwards(
    database: Database, tmp_path: Path, own_redis: RedisServer
) -> None:
    log = tmp_path / "log"
    settings = {**PATIENT, "broker_url": own_redis.url, "log_level": "debug"}
    with publisher(own_redis.url) as wake_up, worker(database, log, **settings) as process:
        listening(log)
        own_redis.kill()
        for _ in range(2):
            wait_for_end(database, post(database, wake_up))
        wait_until(lambda: "Cannot connect" in log.read_text())
        own_redis.start()
        listening(log, times=2)
        time.sleep(1)  # until the publisher tries again
        wait_for_end(database, post(database, wake_up))
        assert process.poll() is None
    assert set(outcomes(database)) == {"succeeded"}
    password = own_redis.url.partition("://:")[2].partition("@")[0]
    assert password
    assert password not in log.read_text()


def test_a_worker_starts_without_redis(database: Database, tmp_path: Path, own_redis: RedisServer) -> None:
    own_redis.kill()
    log = tmp_path / "log"
    with publisher(own_redis.url) as wake_up, worker(database, log, broker_url=own_redis.url, **PATIENT):
        wait_for_end(database, post(database, wake_up))
        own_redis.start()
        listening(log)


@pytest.mark.parametrize(
    ("number", "frozen"), [(signal.SIGINT, False), (signal.SIGTERM, True)], ids=["redis", "frozen redis"]
)
def test_a_worker_told_to_stop_hands_its_shard_back(
    database: Database, tmp_path: Path, own_redis: RedisServer, number: signal.Signals, *, frozen: bool
) -> None:
    log = tmp_path / "log"
    with publisher(own_redis.url) as wake_up, worker(database, log, broker_url=own_redis.url, **PATIENT) as process:
        listening(log)
        job = post(database, wake_up, **LONG)
        wait_until_state(database, job, JobState.RUNNING)
        if frozen:
            own_redis.freeze()
        process.send_signal(number)
        assert process.wait(GRACE_SECONDS) == 0
    assert outcomes(database) == ["released"]


def test_an_idle_worker_ends_when_it_is_told_to_while_redis_is_frozen(
    database: Database, tmp_path: Path, own_redis: RedisServer
) -> None:
    """While Redis is well, the one of the other tests does."""
    log = tmp_path / "log"
    with worker(database, log, broker_url=own_redis.url, **PATIENT) as process:
        listening(log)
        own_redis.freeze()
        process.terminate()
        assert process.wait(GRACE_SECONDS) == 0
