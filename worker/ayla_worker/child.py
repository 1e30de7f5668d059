"""A child of a Celery worker: its main thread waits for tasks, another one computes."""

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from ayla_service.db.session import Database
from ayla_service.privacy import private_files
from ayla_service.queue import workers
from ayla_service.queue.claimed import Claim
from ayla_service.queue.wakeup import make_wake_up
from ayla_service.settings import Settings
from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import SQLAlchemyError

from ayla_worker.line import ChildEnd, NodeState
from ayla_worker.names import unique_name
from ayla_worker.process import run_worker
from ayla_worker.report import MOST_JOBS, WorkReport
from ayla_worker.requests import Requests, WorkRequest
from ayla_worker.stop_signal import StopSignal
from ayla_worker.timers import SweepTimer

_log = structlog.get_logger("ayla.worker")

_EVENT_PAUSE_SECONDS = 5.0


class Child:
    """What a child of a Celery worker computes with.

    It prepares itself beside the main thread, so that Celery sees it start at once; a task that comes meanwhile waits.

    Args:
        settings: of the process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._name = unique_name()
        self._stop = StopSignal()
        self._requests = Requests()
        self._stop.on_stop(self._requests.wake)
        self._line = ChildEnd(self._name, self._told, self._stop.set)
        self._events_from = float("-inf")
        self._is_prepared = threading.Event()
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)
        self._thread.start()

    def work(self, task: Task) -> WorkReport:
        """Claim and run what is best; returns once it has ended or was handed back.

        A soft time limit hands it back, with a checkpoint; so does whatever else ends the task.
        """
        request = self._requests.put()
        try:
            return self._answered(task, request)
        except SoftTimeLimitExceeded:
            _log.info("soft time limit; what runs is handed back", worker=self._name)
            request.hand_back()
            return request.answer()
        except BaseException:
            request.hand_back()
            raise

    def close(self) -> None:
        """Hand back what runs, and sign off, within the time that a stopping process has."""
        self._stop.set()
        if self._is_prepared.is_set():
            self._thread.join(self._settings.shutdown_seconds)
        else:
            # What is being loaded or compiled cannot be interrupted, and there is nothing to hand back.
            self._sign_off()

    def _sign_off(self) -> None:
        database = Database(self._settings.store_url, kept_connections=1)
        with contextlib.suppress(SQLAlchemyError):
            workers.sign_off(database, self._name)
        database.dispose()

    def _answered(self, task: Task, request: WorkRequest) -> WorkReport:
        claimed: list[Claim] = []

        def on_claim(claims: Sequence[Claim]) -> None:
            is_first = not claimed
            claimed.extend(claims)
            # An event takes a tenth of a small job.
            if is_first:
                self._send_event(task, "task-claimed", claimed)

        return request.answer(on_claim, lambda: self._send_event(task, "task-computing", claimed))

    def _send_event(self, task: Task, kind: str, claimed: Sequence[Claim]) -> None:
        """Tell monitors of Celery; a broker that takes no event is left alone for a while, and nothing waits for it."""
        if time.monotonic() < self._events_from:
            return
        try:
            task.send_event(kind, retry=False, **_fields(self._name, claimed))
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            self._events_from = time.monotonic() + _EVENT_PAUSE_SECONDS
            _log.debug("an event could not be sent", error=type(error).__name__)

    def _told(self, state: NodeState) -> None:
        if state.stopping:
            self._stop.set()
            if not self._is_prepared.is_set():
                # A task that waits for that would hold up the end.
                self._requests.close()
        # It waits for another time now.
        self._requests.wake()

    def _run(self) -> None:
        with private_files(), contextlib.closing(make_wake_up(self._settings.broker_url)) as wake_up:

            def timer(database: Database) -> SweepTimer:
                self._is_prepared.set()
                return SweepTimer(self._settings, database, wake_up, lambda: self._line.state.listening)

            run_worker(self._settings, self._stop, self._requests, timer, self._line.devices, self._name, wake_up)


def _fields(worker: str, claimed: Sequence[Claim]) -> Mapping[str, Any]:
    return {
        "worker": worker,
        "jobs": list(dict.fromkeys(claim.job_id for claim in claimed[:MOST_JOBS])),
        "shards": len(claimed),
        "trials": sum(claim.range.trials for claim in claimed),
    }
