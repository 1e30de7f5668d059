"""What the service promises, however it is deployed: SQLite or PostgreSQL, by a timer or Celery, Redis or RabbitMQ."""

import functools
import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ayla
import pytest
import torch
from ayla import Client, Job
from ayla_core.devices import set_threads
from ayla_core.engine import Engine
from ayla_core.recorder import MemoryRecorder
from ayla_core.training import train
from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_service.trials.trial_ids import trial_id
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from sqlalchemy import select

from tests.factories import STYBLINSKI_TANG
from tests.queue.queueing import expire_leases
from tests.servers.forks import Fork
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitServer
from tests.servers.redis import RedisServer
from tests.system.deployments import Deployment, deployed
from tests.system.processes import alive, family
from tests.waiting import PATIENCE_SECONDS, wait_until

_numbers = itertools.count()

SMALL: dict[str, Any] = {
    "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}},
    "optimizers": [
        {"name": "sgd", "learning_rate": 0.03, "ayla": {"n1": 1.0, "n2": 1.4}},
        {"name": "adam", "learning_rate": 0.01},
    ],
    "budget": {"steps": 50},
}

LONG: dict[str, Any] = {
    "problem": STYBLINSKI_TANG,
    "optimizers": [{"name": "adam", "learning_rate": 0.0001, "ayla": {"n2": 0.57}}],
    "budget": {"steps": 600_000},
    "record": {"every": 500},
}
"""Some seconds of computing."""


_WAYS = ("sqlite, timer", "postgresql, timer", "postgresql, redis", "postgresql, rabbitmq")


@pytest.fixture(scope="module", params=_WAYS)
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The service with two workers, deployed in one way after the other."""
    store, waking = request.param.split(", ")
    folder = tmp_path_factory.mktemp("deployment")
    broker = _broker(request, waking)
    if store == "sqlite":
        with deployed(request.param, folder, f"sqlite:///{folder / 'ayla.db'}", broker, workers=2) as running:
            yield running
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"ayla_contract_{os.getpid()}_{next(_numbers)}"
    url = server.create_database(name).render_as_string(hide_password=False)
    with deployed(request.param, folder, url, broker, workers=2) as running:
        yield running
    server.drop_database(name)


def _broker(request: pytest.FixtureRequest, waking: str) -> str | None:
    if waking == "redis":
        redis: RedisServer = request.getfixturevalue("redis_server")
        redis.clear()
        return redis.url
    if waking == "rabbitmq":
        rabbitmq: RabbitServer = request.getfixturevalue("rabbitmq_server")
        return rabbitmq.url
    return None


@pytest.fixture
def client(deployment: Deployment) -> Iterator[Client]:
    """A client of the deployment."""
    with deployment.client() as client:
        yield client


def _assert_as_if_undisturbed(deployment: Deployment, job: Job) -> None:
    """Every row is what the core computes of the job's shards in one go, bit for bit."""
    with deployment.database.read() as session:
        shards = session.execute(select(ShardRow.first_trial, ShardRow.trials).where(ShardRow.job_id == job.id)).all()
    for first, trials in shards:
        indices = tuple(range(first, first + trials))
        memory = _undisturbed(json.dumps(job.resolved, sort_keys=True), indices)
        for index in indices:
            wanted = trial_id(job.id, index)
            stored = ResultReader(deployment.database).trajectory(LOCAL.team_id, wanted, TrajectoryQuery())
            for name, values in memory.trajectories[index].items():
                assert stored[name].to_numpy().tobytes() == values.tobytes(), name


@functools.cache
def _undisturbed(resolved: str, indices: tuple[int, ...]) -> MemoryRecorder:
    """A shard in one go; several tests run the same job."""
    set_threads(1)
    spec, memory = ResolvedJobSpec.model_validate_json(resolved), MemoryRecorder()
    train(Engine(spec, [plan for plan in plan_trials(spec) if plan.index in indices], torch.device("cpu")), memory)
    return memory


def _under_way(client: Client, job: Job) -> Job:
    wait_until(lambda: client.jobs.get(job).progress.steps_done > 0)
    return client.jobs.get(job)


def _worker_of(deployment: Deployment, job: Job) -> Fork:
    """The process that runs the job's only shard."""
    with deployment.database.read() as session:
        name = session.scalars(
            select(AttemptRow.worker)
            .join(ShardRow, ShardRow.id == AttemptRow.shard_id)
            .where(ShardRow.job_id == job.id, AttemptRow.outcome == "running")
        ).one()
    pid = int(name.split(":")[1])
    return next(process for process in deployment.workers.values() if pid in family(process.pid))


def _outcomes(client: Client, job: Job) -> list[str]:
    return [attempt.outcome for attempt in client.jobs.attempts(job)]


def test_a_small_job_succeeds(deployment: Deployment, client: Client) -> None:
    job = client.jobs.wait(client.jobs.submit(SMALL), timeout=PATIENCE_SECONDS)
    assert job.state == "succeeded"
    sgd, _ = client.jobs.trials(job)
    assert sgd.summary is not None
    assert sgd.summary.final_loss == pytest.approx(-6.54297, abs=1e-4)
    _assert_as_if_undisturbed(deployment, job)


