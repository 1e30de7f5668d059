"""Records what the core computes into the store, one transaction per block of steps."""

import time
from collections.abc import Callable

from ayla_core.recorder import Block
from ayla_service.db.session import Database
from ayla_service.observability import metrics
from ayla_service.queue import attempts
from ayla_service.queue.attempts import HeartbeatReply, RecordedBlock
from ayla_service.queue.claimed import Claim, SavedState

from ayla_worker.lease import LeaseWatch
from ayla_worker.limits import LimitMonitor
from ayla_worker.rows import results_of, summaries_of
from ayla_worker.stopwatch import Stopwatch
from ayla_worker.store_retry import retry_store


class JobEnding(Exception):
    """The job is to be cancelled or has failed elsewhere; what was computed so far is stored."""


class JobPaused(Exception):
    """The job is paused; what was computed so far is stored, and the shard is to be handed back."""


def raise_if_over(reply: HeartbeatReply) -> None:
    """Act on the store's answer to a heartbeat.

    Raises:
        JobEnding: if nothing more of the job is to run.
        JobPaused: if the shard is to be handed back.
    """
    if reply is HeartbeatReply.STOP:
        raise JobEnding
    if reply is HeartbeatReply.RELEASE:
        raise JobPaused


class StoreRecorder:
    """The core's recorder over the store; every write also renews the attempt's lease.

    Args:
        database: the store.
        claim: the attempt that writes.
        lease_seconds: how long each write renews the lease.
        checkpoint_seconds: time between two checkpoints.
        device: where it computes, for people.
        monitor: of the job's limits, checked after each write.
        watch: of the lease; stands still while the store is waited for.
        on_progress: called after each write.
    """

    def __init__(
        self,
        database: Database,
        claim: Claim,
        lease_seconds: float,
        checkpoint_seconds: float = 0.0,
        device: str | None = None,
        monitor: LimitMonitor | None = None,
        watch: LeaseWatch | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._checkpoint_seconds = checkpoint_seconds
        self._device = device
        self._monitor = monitor
        self._watch = watch
        self._on_progress = on_progress
        self._stopwatch = Stopwatch()
        self._saved_at = time.monotonic()

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
        """Store a block, with a checkpoint if one is due.

        Raises:
            LeaseLost: if the attempt is no longer the current one.
            JobEnding: if nothing more of the job is to run; the block is stored.
            JobPaused: if the shard is to be handed back; the block is stored.
            ayla_worker.limits.LimitExceeded: if the job has used more than it may; the block is stored.
            sqlalchemy.exc.DBAPIError: if the store does not answer for as long as the lease lasts.
        """
        seconds = self._stopwatch.lap()
        self._pause()
        order = self._store(self._recorded(block, checkpoint, seconds))
        metrics.steps_stored((block.last_step - block.first_step + 1) * self._claim.range.trials, seconds)
        self._on_progress()
        raise_if_over(order)
        if self._monitor is not None and not block.finished:
            self._monitor.check()
        self._go_on()

    def _pause(self) -> None:
        """Time spent waiting for the store is not computing time."""
        for clock in (self._monitor, self._watch):
            if clock is not None:
                clock.waiting()

    def _go_on(self) -> None:
        self._stopwatch.start()
        for clock in (self._monitor, self._watch):
            if clock is not None:
                clock.computing()

    def _recorded(self, block: Block, checkpoint: Callable[[], bytes], seconds: float) -> RecordedBlock:
        trials, results = self._claim.range, results_of(block)
        sizes = results.sizes(trials.first, trials.trials)
        return RecordedBlock(
            step=block.last_step + (not block.finished),
            checkpoint=None if block.finished else self._due(block, checkpoint),
            trials=summaries_of(block.columns, seconds, sizes, self._device, alone=trials.trials == 1),
            results=results,
            finished=block.finished,
            device=self._device,
        )

    def _due(self, block: Block, checkpoint: Callable[[], bytes]) -> SavedState | None:
        if time.monotonic() - self._saved_at < self._checkpoint_seconds:
            return None
        begun = time.monotonic()
        saved = SavedState(block.last_step + 1, checkpoint())
        self._saved_at = time.monotonic()
        metrics.checkpoint_packed(len(saved.data), self._saved_at - begun)
        return saved

    def _store(self, recorded: RecordedBlock) -> HeartbeatReply:
        return retry_store(
            self._lease_seconds,
            lambda: attempts.record(self._database, self._claim, recorded, self._lease_seconds),
        )
