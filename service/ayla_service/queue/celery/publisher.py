"""Sends wake-ups from a thread of its own, so that no request ever waits for the broker or fails with it."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from celery import Celery
from kombu import Connection

from ayla_service.queue.celery.app import make_app
from ayla_service.queue.celery.configuration import EXPIRY_SECONDS, QUEUES, TASK, publisher_options

MOST_IN_QUEUE = 64
"""A queue is filled no further: each worker that wakes up works until the store is empty, so more adds nothing."""

_OUTAGE_SECONDS = 5.0
_DEPTH_SECONDS = 1.0
_IDLE_SECONDS = 30.0
_CLOSE_SECONDS = 3.0
_SHOWN_ERROR = 200

log = structlog.get_logger("ayla_service.wakeup")


class CeleryWakeUp:
    """Wake-ups over Celery.

    While the broker is away what should be sent is dropped: the work is in the store, and a later reminder or a
    worker's timer finds it.

    Args:
        broker_url: where to.
        outage_seconds: how long a broker that failed is left alone.
    """

    def __init__(self, broker_url: str, outage_seconds: float = _OUTAGE_SECONDS) -> None:
        self._line = _Line(make_app(broker_url), broker_url)
        self._outage = _Outage(outage_seconds)
        self._news: Counter[str] = Counter()
        self._waiting: dict[str, int] = {}
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="wake-up", daemon=True)
        self._thread.start()

    def notify(self, devices: Sequence[str]) -> None:
        """Hand over wake-ups for shards that were queued, one for each."""
        with self._changed:
            for device, count in Counter(devices).items():
                self._news[device] = min(MOST_IN_QUEUE, self._news[device] + count)
            self._changed.notify()

    def remind(self, waiting: Mapping[str, int]) -> None:
        """See to it that at least so many wake-ups are in the queues."""
        with self._changed:
            self._waiting.update(waiting)
            self._changed.notify()

    def close(self) -> None:
        """Send what is handed over already, if the broker takes it within seconds, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._is_done():
            news, waiting = self._next()
            if (news or waiting) and not self._outage.lasts():
                self._publish(news, waiting)
            elif self._line.idle_seconds() >= _IDLE_SECONDS:
                self._line.close()
        self._line.close()

    def _is_done(self) -> bool:
        with self._changed:
            return self._closing and not self._news and not self._waiting

    def _next(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """What is to be sent; nothing, if nothing came for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._news or self._waiting, _IDLE_SECONDS)
            news, self._news = self._news, Counter()
            waiting, self._waiting = self._waiting, {}
            return news, waiting

    def _publish(self, news: Mapping[str, int], waiting: Mapping[str, int]) -> None:
        try:
            self._fill(news, waiting)
        except Exception as error:
            # Whatever it is: the thread goes on, and the wake-ups come with the next reminder.
            self._line.close()
            self._outage.begin(error)
        else:
            self._outage.end()

    def _fill(self, news: Mapping[str, int], waiting: Mapping[str, int]) -> None:
        """Send; a connection that was open may have died since, so only a new one says that the broker is away."""
        try:
            self._line.fill(news, waiting)
        except Exception:
            if not self._line.was_used:
                raise
            self._line.close()
            self._line.fill(news, waiting)


class _Line:
    """The connection; opened for the first message and closed when it is idle, so that none dies unnoticed."""

    def __init__(self, app: Celery, broker_url: str) -> None:
        self._app = app
        self._options = publisher_options(broker_url)
        self._connection: Connection | None = None
        self._depths: dict[str, tuple[float, int]] = {}
        self._used_at = time.monotonic()
        self.was_used = False
        """Whether the connection that is open has carried something."""

    def idle_seconds(self) -> float:
        """Seconds since the last message."""
        return time.monotonic() - self._used_at

    def fill(self, more: Mapping[str, int], at_least: Mapping[str, int]) -> None:
        """Add messages for each device kind, and raise each queue to a number of them, as far as it has room."""
        self._used_at = time.monotonic()
        for device in sorted(QUEUES.keys() & (more.keys() | at_least.keys())):
            self._fill_queue(QUEUES[device], more.get(device, 0), at_least.get(device, 0))
        self.was_used = True

    def close(self) -> None:
        """Close the connection; the next message opens another."""
        connection, self._connection = self._connection, None
        self.was_used = False
        self._depths.clear()
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.collect(socket_timeout=1.0)

    def _fill_queue(self, queue: str, more: int, at_least: int) -> None:
        depth = self._depth(queue)
        wanted = min(MOST_IN_QUEUE, max(depth + more, at_least))
        for number in range(depth, wanted):
            self._send(queue)
            self._depths[queue] = (self._depths[queue][0], number + 1)

    def _depth(self, queue: str) -> int:
        """How many messages wait; asked again after a second, and our own counted meanwhile."""
        looked_at, depth = self._depths.get(queue, (float("-inf"), 0))
        if time.monotonic() - looked_at >= _DEPTH_SECONDS:
            # The same properties as when a worker declares it; not passive, as an unknown queue would be an error.
            answer = self._open().default_channel.queue_declare(queue=queue, durable=True, auto_delete=False)
            looked_at, depth = time.monotonic(), answer.message_count
            self._depths[queue] = (looked_at, depth)
        return depth

    def _send(self, queue: str) -> None:
        with self._app.amqp.Producer(self._open().default_channel, auto_declare=False) as producer:
            self._app.send_task(TASK, queue=queue, producer=producer, expires=EXPIRY_SECONDS, ignore_result=True)

    def _open(self) -> Connection:
        if self._connection is None:
            # No heartbeat: nobody would answer the broker's between two messages.
            connection = self._app.connection_for_write(heartbeat=0, transport_options=self._options)
            connection.connect()
            self._connection = connection
        return self._connection


class _Outage:
    """Leaves a broker that failed alone for a while, and tells of it once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_on = False
        self._retry_at = float("-inf")

    def lasts(self) -> bool:
        """Whether it is too early for another try."""
        return time.monotonic() < self._retry_at

    def begin(self, error: Exception) -> None:
        """It failed."""
        self._retry_at = time.monotonic() + self._seconds
        if not self._is_on:
            self._is_on = True
            log.warning("the broker takes no wake-ups; workers look by their timer", error=_shown(error))

    def end(self) -> None:
        """It works."""
        if self._is_on:
            self._is_on = False
            log.info("the broker takes wake-ups again")


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_SHOWN_ERROR]
