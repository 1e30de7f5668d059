"""Steps that are longer than the lease: kept as long as they get on, ended and explained where they do not."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ayla_core.progress import report_progress
from ayla_service.db.models import ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.jobs.schemas import Attempt, JobDetail
from ayla_service.queue.attempts import LeaseLost
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_worker.failures import detail_of, error_type_of
from ayla_worker.lease import LONGEST_LEASE_SECONDS, LeaseWatch, StepTooLong, lease_after
from ayla_worker.watchdog import EXIT_STATUS
from sqlalchemy import update

from tests.factories import jobs, submit
from tests.servers import forks
from tests.servers.forks import Fork
from tests.waiting import PATIENCE_SECONDS, wait_until

LEASE_SECONDS = 1.5


class Store:
    """Stands for the store: what a watch asks of it, and from which threads."""

    def __init__(self, error: Exception | None = None) -> None:
        self.renewals = 0
        self.errors: list[StepTooLong] = []
        self.left: list[int] = []
        self.fed = 0
        self._error = error

    def watch(self, seconds: float = 0.3, grace_seconds: float = 60.0) -> LeaseWatch:
        return LeaseWatch(seconds, self.renew, self.errors.append, self.feed, grace_seconds, self.left.append)

    def renew(self) -> None:
        self.renewals += 1
        if self._error is not None:
            raise self._error

    def feed(self) -> None:
        self.fed += 1


def _get_on_until(condition: Any) -> None:
    def looked() -> bool:
        report_progress()
        return bool(condition())

    wait_until(looked)


def test_what_gets_on_keeps_its_lease_for_many_leases() -> None:
    store = Store()
    begun = time.monotonic()
    with store.watch().watching():
        _get_on_until(lambda: store.renewals >= 6 and time.monotonic() - begun > 1.0)
    assert store.fed > 3
    assert not store.errors
    assert not store.left


def test_what_does_not_get_on_has_failed_before_its_lease_is_over_and_stops_when_it_can() -> None:
    store = Store()
    watch = store.watch()
    watch.progress.activity = "A single step (step 3 of 10)"

    def hang() -> None:
        with watch.watching():
            wait_until(lambda: watch.progress.stopping)
            report_progress()

    with pytest.raises(StepTooLong) as raised:
        hang()
    assert raised.value is store.errors[0]
    assert error_type_of(raised.value) == ErrorType.STEP_TOO_LONG
    said = detail_of(raised.value)
    assert said.startswith("A single step (step 3 of 10) took longer than the lease of 0.3 s")
    assert "AYLA_LEASE_SECONDS" in said
    assert store.renewals == 0
    assert not store.left


def test_what_does_not_stop_either_is_ended_with_its_process() -> None:
    """Whether it hangs from the beginning, or once its lease is lost."""
    hangs, lost = Store(), Store(LeaseLost("another has it"))
    for store in (hangs, lost):
        watch = store.watch(grace_seconds=0.1)
        with watch.watching():
            while store is lost and not watch.progress.stopping:
                watch.progress.marks[0] += 1
                time.sleep(0.01)
            wait_until(lambda store=store: bool(store.left))  # type: ignore[misc]  # bound now, not later
        assert store.left == [EXIT_STATUS]


def test_what_has_lost_its_lease_stops_at_its_next_sign_of_life() -> None:
    store = Store(LeaseLost("another has it"))
    with pytest.raises(LeaseLost, match="another has it"), store.watch().watching():
        _get_on_until(lambda: False)
    assert store.renewals == 1


def test_waiting_for_the_store_is_not_hanging() -> None:
    store = Store()
    watch = store.watch(seconds=0.2)
    with watch.watching():
        watch.waiting()
        time.sleep(0.6)
        watch.computing()
        report_progress()
    assert not store.errors
    assert store.renewals == 0


def test_each_attempt_that_fails_so_gives_the_next_one_longer() -> None:
    assert [lease_after(30.0, times) for times in range(3)] == [30.0, 90.0, 270.0]
    assert lease_after(30.0, 1000) == LONGEST_LEASE_SECONDS
    assert lease_after(3600.0, 5) == 3600.0


SLOW_WORKER = """
import sys, time
from pathlib import Path
from ayla_core import engine
from ayla_core.progress import current, report_progress

flag = Path(sys.argv.pop(1))
begun = flag.with_name("begun")
sign = report_progress if {signs} else int
made = engine.Engine.__init__

