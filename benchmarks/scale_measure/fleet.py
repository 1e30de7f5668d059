"""Simulated workers: each claims, renews its lease by a block of results and completes, as a real one but computing.

Each worker is a thread with a name and a connection of its own; a process has many. They use the service's own
functions, so what the store sees is what real workers send it.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ayla_service.db.session import Database
from ayla_service.queue import attempts, workers
from ayla_service.queue.attempts import LeaseLost
from ayla_service.queue.claims import WorkerIdentity, claim
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import RetryPolicy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from scale_measure.gate import Gate, wait_at
from tests.factories import progress

ENVIRONMENT = {"ayla": "1.0.0", "torch": "2.13.0", "python": "3.11.7", "machine": "x86_64", "threads": 1}
_STOP_SECONDS = 90.0  # whoever waits for a claim still gets its turn
_STORE_PAUSE_SECONDS = 1.0  # as a real worker, after an error of the store
_NEVER_AGAIN = RetryPolicy(max_attempts=3, pause_seconds=1.0)
_MORE = 4
"""Connections of a process beside those of its workers: for the gates, signs of life and the reaper."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What each worker does.

    Attributes:
        shard_seconds: how long a shard lasts; 0: it is completed at once, after one heartbeat.
        heartbeat_seconds: time between two blocks of results.
        presence_seconds: time between two signs of life; 0: none.
        reap_seconds: time between two looks for expired leases; 0: none.
        poll_seconds: time between two looks for work while there is none.
        lease_seconds: of its leases.
        rows: of results in each block.
    """

    shard_seconds: float = 0.0
    heartbeat_seconds: float = 1.0
    presence_seconds: float = 0.0
    reap_seconds: float = 0.0
    poll_seconds: float = 0.2
    lease_seconds: float = 30.0
    rows: int = 25


@dataclass(slots=True)
class Log:
    """What the workers of one process have done.

    Attributes:
        operations: kind, time of the end (of the epoch) and seconds of each.
        errors: how often what went wrong.
    """

    operations: list[tuple[str, float, float]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def timing(self, kind: str) -> Iterator[None]:
        """Time an operation; one that fails is not counted."""
        begun = time.perf_counter()
        yield
        self.operations.append((kind, time.time(), time.perf_counter() - begun))


class SimulatedWorker:
    """One worker.

    Args:
        database: of its process, with a connection for each worker.
        number: among all workers.
        duty: what it does.
        log: of its process.
        ending: set when it is to end.
    """

    def __init__(self, database: Database, number: int, duty: Duty, log: Log, ending: threading.Event) -> None:
        self.identity = WorkerIdentity(f"simulated:{number:05}", frozenset({"auto", "cpu"}), ENVIRONMENT)
        self._database = database
        self._duty = duty
        self._log = log
        self._ending = ending
        self._draw = random.Random(number)

    def run(self) -> None:
        """Work until the end; begins at a random moment of a shard, as workers do that were started long ago."""
        self._ending.wait(self._draw.random() * self._duty.shard_seconds)
        while not self._ending.is_set():
            try:
                if not self._work():
                    self._ending.wait(self._duty.poll_seconds)
            except LeaseLost:
                self._log.errors["lease lost"] += 1
            except DBAPIError as error:
                self._log.errors[type(error.orig).__name__] += 1
                self._ending.wait(_STORE_PAUSE_SECONDS)

    def rehearse(self) -> None:
        """Do one shard before anything is measured: the first statements of a process take longer to put together."""
        self._work()
        self._log.operations.clear()

    def _work(self) -> bool:
        """One shard; returns whether there was any."""
        begun = time.perf_counter()
        claimed = claim(self._database, self.identity, self._duty.lease_seconds)
        seconds = time.perf_counter() - begun
        self._log.operations.append(("claim" if claimed else "look", time.time(), seconds))
        if claimed is None:
            return False
        beats, rows = max(1, round(self._duty.shard_seconds / self._duty.heartbeat_seconds)), self._duty.rows
        for beat in range(beats):
            self._ending.wait(self._duty.shard_seconds / beats)
            with self._log.timing("heartbeat"):
                block = progress(claimed, beat * rows, (beat + 1) * rows - 1)
                attempts.record(self._database, claimed, _without_checkpoint(block), self._duty.lease_seconds)
        with self._log.timing("completion"):
            block = progress(claimed, beats * rows, (beats + 1) * rows - 1, finished=True)
            attempts.record(self._database, claimed, block, self._duty.lease_seconds)
        return True


def _without_checkpoint(block: attempts.RecordedBlock) -> attempts.RecordedBlock:
    return attempts.RecordedBlock(block.step, None, block.trials, block.results, finished=False)


class Housekeeping:
    """What each worker does beside its shards, by one thread for all workers of a process, evenly spread."""

    def __init__(self, database: Database, names: Sequence[str], duty: Duty, log: Log, ending: threading.Event) -> None:
        self._database = database
        self._names = names
        self._log = log
        self._ending = ending
        self._duties: list[tuple[str, float, Callable[[str], object]]] = [
            ("sign of life", duty.presence_seconds, lambda name: workers.beat(database, name)),
            ("look for lost leases", duty.reap_seconds, lambda _: reap(database, _NEVER_AGAIN)),
        ]

    def threads(self) -> list[threading.Thread]:
        """One for each duty that there is."""
        wanted = [duty for duty in self._duties if duty[1]]
        return [threading.Thread(target=self._keep, args=duty, daemon=True) for duty in wanted]

    def _keep(self, kind: str, every: float, act: Callable[[str], object]) -> None:
        due = time.monotonic()
        while True:
            for name in self._names:
                due += every / len(self._names)
                if self._ending.wait(max(0.0, due - time.monotonic())):
                    return
                try:
                    with self._log.timing(kind):
                        act(name)
                except DBAPIError as error:
                    self._log.errors[type(error.orig).__name__] += 1


def run(url: str, first: int, count: int, duty: dict[str, Any]) -> dict[str, Any]:
    """Some of the workers, in this process: they work from gate to gate; returns what they did."""
    threading.stack_size(256 * 1024)
    database, log, ending = Database(url, count + _MORE), Log(), threading.Event()
    duties = Duty(**duty)
    fleet = [SimulatedWorker(database, first + number, duties, log, ending) for number in range(count)]
    _connect(database, count + _MORE)
    if duties.presence_seconds:
        _register(database, [worker.identity for worker in fleet])
    hasty = SimulatedWorker(database, first + count, Duty(), log, ending)
    hasty.rehearse()
    threads = [threading.Thread(target=worker.run, daemon=True) for worker in fleet]
    threads += Housekeeping(database, [worker.identity.name for worker in fleet], duties, log, ending).threads()
    with database.engine.connect() as own:
        wait_at(Gate.BEGIN, own)
        for thread in threads:
            thread.start()
        wait_at(Gate.END, own)
    ending.set()
    deadline = time.monotonic() + _STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {"operations": log.operations, "errors": dict(log.errors)}


def _connect(database: Database, count: int) -> None:
    """Open the connection of each worker before anything is measured."""
    opened = [database.engine.connect() for _ in range(count)]
    for connection in opened:
        connection.execute(text("SELECT 1"))
        connection.close()


def _register(database: Database, identities: Sequence[WorkerIdentity]) -> None:
    for one in identities:
        facts = workers.WorkerFacts(
            one.name, "simulated", 1, "cpu", tuple(sorted(one.devices)), 2**34, dict(one.environment)
        )
        workers.register(database, facts)
