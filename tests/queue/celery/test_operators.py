"""Workers started, seen and steered by Celery's own commands: nothing that they do loses or doubles work."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from ayla_service.db.session import Database
from ayla_service.queue.celery.app import make_app
from ayla_service.queue.schemas import WorkerState
from ayla_service.queue.workers import list_workers
from ayla_service.states import JobState

from tests.queue.celery.helpers import LONG, listening, outcomes, post, publisher, wait_for_end, wait_until_state
from tests.queue.celery.operated import (
    celery,
    celery_worker,
    child_of,
    ends,
    failures,
    heard,
    prepared,
    steps,
)
from tests.servers.redis import RedisServer
from tests.waiting import PATIENCE_SECONDS, wait_until

CPU = ("--queues", "ayla.cpu")


def states(database: Database) -> set[WorkerState]:
    with database.read() as session:
        return {worker.state for worker in list_workers(session, 60.0)}


def checkpointed(database: Database) -> None:
    wait_until(lambda: running(database).get("step", 0) > 0, "a step")


def running(database: Database) -> dict[str, Any]:
    from ayla_service.queue.running import running_shards

    with database.read() as session:
        names = [worker.name for worker in list_workers(session, 60.0)]
        found = running_shards(session, names)
    return found[0].as_dict() if found else {}


def test_celery_shows_what_a_worker_computes(database: Database, tmp_path: Path, redis_url: str) -> None:
    with (
        publisher(redis_url) as wake_up,
        heard(redis_url) as events,
        celery_worker(database, tmp_path / "log", redis_url, *CPU, "--task-events", "-n", "one@here") as process,
    ):
        # Its row says so as well, for a moment only where the kernels are compiled already.
        wait_until(lambda: "preparing" in (tmp_path / "log").read_text(), "a worker that says that it prepares")
        prepared(database)
        listening(tmp_path / "log")
        job = post(database, wake_up, **LONG)
        checkpointed(database)
        # With a destination it does not wait for others to answer.
        shown = celery(database, redis_url, "inspect", "-j", "-t", "60", "-d", "one@here", "ayla_running")
        [[shard]] = json.loads(shown.stdout).values()
        assert (shard["job"], shard["shard"], shard["trials"], shard["owner"]) == (job.id, 0, 32, "local")
        assert shard["step"] > 0
        assert shard["seconds"] > 0
        assert shard["worker"].split(":")[1] == str(child_of(process))
        celery(database, redis_url, "control", "shutdown")  # whoever ends does not answer
        assert process.wait(PATIENCE_SECONDS) == 0
        wait_until(lambda: any(event["type"] == "task-succeeded" for event in events), "the end of the task")
    by_type = {event["type"]: event for event in events}
    assert by_type["task-claimed"]["jobs"] == [job.id]
    assert "'released': 1" in by_type["task-succeeded"]["result"]
    assert job.id in by_type["task-succeeded"]["result"]
    assert outcomes(database) == ["released"]
    assert failures(database) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT], ids=["warm", "soft"])
def test_a_signal_reaches_the_child(database: Database, tmp_path: Path, redis_url: str, number: signal.Signals) -> None:
    with (
        publisher(redis_url) as wake_up,
        celery_worker(database, tmp_path / "log", redis_url, *CPU, shutdown_seconds=20, log_format="json") as process,
    ):
        listening(tmp_path / "log")
        post(database, wake_up, **LONG)
        checkpointed(database)
        child = child_of(process)
        ends(process, number)
        assert not psutil.pid_exists(child)
    assert all(json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert outcomes(database) == ["released"]
    assert states(database) == {WorkerState.STOPPED}


def test_a_soft_time_limit_checkpoints_hands_back_and_is_no_failure(
    database: Database, tmp_path: Path, redis_url: str
) -> None:
    with (
        publisher(redis_url) as wake_up,
        celery_worker(database, tmp_path / "log", redis_url, *CPU, "--soft-time-limit", "2", max_attempts=1),
    ):
        prepared(database)
        listening(tmp_path / "log")
        post(database, wake_up, **LONG)
        wait_until(lambda: outcomes(database)[:3] == ["released"] * 3 and len(outcomes(database)) > 3)
        begun = steps(database)[:3]
    assert begun[0] == 0
    assert begun == sorted(set(begun)), "each goes on where the one before was"
    assert failures(database) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--time-limit", "0.5"), "--time-limit is 0.5 s, shorter than AYLA_CHECKPOINT_SECONDS, 1 s"),
        (("--soft-time-limit", "0.5"), "--soft-time-limit is 0.5 s, shorter than AYLA_CHECKPOINT_SECONDS, 1 s"),
        (("--pool-start-method", "fork"), "has to be spawn"),
        (("--pool", "threads"), "has to be prefork or solo"),
    ],
)
def test_options_that_would_lose_work_are_refused(
    database: Database, tmp_path: Path, redis_url: str, options: tuple[str, ...], said: str
) -> None:
    with celery_worker(database, tmp_path / "log", redis_url, *CPU, *options) as process:
        assert process.wait(PATIENCE_SECONDS) == 2
    assert said in (tmp_path / "log").read_text()


def test_without_a_broker_celery_is_told_so(database: Database, tmp_path: Path) -> None:
    with celery_worker(database, tmp_path / "log", "") as process:
        assert process.wait(PATIENCE_SECONDS) == 2
    assert "set AYLA_BROKER_URL" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("option", ["--max-tasks-per-child", "--max-memory-per-child"])
def test_a_child_that_is_replaced_after_each_task_loses_nothing(
    database: Database, tmp_path: Path, redis_url: str, option: str
) -> None:
    with publisher(redis_url) as wake_up, celery_worker(database, tmp_path / "log", redis_url, *CPU, option, "1"):
        prepared(database)
        listening(tmp_path / "log")
        for number in range(3):
            wait_for_end(database, post(database, wake_up))
            prepared(database, 1)
            assert len(outcomes(database)) == number + 1
    assert set(outcomes(database)) == {"succeeded"}


def test_control_commands_in_the_middle_of_a_job_lose_nothing(
    database: Database, tmp_path: Path, redis_url: str
) -> None:
    app = make_app(redis_url)
    with (
        publisher(redis_url) as wake_up,
        celery_worker(database, tmp_path / "log", redis_url, *CPU, "-n", "one@here", max_attempts=1) as process,
    ):
        prepared(database)
        listening(tmp_path / "log")
        job = post(database, wake_up, **LONG)
        checkpointed(database)
        here = ["one@here"]
        app.control.pool_restart(destination=here, reply=True, timeout=60)
        first = child_of(process)
        [[task]] = app.control.inspect(destination=here, timeout=60).active().values()
        app.control.revoke(task["id"], terminate=True, signal="SIGTERM")
        wait_until(lambda: outcomes(database)[:1] == ["released"], "what the child ran is handed back")
        wait_until(lambda: len(outcomes(database)) == 2 and running(database), "another child runs it")
        assert child_of(process) != first
        assert process.poll() is None
        wait_until_state(database, job, JobState.RUNNING)
        wait_until(lambda: steps(database)[1] > 0, "it goes on from its checkpoint")
        assert failures(database) == 0


def test_a_child_that_is_killed_costs_its_lease_only(database: Database, tmp_path: Path, redis_url: str) -> None:
    with (
        publisher(redis_url) as wake_up,
        celery_worker(database, tmp_path / "log", redis_url, *CPU, lease_seconds=3, reap_seconds=0.2) as process,
    ):
        prepared(database)
        listening(tmp_path / "log")
        post(database, wake_up, **LONG)
        checkpointed(database)
        os.kill(child_of(process), signal.SIGKILL)
        wait_until(lambda: outcomes(database) == ["lost", "running"], "another child runs it")
        assert process.poll() is None


def test_a_child_whose_parent_dies_ends(database: Database, tmp_path: Path, redis_url: str) -> None:
    with (
        publisher(redis_url) as wake_up,
        celery_worker(database, tmp_path / "log", redis_url, *CPU) as process,
    ):
        listening(tmp_path / "log")
        post(database, wake_up, **LONG)
        checkpointed(database)
        child = child_of(process)
        process.kill()
        process.wait()
        wait_until(lambda: not psutil.pid_exists(child), "the end of the child")


def test_one_process_for_all_works_too(database: Database, tmp_path: Path, redis_url: str) -> None:
    with (
        publisher(redis_url) as wake_up,
        celery_worker(database, tmp_path / "log", redis_url, *CPU, "--pool", "solo") as process,
    ):
        prepared(database)
        listening(tmp_path / "log")
        wait_for_end(database, post(database, wake_up))
        post(database, wake_up, **LONG)
        checkpointed(database)
        ends(process, signal.SIGTERM)
    assert outcomes(database) == ["succeeded", "released"]


def test_a_broker_that_is_killed_in_the_middle_of_a_job_changes_nothing(
    database: Database, tmp_path: Path, own_redis: RedisServer
) -> None:
    with (
        publisher(own_redis.url) as wake_up,
        celery_worker(database, tmp_path / "log", own_redis.url, *CPU) as process,
    ):
        listening(tmp_path / "log")
        post(database, wake_up, **LONG)
        checkpointed(database)
        own_redis.kill()
        before = running(database)["step"]
        wait_until(lambda: running(database)["step"] > before, "more steps")
        own_redis.start()
        listening(tmp_path / "log", times=2)
        assert process.poll() is None
        assert outcomes(database) == ["running"]
