"""A service that is killed in the middle of a job and started again."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ayla import Client
from ayla_service.db.session import Database

from tests.factories import STYBLINSKI_TANG
from tests.queue.queueing import expire_leases
from tests.system.processes import alive, children, service
from tests.waiting import PATIENCE_SECONDS, wait_until

STEPS, EVERY = 400_000, 200
LONG = {
    "problem": STYBLINSKI_TANG,
    "optimizers": [{"name": "adam", "learning_rate": 0.0001, "ayla": {"n2": 0.57}}],
    "budget": {"steps": STEPS},
    "record": {"every": EVERY},
}


def _under_way(client: Client, job_id: str) -> bool:
    return 0 < client.jobs.get(job_id).progress.steps_done < STEPS


def _expire_leases(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'data' / 'ayla.db'}")
    expire_leases(database)
    database.dispose()


def test_a_job_survives_its_service_killed_with_9(tmp_path: Path) -> None:
    with service(tmp_path) as first, first.client() as client:
        job = client.jobs.submit(LONG)
        waiting = client.jobs.submit(LONG)
        wait_until(lambda: _under_way(client, job.id))
        first.kill()
    with closing(sqlite3.connect(tmp_path / "data" / "ayla.db")) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    _expire_leases(tmp_path)
    with service(tmp_path) as second, second.client() as client:
        courses = []
        for found in (job, waiting):
            done = client.jobs.wait(found.id, timeout=PATIENCE_SECONDS)
            assert done.state == "succeeded"
            (trial,) = client.jobs.trials(done)
            columns = client.trials.trajectory(trial.id)
            assert list(columns["step"]) == list(range(0, STEPS + 1, EVERY))
            courses.append(list(columns["param.x[3]"]))
        assert courses[0] == courses[1], "the interrupted job has the same trajectory as the undisturbed one"


def test_the_worker_ends_when_only_its_parent_is_killed(tmp_path: Path) -> None:
    with service(tmp_path) as running, running.client() as client:
        job = client.jobs.submit(LONG)
        wait_until(lambda: _under_way(client, job.id))
        workers = children(running.process.pid)
        assert workers
        running.process.kill()
        running.process.wait()
        wait_until(lambda: not any(alive(number) for number in workers))
    with service(tmp_path, lease_seconds=600) as again, again.client() as client:
        assert client.jobs.wait(job.id, timeout=PATIENCE_SECONDS).state == "succeeded", (
            "its worker had handed the shard back"
        )


def test_stopping_leaves_nothing_running(tmp_path: Path) -> None:
    with service(tmp_path) as running, running.client() as client:
        client.jobs.submit(LONG)
        wait_until(lambda: bool(children(running.process.pid)))
        workers = children(running.process.pid)
        running.process.terminate()
        assert running.process.wait(PATIENCE_SECONDS) == 0
        assert not any(alive(number) for number in workers)