def test_many_small_jobs_each_get_their_own_result(deployment: Deployment, client: Client) -> None:
    adams = [{**SMALL, "optimizers": [{"name": "adam", "learning_rate": 0.001 * place}]} for place in range(1, 31)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda spec: client.jobs.submit(spec), adams))
    for job in made:
        assert client.jobs.wait(job, timeout=PATIENCE_SECONDS).state == "succeeded"
    for job in made[::10]:
        _assert_as_if_undisturbed(deployment, client.jobs.get(job))


def test_the_shards_of_a_large_job_are_spread_and_merged(deployment: Deployment, client: Client) -> None:
    rates = {"low": 1e-5, "high": 1e-3, "scale": "log", "count": 200}
    wide = {**SMALL, "optimizers": [{"name": "adam", "learning_rate": rates}], "budget": {"steps": 10_000}}
    wide["seeds"] = list(range(300))
    job = client.jobs.submit(wide)
    done = client.jobs.wait(job, timeout=PATIENCE_SECONDS)
    assert done.progress.fraction == 1.0
    attempts = list(client.jobs.attempts(done))
    assert {attempt.outcome for attempt in attempts} == {"succeeded"}
    assert len({attempt.shard_index for attempt in attempts}) == len(attempts) > 1
    assert len({attempt.worker for attempt in attempts}) == 2, "both workers took part"
    assert done.trials.completed == 60_000
    assert [trial.seed for trial in client.jobs.trials(done, limit=300)] == list(range(300))


def test_the_same_key_gives_the_same_job(client: Client) -> None:
    key = f"key-{time.monotonic_ns()}"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.jobs.submit(SMALL, idempotency_key=key).id, range(16)))
    assert len(set(made)) == 1


def test_cancelling_takes_effect_in_the_middle_of_a_long_job(client: Client) -> None:
    job = _under_way(client, client.jobs.submit({**LONG, "budget": {"steps": 10_000_000}, "record": {"every": 10_000}}))
    client.jobs.cancel(job)
    with pytest.raises(ayla.JobCancelled):
        client.jobs.wait(job, timeout=PATIENCE_SECONDS)
    assert _outcomes(client, job) == ["cancelled"]


def test_a_paused_job_goes_on_where_it_was(deployment: Deployment, client: Client) -> None:
    job = _under_way(client, client.jobs.submit(LONG))
    client.jobs.pause(job)
    wait_until(lambda: _outcomes(client, job) == ["released"])
    assert client.jobs.get(job).paused_at is not None
    client.jobs.resume(job)
    done = client.jobs.wait(job, timeout=PATIENCE_SECONDS)
    assert _outcomes(client, job) == ["released", "succeeded"]
    assert list(client.jobs.attempts(job))[1].first_step > 0
    _assert_as_if_undisturbed(deployment, done)


def test_a_job_whose_worker_is_killed_goes_on_elsewhere(deployment: Deployment, client: Client) -> None:
    job = _under_way(client, client.jobs.submit(LONG))
    worker = _worker_of(deployment, job)
    killed = family(worker.pid)
    worker.kill()
    wait_until(lambda: not any(alive(number) for number in killed))
    expire_leases(deployment.database)
    deployment.start_worker()
    done = client.jobs.wait(job, timeout=PATIENCE_SECONDS)
    assert _outcomes(client, job) == ["lost", "succeeded"]
    _assert_as_if_undisturbed(deployment, done)


def test_a_worker_told_to_stop_hands_back_and_leaves(deployment: Deployment, client: Client) -> None:
    job = _under_way(client, client.jobs.submit(LONG))
    worker = _worker_of(deployment, job)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE_SECONDS) == 0
    done = client.jobs.wait(job, timeout=PATIENCE_SECONDS)
    assert _outcomes(client, job) == ["released", "succeeded"]
    assert list(client.jobs.attempts(job))[1].first_step > 0, "from the checkpoint of its last moment"
    _assert_as_if_undisturbed(deployment, done)
    deployment.start_worker()


def test_workers_say_who_they_are_and_what_they_do(deployment: Deployment, client: Client) -> None:
    job = _under_way(client, client.jobs.submit(LONG))
    pids = family(_worker_of(deployment, job).pid)
    busy = next(worker for worker in client.workers.list() if worker.pid in pids and worker.state == "busy")
    assert (busy.state, busy.device) == ("busy", "cpu")
    assert [running.job_id for running in busy.attempts] == [job.id]
    client.jobs.cancel(job)


def test_nothing_but_wake_ups_is_in_the_broker(
    deployment: Deployment, client: Client, redis_server: RedisServer
) -> None:
    if deployment.name != "postgresql, redis":
        pytest.skip("there is no Redis")
    job = client.jobs.wait(client.jobs.submit(SMALL), timeout=PATIENCE_SECONDS)
    with redis_server.client() as redis:
        everything = b"".join(key + repr(_value(redis, key)).encode() for key in redis.scan_iter())
    assert job.id.encode() not in everything
    assert b"x**4" not in everything


def _value(redis: Any, key: bytes) -> object:
    readers: dict[bytes, Callable[[bytes], object]] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda name: redis.lrange(name, 0, -1),
        b"zset": lambda name: redis.zrange(name, 0, -1),
        b"none": lambda name: b"",  # a queue that a worker has emptied since the keys were listed
    }
    return readers[redis.type(key)](key)


def test_no_process_has_met_an_error_it_did_not_expect(deployment: Deployment) -> None:
    """Last, over the logs of all tests above."""
    assert "unexpected error" not in deployment.log()
    assert "Traceback" not in deployment.log()
