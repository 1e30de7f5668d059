"""Wake-ups of a worker: by its own timer, and by a broker where there is one."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog
from ayla_service.queue.claims import WorkerIdentity
from ayla_service.queue.wakeup import make_wake_up
from ayla_service.settings import Settings

from ayla_worker.wake_event import WakeEvent

if TYPE_CHECKING:
    from ayla_worker.listener import WakeUpListener

_SECONDS_WITHOUT_BROKER = 1.0
_LONGEST_STOP_SECONDS = 3.0

_log = structlog.get_logger("ayla.worker")


class WakeUps:
    """Listens for wake-ups as long as the ``with`` block runs.

    Args:
        settings: the broker, and how long to wait without and with one.
        identity: whose queues to listen to.

    Attributes:
        wake_event: the loop waits on it.
        wake_up: the loop wakes other workers through it.
    """

    def __init__(self, settings: Settings, identity: WorkerIdentity) -> None:
        self.wake_event = WakeEvent()
        self.wake_up = make_wake_up(settings.broker_url)
        self._settings = settings
        self._listener = _listener(settings, identity, self.wake_event)

    def __enter__(self) -> Self:
        """Start to listen."""
        if self._listener is not None:
            self._listener.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Stop to listen, in a part of the time that a stopping process has."""
        self.wake_event.close()
        self.wake_up.close()
        seconds = min(_LONGEST_STOP_SECONDS, self._settings.shutdown_seconds / 3)
        if self._listener is not None and not self._listener.stop(seconds):
            _log.warning("the broker holds up the end; leaving without its answer")

    def poll_seconds(self) -> float:
        """Seconds until the loop checks the store without a wake-up."""
        if self._listener is None:
            return self._settings.worker_poll_seconds
        if self._listener.is_connected:
            return min(self._settings.sweep_seconds, self._settings.lease_seconds)
        return min(self._settings.sweep_seconds, _SECONDS_WITHOUT_BROKER)


def _listener(settings: Settings, identity: WorkerIdentity, wake_event: WakeEvent) -> "WakeUpListener | None":
    if settings.broker_url is None:
        return None
    # Celery is an extra: only who has a broker needs it.
    from ayla_worker.listener import WakeUpListener

    return WakeUpListener(settings.broker_url, identity.devices, identity.name, wake_event)
