"""Carries wake-ups from the API's database of Redis to the workers', as told: faithfully, twice, or not all."""

import random
import threading
from collections import Counter
from enum import Enum, auto

import redis
from ayla_service.queue.celery.configuration import QUEUES

_LOOK_SECONDS = 0.02
_ANSWER_SECONDS = 2.0
_DROPPED = 0.1


class Delivery(Enum):
    """How wake-ups are carried."""

    FAITHFUL = auto()
    TWICE = auto()
    SOME_LOST = auto()


_MOST_WAITING = {Delivery.FAITHFUL: 64, Delivery.TWICE: 1000, Delivery.SOME_LOST: 1000}
"""More is left where the API sees it: an API fills its queues no further than the first number itself. But workers that
are busy take none, and with that limit there would be nothing to double or to lose."""


class Postman:
    """A thread that moves messages.

    Args:
        source: URL of the database that the API sends to.
        target: URL of the database that the workers listen to.
        seed: decides which messages are lost.

    Attributes:
        delivery: how to carry what comes next.
        carried: messages taken, doubled and dropped.
    """

    def __init__(self, source: str, target: str, seed: int) -> None:
        self.delivery = Delivery.FAITHFUL
        self.carried: Counter[str] = Counter()
        self._source, self._target = _client(source), _client(target)
        self._dice = random.Random(f"messages {seed}")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin the round."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        self._thread.join()
        self._source.close()
        self._target.close()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                for queue in QUEUES.values():
                    self._empty(queue)
            except redis.RedisError:
                self._stopping.wait(10 * _LOOK_SECONDS)

    def _empty(self, queue: str) -> None:
        """Celery's transport keeps each queue as a list of its name: new messages come in at the left end."""
        while self._target.llen(queue) < _MOST_WAITING[self.delivery]:
            message = self._source.rpop(queue)
            if not isinstance(message, bytes):
                return
            self.carried["taken"] += 1
            copies = self._copies()
            self.carried["doubled"] += copies > 1
            self.carried["dropped"] += copies == 0
            for _ in range(copies):
                self._target.lpush(queue, message)

    def _copies(self) -> int:
        if self.delivery is Delivery.TWICE:
            return 2
        return int(self.delivery is Delivery.FAITHFUL or self._dice.random() >= _DROPPED)


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)
