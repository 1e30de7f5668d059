"""Workers killed, frozen and stopped for real: no result is lost, doubled or changed."""

import functools
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from ayla_core.engine import Engine
from ayla_core.recorder import MemoryRecorder
from ayla_core.training import train
from ayla_service.db.models import AttemptRow
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue import attempts
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import RetryPolicy
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from sqlalchemy import select

from tests.factories import STYBLINSKI_TANG, WORKER, jobs, submit
from tests.queue.queueing import expire_leases
from tests.waiting import PATIENCE_SECONDS, wait_until
from tests.worker.processes import chunks, freeze, worker

PATIENT = RetryPolicy(max_attempts=100, pause_seconds=0.0)

LONG: dict[str, Any] = {
    "problem": STYBLINSKI_TANG,
    "optimizers": [
        {"name": "adam", "learning_rate": 0.0001, "ayla": {"n2": 0.57}},
        {"name": "sgd", "learning_rate": 0.000001},
    ],
    "budget": {"steps": 400_000},
    "record": {"every": 200},
}
"""Some seconds of computing in many blocks, however fast the kernels are."""

NETWORK: dict[str, Any] = {
    "problem": {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 16},
    "optimizers": [
        {"name": "adam", "learning_rate": 0.001, "ayla": {"n1": 1.5}},
        {"name": "lion", "learning_rate": 1e-5},
    ],
    "budget": {"epochs": 400},
    "record": {"every": 50},
}


def _outcomes(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AttemptRow.outcome).order_by(AttemptRow.number)))


def _state(database: Database, job: JobDetail) -> str:
    return jobs(database).get(job.id).state


@functools.cache
def _undisturbed(resolved: str) -> MemoryRecorder:
    """A job in one go; several tests run the same one."""
    spec, recorder = ResolvedJobSpec.model_validate_json(resolved), MemoryRecorder()
    train(Engine(spec, plan_trials(spec), torch.device("cpu")), recorder)
    return recorder


def _assert_as_if_undisturbed(database: Database, job: JobDetail) -> None:
    recorder = _undisturbed(job.resolved.model_dump_json())
    for trial in jobs(database).trials(job.id).items:
        stored = ResultReader(database).trajectory(LOCAL.team_id, trial.id, TrajectoryQuery())
        for name, values in recorder.trajectories[trial.index].items():
            assert stored[name].to_numpy().tobytes() == values.tobytes(), name
        if trial.index in recorder.metrics:
            metrics = ResultReader(database).metrics(LOCAL.team_id, trial.id, TrajectoryQuery())
            for name, values in recorder.metrics[trial.index].items():
                assert metrics[name].to_numpy().tobytes() == values.tobytes(), name


@pytest.mark.parametrize("long", [LONG, NETWORK], ids=["expression", "network"])
def test_a_worker_killed_again_and_again_costs_time_only(
    database: Database, tmp_path: Path, long: dict[str, Any]
) -> None:
    job = submit(database, **long)
    for _ in range(3):
        with worker(database, tmp_path / "log", lease_seconds=60) as process:
            before = chunks(database)
            wait_until(lambda before=before: chunks(database) > before + 1)  # type: ignore[misc]  # bound now, not later
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_SECONDS)
            expire_leases(database)
    with worker(database, tmp_path / "log", lease_seconds=60):
        wait_until(lambda: _state(database, job) == "succeeded")
    assert _outcomes(database) == ["lost", "lost", "lost", "succeeded"]
    _assert_as_if_undisturbed(database, job)


def test_a_frozen_worker_that_wakes_up_late_is_fenced(database: Database, store_path: Path, tmp_path: Path) -> None:
    """Without the fence its late write would double rows; the log proves that it did try."""
    job = submit(database, **LONG)
    with worker(database, tmp_path / "frozen.log") as frozen:
        wait_until(lambda: chunks(database) > 3)
        freeze(frozen, store_path)
        # Not by a second process: it may take longer to start than the frozen one's watchdog bears.
        wait_until(lambda: reap(database, PATIENT) == 1)
        second = claim(database, WORKER, lease_seconds=60)
        assert second is not None
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: "the lease was lost" in (tmp_path / "frozen.log").read_text())
        attempts.release(database, second)
        wait_until(lambda: _state(database, job) == "succeeded")
    assert _outcomes(database) == ["lost", "released", "succeeded"]
    _assert_as_if_undisturbed(database, job)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_hands_its_shard_back(database: Database, tmp_path: Path, number: signal.Signals) -> None:
    job = submit(database, **LONG)
    with worker(database, tmp_path / "log") as process:
        wait_until(lambda: chunks(database) > 1)
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert _outcomes(database) == ["released"]
    assert _state(database, job) == "running"
    with worker(database, tmp_path / "log", max_attempts=1):
        wait_until(lambda: _state(database, job) == "succeeded")
    _assert_as_if_undisturbed(database, job)
