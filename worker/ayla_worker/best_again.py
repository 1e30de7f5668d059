"""Best settings of jobs that have ended, put on the queue once more; nobody but their users misses them otherwise."""

import time
from collections.abc import Iterable

import structlog
from ayla_service.datasets.pinning import pin_uploads
from ayla_service.db.session import Database
from ayla_service.errors import ServiceError
from ayla_service.queue.claimed import Claim
from ayla_service.queue.wakeup import WakeUp
from ayla_service.sweeps.best_again import overdue, submit_best
from ayla_spec import SpecError

_LOOK_SECONDS = 30.0
"""How often a worker looks for what another one has left behind."""

_log = structlog.get_logger("ayla.worker")


class BestAgain:
    """Has the best settings of jobs computed again that ask for it.

    Args:
        database: the store.
        wake_up: told about the new jobs.
        patience_seconds: time that the worker which ended a job has for it.
    """

    def __init__(self, database: Database, wake_up: WakeUp, patience_seconds: float) -> None:
        self._database = database
        self._wake_up = wake_up
        self._patience_seconds = patience_seconds
        self._look_at = time.monotonic()

    def after(self, claims: Iterable[Claim]) -> None:
        """See to the jobs of shards that this worker has run, if they have ended."""
        self._submit({claim.job_id for claim in claims if _keeps_best(claim)})

    def look(self) -> None:
        """See to jobs whose worker was killed before it did, every so often."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_SECONDS
            self._submit(overdue(self._database, self._patience_seconds))

    def _submit(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            try:
                queued = submit_best(self._database, job_id, pin_uploads, self._wake_up)
            except (ServiceError, SpecError) as error:
                _log.warning("the best settings are not computed again", job_id=job_id, error=str(error))
            else:
                _log.info("the best settings are computed again", job_id=job_id, jobs=queued)


def _keeps_best(claim: Claim) -> bool:
    return bool(claim.resolved_spec.get("record", {}).get("trajectories") == "best")
