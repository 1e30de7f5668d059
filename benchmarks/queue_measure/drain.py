"""How many small jobs per second workers take off a full queue, packed and not, beside bare Celery."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ayla_service.db.models import ChunkRow, JobRow
from ayla_service.db.session import Database
from ayla_service.queue.wakeup import make_wake_up
from ayla_service.states import UNFINISHED_JOB, JobState
from measure.findings import Findings, Goal, Row, Table, at_least
from sqlalchemy import func, select

from queue_measure import bare_runs
from queue_measure.figures import wait_until
from queue_measure.filling import fill
from queue_measure.installation import CELERY, SQLITE, Installation, Servers, Way, installed, servers
from queue_measure.specs import STEPS

_GOAL = at_least(1000.0)
_GOAL_WORKERS = 2
_LOOK_SECONDS = 0.02
_DRAIN_SECONDS = 900.0
_BARE = "bare Celery on Redis"
_COLUMNS = ("queue", "processes", "jobs", "time", "jobs/s", "over bare Celery")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: packed jobs, jobs one by one (bare Celery has as many), and how often."""

    packed: int = 8000
    single: int = 2000
    workers: tuple[int, ...] = (1, 2, 4)
    sqlite_workers: tuple[int, ...] = (1, 2)
    rounds: int = 2


_QUICK = Size(packed=600, single=60, workers=(1, 2), sqlite_workers=(1,), rounds=1)


@dataclass(frozen=True, slots=True)
class Case:
    """One way to drain a queue; without ``way`` it is bare Celery."""

    way: Way | None
    packed: bool
    workers: int
    jobs: int

    @property
    def title(self) -> str:
        """In tables."""
        if self.way is None:
            return _BARE
        return f"{self.way.title}, {'packed' if self.packed else 'one by one'}"


def measure(*, quick: bool) -> Findings:
    """Jobs per second of every case, the best round, and their ratios to bare Celery's."""
    size = _QUICK if quick else Size()
    cases = list(_cases(size))
    best = dict.fromkeys(cases, float("inf"))
    with servers() as backing:
        for _ in range(size.rounds):
            for case in cases:
                best[case] = min(best[case], _seconds(backing, case))
        described = backing.described()
    rates = {case: case.jobs / taken for case, taken in best.items()}
    lines = [_line(case, rate, rates) for case, rate in rates.items()]
    return Findings(_rows(rates), [Table(_COLUMNS, lines)], [*_about(size), described])


def _cases(size: Size) -> Iterator[Case]:
    """Bare Celery first, and next to it what it is compared with."""
    for workers in size.workers:
        yield Case(None, packed=False, workers=workers, jobs=size.single)
        for packed, jobs in ((True, size.packed), (False, size.single)):
            yield Case(CELERY, packed, workers, jobs)
            if workers in size.sqlite_workers:
                yield Case(SQLITE, packed, workers, jobs)


def _about(size: Size) -> list[str]:
    rounds = "once" if size.rounds == 1 else f"the best of {size.rounds} rounds"
    ours = (
        f"Jobs of {STEPS} steps, one optimizer, every step recorded; workers of one thread. They are ready and idle "
        "when all jobs become visible in one transaction; the time ends when the last job is final, "
        f"{rounds}. Packed is the default; one by one is AYLA_PACK_SHARDS=1. Each trajectory is in the store, with a "
        "claim, a lease and an attempt for each job."
    )
    bare = (
        "Bare Celery is one worker with a prefork pool of so many processes (spawned, as a process that computes with "
        "torch cannot be forked), messages acknowledged late, the same computation as a task, its trajectory as the "
        "result in the same Redis. Its messages lie in the queue before the worker begins to consume it. It writes no "
        "store and nothing to a disk, and keeps no attempt and no lease."
    )
    return [ours, bare]


def _line(case: Case, rate: float, rates: dict[Case, float]) -> tuple[float | str, ...]:
    over = f"{rate / _bare_rate(case, rates):.2f} ×"
    return (case.title, case.workers, case.jobs, f"{case.jobs / rate:.2f} s", round(rate, 1), over)


def _rows(rates: dict[Case, float]) -> list[Row]:
    ours = {case: rate for case, rate in rates.items() if case.way is not None}
    rows = [Row(f"{case.title}, {_processes(case)}", rate, "jobs/s", _goal(case)) for case, rate in ours.items()]
    return rows + [
        Row(f"{case.title}, {_processes(case)}, over bare Celery", rate / _bare_rate(case, rates))
        for case, rate in ours.items()
    ]


def _goal(case: Case) -> Goal | None:
    return _GOAL if case.packed and case.way is CELERY and case.workers == _GOAL_WORKERS else None


def _processes(case: Case) -> str:
    return "1 worker" if case.workers == 1 else f"{case.workers} workers"


def _bare_rate(case: Case, rates: dict[Case, float]) -> float:
    return next(rate for other, rate in rates.items() if other.way is None and other.workers == case.workers)


# ---- one drain -------------------------------------------------------------------------------------------------------


def _seconds(backing: Servers, case: Case) -> float:
    if case.way is None:
        taken = bare_runs.drain_seconds(backing.redis, case.workers, case.jobs)
    else:
        settings = {} if case.packed else {"pack_shards": 1}
        with installed(backing, case.way, **settings) as installation:
            taken = _drain(installation, case)
    print(f"  {case.title}, {case.workers}: {case.jobs} jobs in {taken:.2f} s", flush=True)
    return taken


def _drain(installation: Installation, case: Case) -> float:
    """Seconds from when the jobs are there until the last is final."""
    installation.start_workers(case.workers)
    database = installation.database
    wake = _alarm(installation, case.jobs)
    fill(database, case.jobs)
    begun = time.perf_counter()
    wake()
    wait_until(lambda: not _is_waiting(database), "the queue to be empty", _DRAIN_SECONDS, _LOOK_SECONDS)
    taken = time.perf_counter() - begun
    _check(database, case.jobs)
    return taken


def _alarm(installation: Installation, jobs: int) -> Callable[[], None]:
    """What the API does after it has stored jobs: it sends wake-ups where there is a broker."""
    wake_up = make_wake_up(installation.backing.redis.url if installation.way.broker else None)

    def wake() -> None:
        wake_up.notify(["auto"] * jobs)
        wake_up.close()

    return wake


def _is_waiting(database: Database) -> bool:
    with database.read() as session:
        return session.execute(select(JobRow.id).where(JobRow.state.in_(UNFINISHED_JOB)).limit(1)).first() is not None


def _check(database: Database, jobs: int) -> None:
    """Every job succeeded, and its trajectory is there."""
    with database.read() as session:
        succeeded = select(func.count()).select_from(JobRow).where(JobRow.state == JobState.SUCCEEDED)
        found = session.execute(succeeded).scalar_one(), session.execute(select(func.sum(ChunkRow.rows))).scalar_one()
    if found != (jobs, jobs * (STEPS + 1)):
        raise RuntimeError(f"{found[0]} of {jobs} jobs succeeded, with {found[1]} rows")
