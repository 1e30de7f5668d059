"""Runs one shard from claim to end: restore, train, record; and what happens when something goes wrong."""

from collections.abc import Callable

import structlog
import torch
from ayla_core.checkpoint import CheckpointError
from ayla_core.datasets import DatasetError, DataSource
from ayla_core.devices import select_device
from ayla_core.engine import Engine
from ayla_core.training import Pace, train
from ayla_service.db.session import Database
from ayla_service.queue import attempts
from ayla_service.queue.attempts import LeaseLost
from ayla_service.queue.claims import Claim, WorkerIdentity, claim
from ayla_service.settings import Settings
from sqlalchemy.exc import OperationalError

from ayla_worker.data import data_source
from ayla_worker.identity import describe_device
from ayla_worker.recorder import JobEnding, StoreRecorder
from ayla_worker.watchdog import Watchdog

_log = structlog.get_logger("ayla.worker")

_LEASES_WITHOUT_PROGRESS = 3

_GROWTH = 8.0
"""How much longer a block may be than the one before; each costs a write to the store."""


class Runner:
    """Takes shards and runs them.

    Args:
        database: the store.
        settings: lease, heartbeat, number of attempts, and where datasets come from.
        identity: who claims.
        should_stop: asked between blocks of steps; when true the shard is handed back.
    """

    def __init__(
        self, database: Database, settings: Settings, identity: WorkerIdentity, should_stop: Callable[[], bool]
    ) -> None:
        self.database = database
        self.name = identity.name
        self.schema_ready = False
        self.watchdog = Watchdog(_LEASES_WITHOUT_PROGRESS * settings.lease_seconds)
        self._settings = settings
        self._identity = identity
        self._should_stop = should_stop
        self._source = data_source(settings)

    def run_next(self) -> bool:
        """Claim and run one shard; returns whether there was one."""
        claimed = claim(self.database, self._identity, self._settings.lease_seconds)
        if claimed is None:
            return False
        log = _log.bind(job=claimed.job_id, shard=claimed.shard_id, attempt=claimed.attempt)
        log.info("attempt started", trials=len(claimed.trial_ids))
        try:
            log.info("attempt ended", outcome=self._attempt(claimed))
        except LeaseLost:
            log.warning("attempt abandoned: the lease was lost")
        return True

    def _attempt(self, claimed: Claim) -> str:
        try:
            finished = self._train(claimed)
        except JobEnding:
            attempts.cancel(self.database, claimed)
            return "cancelled"
        except (LeaseLost, OperationalError):
            raise
        except DatasetError as error:
            # The next attempt would find the same data; the message says what the user can do about them.
            _log.warning("dataset unusable", job=claimed.job_id, error=str(error))
            attempts.fail(
                self.database, claimed, str(error), self._settings.max_attempts, permanent_type="dataset-unusable"
            )
            return "failed"
        except Exception as error:
            # Whatever the computation raises is the job's failure, not the worker's: it is recorded and retried.
            _log.exception("attempt failed", job=claimed.job_id)
            attempts.fail(self.database, claimed, _one_line(error), self._settings.max_attempts)
            return "failed"
        if finished:
            return "succeeded"
        attempts.release(self.database, claimed)
        return "released"

    def _train(self, claimed: Claim) -> bool:
        device = select_device(claimed.spec.device)
        engine = _restored(claimed, device, self._source)
        attempts.begin(self.database, claimed, engine.step, describe_device(device), self._settings.lease_seconds)
        recorder = StoreRecorder(self.database, claimed, self._settings.lease_seconds, self.watchdog.feed)
        return train(engine, recorder, Pace(self._settings.heartbeat_seconds, growth=_GROWTH), self._should_stop)


def _restored(claimed: Claim, device: torch.device, source: DataSource) -> Engine:
    """The shard's engine at the newest checkpoint that can be read, else at step 0."""
    engine = Engine(claimed.spec, claimed.trials, device, source)
    for saved in claimed.saved:
        try:
            engine.restore(saved.data)
        except CheckpointError as error:
            _log.warning("checkpoint unreadable", shard=claimed.shard_id, step=saved.step, error=str(error))
        else:
            _log.info("resumed", shard=claimed.shard_id, step=saved.step)
            break
    return engine


def _one_line(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:500]
