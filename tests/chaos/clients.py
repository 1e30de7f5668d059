"""Users who want their jobs done: they ask any API, and ask again with the same key until they have an answer."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import ayla
import httpx2
from ayla import Job

from tests.chaos.load import Action, Planned

_THREADS = 6
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = (0.1, 0.5)
_TIMEOUT = httpx2.Timeout(8.0, connect=2.0)
_PASSING = frozenset({408, 429})


@dataclass(slots=True)
class Order:
    """What became of one planned job, as its user saw it.

    Attributes:
        answers: ids of jobs that the user was given; more than one is a fault of the service.
        asked: requests sent to submit it.
        complaint: why the user gave up, if so.
        rests: from when to when, in seconds since the epoch, the user knew the job to be paused.
    """

    planned: Planned
    answers: list[str] = field(default_factory=list)
    asked: int = 0
    complaint: str | None = None
    rests: list[tuple[float, float]] = field(default_factory=list)


class Users:
    """Threads that do what is due, in the order of time.

    Args:
        urls: of the APIs.
        planned: the jobs.
        seed: of the choice of API when a request is repeated.

    Attributes:
        orders: by key.
    """

    def __init__(self, urls: Sequence[str], planned: Sequence[Planned], seed: int) -> None:
        self.orders = {item.key: Order(item) for item in planned}
        self._clients = [ayla.Client(url, timeout=_TIMEOUT, max_retries=0) for url in urls]
        self._dice = random.Random(f"users {seed}")
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._busy = 0
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(_THREADS)]

    def start(self) -> None:
        """Begin; the plan's seconds count from now."""
        for order in self.orders.values():
            self._later(order.planned.at, lambda order=order: self._submit(order))  # type: ignore[misc]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until everything planned is done."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            client.close()

    def submit_extra(self, planned: Sequence[Planned]) -> None:
        """Submit jobs that were not planned, now and in this thread."""
        for item in planned:
            order = self.orders[item.key] = Order(item)
            self._submit(order)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    if not self._due and not self._busy:
                        self._changed.notify_all()
                        return
                    self._changed.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                _, _, work = heapq.heappop(self._due)
                self._busy += 1
            try:
                work()
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), work))
            self._changed.notify()

    def _submit(self, order: Order) -> None:
        planned = order.planned
        spec = {**planned.spec, "name": planned.key}

        def ask(client: ayla.Client) -> Job:
            order.asked += 1
            return client.jobs.submit(spec, idempotency_key=planned.key)

        job = self._insist(order, ask)
        if job is None:
            return
        first = not order.answers
        order.answers.append(job.id)
        if first:
            self._follow(order, planned.actions, time.monotonic())

    def _follow(self, order: Order, actions: Sequence[Action], accepted: float) -> None:
        """Do the next thing when it is due and the one before has its answer: a person acts in order.

        Otherwise a pause whose answer was lost could be asked for again after the job was resumed.
        """
        if not actions:
            return

        def act() -> None:
            self._act(order, actions[0])
            self._follow(order, actions[1:], accepted)

        self._later(max(0.0, accepted + actions[0].after - time.monotonic()), act)

    def _act(self, order: Order, action: Action) -> None:
        if action.verb == "again":
            self._submit(order)
            return
        begun = time.time()
        self._insist(order, lambda client: _steer(client, order.answers[0], action))
        if action.verb == "pause":
            order.rests.append((time.time(), float("inf")))
        elif action.verb == "resume" and order.rests:
            order.rests[-1] = (order.rests[-1][0], begun)

    def _insist(self, order: Order, ask: Callable[[ayla.Client], Job]) -> Job | None:
        """Ask until there is an answer; None where the job's state does not allow it, or patience is over."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for turn in itertools.count(order.planned.api):
            try:
                return ask(self._clients[turn % len(self._clients)])
            except ayla.ConflictError:
                return None
            except ayla.AylaError as error:
                if _is_lasting(error) or time.monotonic() > deadline:
                    order.complaint = f"{type(error).__name__}: {error}"
                    return None
            time.sleep(self._dice.uniform(*_PAUSE_SECONDS))
        raise AssertionError("the loop has no end")


def _steer(client: ayla.Client, job: str, action: Action) -> Job:
    if action.verb == "prioritise":
        return client.jobs.prioritise(job, action.priority)
    return {"cancel": client.jobs.cancel, "pause": client.jobs.pause, "resume": client.jobs.resume}[action.verb](job)


def _is_lasting(error: ayla.AylaError) -> bool:
    if isinstance(error, ayla.APIStatusError):
        return error.status < 500 and error.status not in _PASSING
    return not isinstance(error, ayla.APIError)