def slow(self, *arguments, **named):
    made(self, *arguments, **named)
    real = self._stepper.advance
    def advance(*arguments, **named):
        while self._spec.budget.steps == 77 and not flag.exists():
            begun.touch()
            sign()
            time.sleep(0.02)
        current().check()
        return real(*arguments, **named)
    self._stepper.advance = advance

engine.Engine.__init__ = slow
from ayla_worker.__main__ import main
sys.exit(main())
"""
"""Its steps last until a file appears, and say by another that they have begun; other jobs are as fast as ever."""


@contextmanager
def slow_worker(database: Database, flag: Path, log: Path, *, signs: bool, **settings: object) -> Iterator[Fork]:
    environment = {
        **os.environ,
        "AYLA_DATABASE_URL": database.url,
        "AYLA_LEASE_SECONDS": str(LEASE_SECONDS),
        "AYLA_HEARTBEAT_SECONDS": "0.2",
        # What is tested is the watch of the worker itself: on a busy machine its reaper could come first.
        "AYLA_REAP_SECONDS": "30",
        "AYLA_RETRY_SECONDS": "0",
        **{f"AYLA_{name.upper()}": str(value) for name, value in settings.items()},
    }
    script = SLOW_WORKER.format(signs=signs)
    process = forks.start("ayla_worker", [str(flag)], environment=environment, output=log, script=script)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _attempts(database: Database, job: JobDetail) -> list[Attempt]:
    return list(jobs(database).attempts(job.id).items)


def _state(database: Database, job: JobDetail) -> str:
    return jobs(database).get(job.id).state


def test_a_step_that_gets_on_may_take_many_leases(database: Database, tmp_path: Path) -> None:
    job = submit(database, budget={"steps": 77})
    with slow_worker(database, tmp_path / "go", tmp_path / "log", signs=True):
        wait_until(lambda: len(_attempts(database, job)) == 1)
        longest = timedelta(seconds=2.5 * LEASE_SECONDS)
        wait_until(lambda: (found := _attempts(database, job)[-1]).heartbeat_at - found.started_at > longest)
        (tmp_path / "go").touch()
        wait_until(lambda: _state(database, job) == "succeeded")
    assert [attempt.outcome for attempt in _attempts(database, job)] == ["succeeded"]


def test_a_lost_attempt_is_left_in_the_middle_of_a_step(database: Database, tmp_path: Path) -> None:
    job = submit(database, budget={"steps": 77})
    with slow_worker(database, tmp_path / "go", tmp_path / "log", signs=True, reap_seconds=60):
        # Not before: kernels that are still compiled show no sign, and the worker would end with them.
        wait_until((tmp_path / "begun").exists)

        def taken_away() -> bool:
            with database.write() as session:
                session.execute(
                    update(ShardRow)
                    .where(ShardRow.lease_expires_at.is_not(None), ShardRow.attempt == 1)
                    .values(lease_expires_at=store_now(session) - timedelta(seconds=9))
                )
            return reap(database, RetryPolicy(max_attempts=9, pause_seconds=0.0)) == 1

        wait_until(taken_away)
        wait_until(lambda: len(_attempts(database, job)) == 2)
        (tmp_path / "go").touch()
        wait_until(lambda: _state(database, job) == "succeeded")
    assert "the lease was lost" in (tmp_path / "log").read_text()
    assert [attempt.outcome for attempt in _attempts(database, job)] == ["lost", "succeeded"]


def test_a_step_that_shows_nothing_fails_its_job_and_says_why(database: Database, tmp_path: Path) -> None:
    """The first worker ends itself; the second gets longer, fails too, and comes back from the step to other work."""
    job = submit(database, budget={"steps": 77})
    go, log = tmp_path / "go", tmp_path / "log"
    with slow_worker(database, go, log, signs=False, max_attempts=2) as process:
        assert process.wait(PATIENCE_SECONDS) == EXIT_STATUS
    with slow_worker(database, go, log, signs=False, max_attempts=2) as process:
        wait_until(lambda: _state(database, job) == "failed")
        go.touch()
        other = submit(database, budget={"steps": 20})
        wait_until(lambda: _state(database, other) == "succeeded")
        assert process.poll() is None
    error = jobs(database).get(job.id).error
    assert error is not None
    assert error.type == "attempts-exhausted"
    assert "A single step (one of the steps 0 to 76 of 77) took longer than the lease of 4.5 s" in error.detail
    attempts = _attempts(database, job)
    assert [attempt.outcome for attempt in attempts] == ["failed", "failed"]
    errors = [attempt.error for attempt in attempts if attempt.error is not None]
    assert [error.type for error in errors] == ["step-too-long"] * 2
    assert "took longer than the lease of 1.5 s" in errors[0].detail
