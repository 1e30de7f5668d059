"""The worker's loop: does what it is asked for, and looks for work by its timer."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog
from ayla_service.addresses import redacted_url
from ayla_service.db import migrate
from ayla_service.queue.claimed import Claim
from sqlalchemy.exc import DBAPIError

from ayla_worker.report import Tally
from ayla_worker.requests import Requests, WorkRequest, pause
from ayla_worker.stop_signal import StopSignal
from ayla_worker.timers import Timer

if TYPE_CHECKING:
    from ayla_worker.runner import Runner

_log = structlog.get_logger("ayla.worker")
_STORE_PAUSE_SECONDS = 1.0

SMALL_SECONDS = 1.0
"""Time for which a request goes on to the next claim: small jobs take less than the way of a message."""


def work_until(stop: StopSignal, runner: "Runner", requests: Requests, timer: Timer) -> None:
    """Work until ``stop`` is set. A store that does not answer is waited for, not a reason to die."""
    _log.info("worker started", worker=runner.name, store=redacted_url(runner.database.url))
    loop = _Loop(stop, runner, requests, timer)
    while not stop.is_set():
        runner.watchdog.feed()
        try:
            loop.turn()
        except DBAPIError as error:
            _log.warning("the store does not answer", error=str(error.orig))
            pause(stop.is_set, _STORE_PAUSE_SECONDS)
        except Exception:
            # Whatever it is, the next shard may be fine; a worker that dies of it would be started again anyway.
            _log.exception("unexpected error")
            pause(stop.is_set, _STORE_PAUSE_SECONDS)
    _log.info("worker stopped", worker=runner.name)


class _Loop:
    """One turn after the other: a request, or a look of its own."""

    def __init__(self, stop: StopSignal, runner: "Runner", requests: Requests, timer: Timer) -> None:
        self._stop = stop
        self._runner = runner
        self._requests = requests
        self._timer = timer
        self._has_worked = False

    def turn(self) -> None:
        """Wait for a request and serve it, or look; after work without a request it looks again at once."""
        if not self._is_schema_ready():
            pause(self._stop.is_set, _STORE_PAUSE_SECONDS)
            return
        request = self._requests.next(0.0 if self._has_worked else self._timer.seconds())
        again, self._has_worked = self._has_worked, False
        if request is not None:
            self._serve(request)
        elif not self._stop.is_set() and (again or self._timer.is_due()):
            self._has_worked = bool(self._runner.run_next())

    def _serve(self, request: WorkRequest) -> None:
        tally = Tally(self._runner.name)
        try:
            self._work(request, tally)
        finally:
            report = tally.report()
            request.finish(report)
        if report.shards:
            self._timer.worked()

    def _work(self, request: WorkRequest, tally: Tally) -> None:
        """Claim and run, once; again if that took no time."""

        def claimed(claims: Sequence[Claim]) -> None:
            tally.add(claims)
            request.claimed(claims)

        until = time.monotonic() + SMALL_SECONDS
        while not self._is_over(request):
            if not self._run_next(request, claimed) or time.monotonic() >= until:
                return

    def _run_next(self, request: WorkRequest, claimed: Callable[[Sequence[Claim]], None]) -> bool:
        """Claim and run; a store that is away is waited for, as nobody would ask again for some time."""
        while True:
            self._runner.watchdog.feed()
            try:
                return bool(self._runner.run_next(claimed))
            except DBAPIError as error:
                _log.warning("the store does not answer", error=str(error.orig))
                pause(lambda: self._is_over(request), _STORE_PAUSE_SECONDS)
            if self._is_over(request):
                return False

    def _is_over(self, request: WorkRequest) -> bool:
        return self._stop.is_set() or request.is_handed_back()

    def _is_schema_ready(self) -> bool:
        """Look once until the answer is yes: a schema does not go away under a running worker."""
        if not self._runner.schema_ready:
            self._runner.schema_ready = migrate.is_current(self._runner.database)
            if not self._runner.schema_ready:
                _log.warning("waiting for the store's schema; run 'ayla-service migrate'")
        return self._runner.schema_ready
