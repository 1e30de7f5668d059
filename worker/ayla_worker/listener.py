"""Listener of wake-ups: a Celery worker in a thread of its own, whose only task notifies the loop.

The loop does not depend on it. Whatever happens to the broker or to Celery, work goes on by the loop's own timer, and
the end of the process waits for this thread a limited time only.
"""

import contextlib
import logging
import threading
from collections.abc import Collection
from typing import Any

import structlog
from ayla_service.queue.celery.app import make_app
from ayla_service.queue.celery.configuration import QUEUES, TASK
from celery import Celery, bootsteps
from celery.concurrency.thread import ApplyResult, TaskPool
from celery.worker import WorkController
from celery.worker import state as celery_state
from celery.worker.consumer.tasks import Tasks

from ayla_worker.wake_event import WakeEvent

_RESTART_SECONDS = 2.0

_log = structlog.get_logger("ayla.worker")


class WakeUpListener:
    """Takes wake-ups from the queues of some device kinds, one at a time and none while the loop is at work.

    Args:
        broker_url: where the queues are.
        devices: the device kinds.
        name: of this worker.
        wake_event: of the loop, to be notified.
    """

    def __init__(self, broker_url: str, devices: Collection[str], name: str, wake_event: WakeEvent) -> None:
        self.is_connected = False
        """Whether wake-ups can come, as far as this side knows."""
        self._wake_event = wake_event
        self._name = name
        self._queues = [QUEUES[device] for device in sorted(devices)]
        self._app = _make_app(broker_url, self, wake_event)
        self._worker: WorkController | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        wake_event.on_idle(self.wake_event_loop)

    def start(self) -> None:
        """Listen from now on; a broker that is away is waited for."""
        _forward_logs()
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Stop listening; returns whether it has ended within so many seconds.

        A broker that stands still can hold Celery up for ever.
        """
        self._stopping.set()
        celery_state.should_stop = 0
        self.wake_event_loop()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def wake_event_loop(self) -> None:
        """Have Celery's event loop check again whether it may take a message; it would sleep for up to a second."""
        hub = getattr(self._worker, "hub", None)
        if hub is not None:
            with contextlib.suppress(Exception):
                hub.call_soon(_nothing)

    def set_connected(self, *, connected: bool) -> None:
        """Celery has found the queues, or lost them."""
        if connected == self.is_connected:
            return
        self.is_connected = connected
        if connected:
            _log.info("listening for wake-ups", queues=self._queues)
        elif not self._stopping.is_set():
            _log.warning("no connection to the broker; looking for work by the timer")
        self._wake_event.wake()  # it polls at another interval now

    def _run(self) -> None:
        """Celery's worker, again and again: its end, for whatever reason, is not the end of listening."""
        while not self._stopping.is_set():
            try:
                self._worker = self._make_worker()
                self._worker.start()
            except Exception:
                _log.exception("Celery failed")
            self.set_connected(connected=False)
            self._stopping.wait(_RESTART_SECONDS)

    def _make_worker(self) -> WorkController:
        """Celery's worker without its command line: it sets no signal handlers and leaves the log alone."""
        return WorkController(
            app=self._app,
            hostname=f"ayla@{self._name}",
            queues=self._queues,
            pool=_OneThreadPool,
            # Workers have nothing to tell each other: who lives and what runs stands in the store.
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )


class _OneThreadPool(TaskPool):
    """Celery's pool of threads, of which we use one."""

    def on_apply(self, *args: Any, **options: Any) -> ApplyResult:
        """Run the task; when it is over the next message may come."""
        result = super().on_apply(*args, **options)
        result.f.add_done_callback(lambda _: self.app.listener.wake_event_loop())
        return result


class _ConsumptionLimit(bootsteps.StartStopStep):
    """Limit on consumption: Celery takes no message that another worker could act upon sooner."""

    requires = (Tasks,)

    def start(self, consumer: Any) -> None:
        """The queues are there."""
        qos = getattr(consumer.task_consumer.channel, "qos", None)
        if qos is not None and hasattr(qos, "can_consume"):
            _limit_consumption(qos, consumer.app.wake_event)
        consumer.app.listener.set_connected(connected=True)

    def stop(self, consumer: Any) -> None:
        """The connection is lost, or the worker stops."""
        consumer.app.listener.set_connected(connected=False)


def _limit_consumption(qos: Any, wake_event: WakeEvent) -> None:
    """Have the transport ask us too. Redis's does; RabbitMQ sends one message more, as its prefetch count says."""
    celery_allows = qos.can_consume
    qos.can_consume = lambda: not wake_event.is_busy and celery_allows()


class _LogForwarder(logging.Handler):
    """Writes what Celery warns of as all else is written, one line each."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record of the standard library; the first line says it all."""
        _log.log(record.levelno, "told by the broker's client", client=record.name, said=_first_line(record))


def _first_line(record: logging.LogRecord) -> str:
    return record.getMessage().strip().partition("\n")[0]


def _forward_logs() -> None:
    for name in ("celery", "kombu", "amqp"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers, logger.propagate = [_LogForwarder()], False


def _make_app(broker_url: str, listener: WakeUpListener, wake_event: WakeEvent) -> Celery:
    app = make_app(broker_url)
    # Celery makes the pool and the limit itself; they find the listener here.
    app.listener, app.wake_event = listener, wake_event
    app.steps["consumer"].add(_ConsumptionLimit)
    # Returns when the loop is done, so that the slot counts as taken until then.
    app.task(name=TASK, ignore_result=True)(wake_event.notify)
    return app


def _nothing() -> None:
    pass
