"""Time and memory that a job may use: enforced between blocks, and within a block that does not end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ayla_core import engine as core
from ayla_core.datasets import DatasetError
from ayla_service.db.session import Database
from ayla_service.queue.retries import ErrorType
from ayla_service.settings import Settings
from ayla_spec.jobspec import Limits
from ayla_worker.failures import detail_of
from ayla_worker.identity import describe_worker
from ayla_worker.limits import EXIT_STATUS, AttemptLimits, LimitExceeded, LimitMonitor, attempt_limits
from ayla_worker.runner import Runner

from tests.factories import jobs, submit
from tests.waiting import wait_until
from tests.worker.processes import worker

LONG: dict[str, Any] = {"budget": {"steps": 10_000_000}, "record": {"every": 10_000}}


def _run(database: Database, **settings: Any) -> None:
    changed = Settings(**{"heartbeat_seconds": 0.05, "retry_seconds": 0, **settings})
    runner = Runner(database, changed, describe_worker(changed), lambda: False)
    while runner.run_next():
        pass


@pytest.mark.parametrize(("limits", "settings"), [({"seconds": 0.3}, {}), ({}, {"max_trial_seconds": 0.3})])
def test_a_job_that_computes_for_too_long_fails_and_keeps_its_rows(
    database: Database, limits: dict[str, float], settings: dict[str, float]
) -> None:
    job = submit(database, **LONG, limits=limits)
    _run(database, **settings)
    failed = jobs(database).get(job.id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.type == "time-limit-exceeded"
    assert "0.3 s" in failed.error.detail
    assert failed.progress.steps_done > 0


def test_a_job_that_takes_too_much_memory_fails(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(database, **LONG, limits={"memory_mb": 40})
    hoard: list[bytearray] = []
    real = core.Engine.advance

    def greedy(engine: core.Engine, steps: int) -> core.EngineBlock:
        hoard.append(bytearray(b"x" * 60 * 2**20))
        return real(engine, steps)

    monkeypatch.setattr(core.Engine, "advance", greedy)
    _run(database)
    failed = jobs(database).get(job.id)
    assert failed.error is not None
    assert failed.error.type == "memory-limit-exceeded"
    assert "40 MiB" in failed.error.detail


def test_time_that_earlier_attempts_have_used_counts() -> None:
    settings = Settings(max_trial_seconds=100, max_job_memory_mb=500)
    assert attempt_limits(Limits(), settings, 30.0) == AttemptLimits(70.0, 100.0, 500)
    assert attempt_limits(Limits(seconds=50, memory_mb=10), settings, 60.0) == AttemptLimits(0.0, 50.0, 10)
    assert attempt_limits(Limits(), Settings(), 5.0) == AttemptLimits(None, None, None)


def test_a_block_that_never_ends_is_ended_with_its_process() -> None:
    ended: list[ErrorType] = []
    left: list[int] = []
    with LimitMonitor(
        AttemptLimits(0.05, 0.05, None), 0.1, lambda excess: ended.append(excess.error_type), left.append
    ) as monitor:
        monitor.computing()
        wait_until(lambda: bool(left))
    assert (ended, left) == ([ErrorType.TIME_LIMIT], [EXIT_STATUS])


def test_a_guard_lets_be_what_keeps_its_limits() -> None:
    left: list[int] = []
    with LimitMonitor(AttemptLimits(60.0, 60.0, 10**6), 0.0, lambda _: None, left.append) as monitor:
        monitor.check()
        time.sleep(0.3)
    assert not left
    with LimitMonitor(AttemptLimits(0.0, 1.0, None), 60.0, lambda _: None, left.append) as monitor:
        monitor.computing()
        time.sleep(0.01)
        with pytest.raises(LimitExceeded):
            monitor.check()


def test_waiting_for_the_store_is_not_computing() -> None:
    left: list[int] = []
    with LimitMonitor(AttemptLimits(0.2, 0.2, None), 0.0, lambda _: None, left.append) as monitor:
        monitor.computing()
        monitor.waiting()
        time.sleep(0.5)
        monitor.check()
        monitor.computing()
        monitor.check()
    assert not left


def test_an_attempt_that_ends_just_in_time_keeps_its_process() -> None:
    left: list[int] = []
    monitor = LimitMonitor(
        AttemptLimits(0.05, 0.05, None), 0.0, lambda _: monitor.__exit__(None, None, None), left.append
    )
    with monitor:
        monitor.computing()
        time.sleep(0.5)
    assert not left


@pytest.mark.parametrize("said", ["a\x00b", "half \ud800 a pair", "x" * 10_000])
def test_an_error_that_quotes_anything_can_be_stored(said: str) -> None:
    detail = detail_of(DatasetError(said))
    assert detail.encode()
    assert "\x00" not in detail
    assert 0 < len(detail) <= 2000


POISON = """
import os, signal, sys
from ayla_core import engine
real = engine.Engine.advance
def advance(self, steps):
    if self._spec.budget.steps == {steps}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, steps)
engine.Engine.advance = advance
from ayla_worker.__main__ import main
sys.exit(main())
"""


def test_a_job_that_kills_its_worker_each_time_fails_and_blocks_nobody(database: Database, tmp_path: Path) -> None:
    """A worker that the poison job kills for real; around it small jobs that were in the same pack."""
    before, poison, after = (submit(database, budget={"steps": steps}) for steps in (20, 77, 20))
    environment = {
        **os.environ,
        "AYLA_DATABASE_URL": database.url,
        "AYLA_LEASE_SECONDS": "1.5",
        "AYLA_HEARTBEAT_SECONDS": "0.2",
        "AYLA_REAP_SECONDS": "0.2",
        "AYLA_RETRY_SECONDS": "0.1",
    }
    deaths = 0
    deadline = time.monotonic() + 100
    while jobs(database).get(poison.id).state not in {"failed", "succeeded"} and time.monotonic() < deadline:
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", POISON.format(steps=77)], env=environment, stdin=subprocess.DEVNULL, stderr=log
            )
        wait_until(lambda process=process: process.poll() is not None or _ended(database, poison.id))  # type: ignore[misc]
        deaths += process.poll() == -signal.SIGKILL
        process.kill()
        process.wait()
    failed = jobs(database).get(poison.id)
    assert (failed.state, deaths) == ("failed", 3)
    assert failed.error is not None
    assert failed.error.type == "attempts-exhausted"
    assert "stopped answering" in failed.error.detail
    with worker(database, tmp_path / "log"):
        wait_until(lambda: _ended(database, before.id) and _ended(database, after.id))
    assert jobs(database).get(before.id).state == jobs(database).get(after.id).state == "succeeded"


def _ended(database: Database, job_id: str) -> bool:
    return jobs(database).get(job_id).state in {"failed", "succeeded"}
