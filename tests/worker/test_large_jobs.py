"""A worker killed in the middle of a job of many thousand trials costs time only, and no trial anything."""

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core.engine import Engine
from ayla_core.recorder import MemoryRecorder
from ayla_core.training import train
from ayla_service.db.models import AttemptRow, ChunkRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.jobs import retention
from ayla_service.jobs.schemas import JobDetail
from ayla_service.trials.columns import BLANK, Summaries
from ayla_service.trials.points import stored_space
from ayla_service.trials.reader import TrialReader
from ayla_worker.rows import summaries_of
from sqlalchemy import func, select

from tests.factories import STYBLINSKI_TANG, jobs, submit
from tests.waiting import wait_until
from tests.worker.processes import worker

RATE = {"low": 1e-5, "high": 1e-3, "scale": "log"}
SWEEP: dict[str, Any] = {
    "problem": STYBLINSKI_TANG,
    "optimizers": [
        {"name": "adam", "learning_rate": RATE},
        {"name": "adam", "learning_rate": RATE, "ayla": {"n1": {"low": 0.5, "high": 1.5}, "n2": 1.2}},
    ],
    "search": {"design": "sobol", "settings": 3000, "seed": 3, "share": ["learning_rate"]},
    "seeds": [0, 1, 2],
    "budget": {"steps": 2000},
}
OF_THE_WAY = {"wall_seconds", "ran_alone", "device", "stored_bytes"}
"""What depends on how a trial was computed, and not on what it is."""


def _summaries(database: Database, job: JobDetail) -> Summaries:
    with database.read() as session:
        return TrialReader(session).columns(session.get_one(JobRow, job.id)).summaries


def _undisturbed(database: Database, job: JobDetail) -> Summaries:
    """All trials in one go, by the core alone."""
    with database.read() as session:
        batch = stored_space(session, job.id, job.resolved).batch(0, job.trials.total)
    memory = MemoryRecorder()
    train(Engine(job.resolved, batch, torch.device("cpu")), memory)
    assert memory.columns is not None
    return summaries_of(memory.columns, 0.0, np.zeros(len(batch), dtype=np.int64), alone=False)


def _steps_done(database: Database, job: JobDetail) -> int:
    return jobs(database).get(job.id).progress.steps_done


@pytest.mark.every_store
def test_a_worker_killed_in_the_middle_of_thousands_of_trials_costs_time_only(
    database: Database, tmp_path: Path
) -> None:
    job = submit(database, **SWEEP)
    assert job.trials.total == 18_000
    for _ in range(2):
        before = _steps_done(database, job)
        with worker(database, tmp_path / "log", checkpoint_seconds=0) as process:
            wait_until(lambda before=before: _steps_done(database, job) > before)  # type: ignore[misc]  # bound now
            process.send_signal(signal.SIGKILL)
    with worker(database, tmp_path / "log"):
        wait_until(lambda: jobs(database).get(job.id).state == "succeeded")
    with database.read() as session:
        outcomes = set(session.scalars(select(AttemptRow.outcome)))
        counted = session.execute(select(func.sum(ShardRow.completed), func.sum(ShardRow.diverged))).one()
        assert session.scalar(select(func.count()).select_from(ChunkRow)) == 0, "a job with axes keeps none"
    assert outcomes == {"lost", "succeeded"}
    assert sum(counted) == job.trials.total
    stored, expected = _summaries(database, job), _undisturbed(database, job)
    for name in BLANK.keys() - OF_THE_WAY:
        assert stored[name].tobytes() == expected[name].tobytes(), name


@pytest.mark.every_store
def test_a_large_job_is_cancelled_and_removed_in_little_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction touches shards, and no trial."""
    job = submit(database, **{**SWEEP, "search": SWEEP["search"] | {"settings": 100_000}, "budget": {"steps": 100}})
    assert job.trials.total == 600_000
    with database.read() as session:
        shards = session.scalar(select(func.count()).select_from(ShardRow)) or 0
    assert shards < 500
    ended = jobs(database).cancel(job.id)
    assert (ended.state, ended.trials.cancelled) == ("cancelled", 600_000)
    removed: list[int] = []
    monkeypatch.setattr(retention, "_SHARDS_AT_ONCE", 50)
    remove_parts = retention._remove_parts

    def counting(session: Any, job_ids: Any) -> Any:
        found = remove_parts(session, job_ids)
        removed.append(found.trials)
        return found

    monkeypatch.setattr(retention, "_remove_parts", counting)
    retention.remove(database, job.id)
    assert sum(removed) == 600_000
    assert len(removed) >= shards / 50
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 0
