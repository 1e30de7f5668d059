"""Publisher of wake-ups, a thread of its own: no request ever waits for the broker or fails with it."""

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
"""Messages in a queue at most: each worker that wakes up works until the store is empty, so more adds nothing."""

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
        broker_url: URL of the broker.
        outage_seconds: time for which a broker that failed is left alone.
    """

    def __init__(self, broker_url: str, outage_seconds: float = _OUTAGE_SECONDS) -> None:
        self._connection = _BrokerConnection(make_app(broker_url), broker_url)
        self._breaker = _CircuitBreaker(outage_seconds)
        self._new: Counter[str] = Counter()
        self._waiting: dict[str, int] = {}
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="wake-up", daemon=True)
        self._thread.start()

    def notify(self, devices: Sequence[str]) -> None:
        """Add wake-ups for shards that were queued, one for each."""
        with self._changed:
            for device, count in Counter(devices).items():
                self._new[device] = min(MOST_IN_QUEUE, self._new[device] + count)
            self._changed.notify()

    def remind(self, waiting: Mapping[str, int]) -> None:
        """Fill the queues up to so many wake-ups."""
        with self._changed:
            self._waiting.update(waiting)
            self._changed.notify()

    def close(self) -> None:
        """Send what is left, if the broker takes it within seconds, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._is_done():
            new, waiting = self._next()
            if (new or waiting) and not self._breaker.is_open():
                self._publish(new, waiting)
            elif self._connection.idle_seconds() >= _IDLE_SECONDS:
                self._connection.close()
        self._connection.close()

    def _is_done(self) -> bool:
        with self._changed:
            return self._closing and not self._new and not self._waiting

    def _next(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Wake-ups to be sent; none if none came for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._new or self._waiting, _IDLE_SECONDS)
            new, self._new = self._new, Counter()
            waiting, self._waiting = self._waiting, {}
            return new, waiting

    def _publish(self, new: Mapping[str, int], waiting: Mapping[str, int]) -> None:
        try:
            self._fill(new, waiting)
        except Exception as error:
            # Whatever it is: the thread goes on, and the wake-ups come with the next reminder.
            self._connection.close()
            self._breaker.record_failure(error)
        else:
            self._breaker.record_success()

    def _fill(self, new: Mapping[str, int], waiting: Mapping[str, int]) -> None:
        """Send; a connection that was open may have died since, so only a new one says that the broker is away."""
        try:
            self._connection.fill(new, waiting)
        except Exception:
            if not self._connection.was_used:
                raise
            self._connection.close()
            self._connection.fill(new, waiting)


class _BrokerConnection:
    """Connection to the broker; opened for the first message and closed when idle, so that none dies unnoticed."""

    def __init__(self, app: Celery, broker_url: str) -> None:
        self._app = app
        self._options = publisher_options(broker_url)
        self._connection: Connection | None = None
        self._depths: dict[str, tuple[float, int]] = {}
        self._used_at = time.monotonic()
        self.was_used = False
        """Whether the open connection has carried a message."""

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
        """Number of messages that wait; asked again after a second, and our own counted meanwhile."""
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


class _CircuitBreaker:
    """Circuit breaker: leaves a broker that failed alone for a while, and logs it once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._has_failed = False
        self._retry_at = float("-inf")

    def is_open(self) -> bool:
        """Whether it is too early for another try."""
        return time.monotonic() < self._retry_at

    def record_failure(self, error: Exception) -> None:
        """Note that the broker failed."""
        self._retry_at = time.monotonic() + self._seconds
        if not self._has_failed:
            self._has_failed = True
            log.warning("the broker takes no wake-ups; workers look by their timer", error=_error_text(error))

    def record_success(self) -> None:
        """Note that the broker works."""
        if self._has_failed:
            self._has_failed = False
            log.info("the broker takes wake-ups again")


def _error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_SHOWN_ERROR]
