"""Many small shards at once: computed in as few batches as possible, recorded in one transaction.

Each shard keeps its own attempt and outcome: one that diverges, is cancelled or lost does not touch the others, and
if a batch fails its shards are run one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog
from ayla_core.devices import select_device
from ayla_core.engine import Engine
from ayla_core.recorder import Block, MemoryRecorder
from ayla_core.training import BlockLength, train
from ayla_service.observability import metrics
from ayla_service.queue import attempts, packs
from ayla_service.queue.claimed import Claim
from ayla_service.queue.packs import CompletedShard
from ayla_service.states import AttemptOutcome
from ayla_spec.jobspec import ResolvedJobSpec
from sqlalchemy.exc import DBAPIError

from ayla_worker.attempt import LIMIT_GRACE_SECONDS, AttemptRunner
from ayla_worker.batches import Batch, batch_of, compatible, completed
from ayla_worker.data import with_progress
from ayla_worker.identity import describe_device
from ayla_worker.lease import LeaseKeeper, LeaseWatch, StepTooLong
from ayla_worker.limits import LimitExceeded, LimitMonitor, attempt_limits
from ayla_worker.stopwatch import Stopwatch
from ayla_worker.store_retry import retry_store

_log = structlog.get_logger("ayla.worker")

_FIRST_STEPS, _GROWTH = 4, 16.0
"""Blocks cost nothing here, as they are not written; so the first is short, whatever its steps may take."""


class PackInterrupted(Exception):
    """The worker is to stop, or no shard of a batch is to be run any more; what was computed is not kept."""


class _MemoryRows(MemoryRecorder):
    """Rows in memory, without checkpoints: what is small starts again from its first step."""

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:  # noqa: ARG002  # the interface's name
        """Add a block."""
        super().write(block, bytes)


class _PackProgress:
    """Progress of a pack: the shards that are still open, and the results that wait to be stored."""

    def __init__(self, attempt_runner: AttemptRunner, claims: Sequence[Claim]) -> None:
        self.open = {claim.shard_id for claim in claims}
        self.succeeded = 0
        self.keeper = LeaseKeeper(self.heartbeat, attempt_runner.settings.heartbeat_seconds, attempt_runner.on_progress)
        self._attempts = attempt_runner
        self._claims = {claim.shard_id: claim for claim in claims}
        self._waiting: list[CompletedShard] = []

    def heartbeat(self) -> None:
        """Store what waits, and renew the leases of the others; those lost or no longer wanted are closed."""
        self.flush()
        held = self._open_claims()
        current = self._renewed(held)
        for claim in held:
            if claim.shard_id not in current:
                self._close(claim)

    def renew(self) -> None:
        """Renew the leases, and nothing else; from any thread.

        Raises:
            LeaseLost: if none of the shards is to be run any more.
        """
        held = self._open_claims()
        if held and not self._renewed(held):
            raise attempts.LeaseLost("no shard of the pack is to be run any more")

    def fail(self, batch: Batch, error: Exception) -> None:
        """Record that the shards of a batch have failed, to be tried again alone; and release the others."""
        together = {claim.shard_id for claim in batch.claims}
        for claim in self._open_claims():
            if claim.shard_id not in together:
                self._close(claim)
                continue
            self.open.discard(claim.shard_id)
            with suppress(attempts.LeaseLost):
                self._attempts.fail(claim, error)
                metrics.attempt_ended(AttemptOutcome.FAILED)

    def _renewed(self, held: Sequence[Claim]) -> set[str]:
        """The shards whose leases are renewed: neither lost nor no longer wanted."""
        lease = self._attempts.settings.lease_seconds
        return retry_store(lease, lambda: packs.renew(self._attempts.database, held, lease)) if held else set()

    def add(self, shards: Iterable[CompletedShard]) -> None:
        """Keep results until the next heartbeat, or the end of the pack."""
        for shard in shards:
            if shard.claim.shard_id in self.open:
                self.open.discard(shard.claim.shard_id)
                self._waiting.append(shard)
        self.keeper.keep()

    def flush(self) -> None:
        """Store the results that wait."""
        if self._waiting:
            waiting, lease = self._waiting, self._attempts.settings.lease_seconds
            stored = retry_store(lease, lambda: packs.complete(self._attempts.database, waiting))
            self.succeeded += len(stored)
            metrics.attempt_ended(AttemptOutcome.SUCCEEDED, len(stored))
            metrics.write_refused(len(self._waiting) - len(stored))
            self._waiting.clear()

    def release_open(self) -> None:
        """Release every shard that was not run."""
        for claim in self._open_claims():
            self._close(claim)

    def _open_claims(self) -> list[Claim]:
        return [self._claims[shard_id] for shard_id in tuple(self.open)]

    def _close(self, claim: Claim) -> None:
        """Release a shard; if its job is ending that cancels it, and if it is lost that does nothing."""
        self.open.discard(claim.shard_id)
        try:
            retry_store(self._attempts.settings.lease_seconds, lambda: attempts.release(self._attempts.database, claim))
        except attempts.LeaseLost:
            metrics.write_refused()
            ids = {"job_id": claim.job_id, "shard_id": claim.shard_id, "attempt": claim.attempt}
            _log.warning("attempt abandoned: the lease was lost", **ids)
        else:
            metrics.attempt_ended(AttemptOutcome.RELEASED)


def _steps_of(memory: MemoryRecorder) -> int:
    """Updates of all the trials."""
    return 0 if memory.columns is None else int(memory.columns.steps_done.sum())


class PackRunner:
    """Runs packs.

    Args:
        attempt_runner: runs single shards, where running them together is not possible.
    """

    def __init__(self, attempt_runner: AttemptRunner) -> None:
        self._attempts = attempt_runner
        self._database = attempt_runner.database
        self._settings = attempt_runner.settings

    def run(self, claims: Sequence[Claim]) -> None:
        """Run the shards to their ends.

        Raises:
            sqlalchemy.exc.DBAPIError: if the store does not answer.
        """
        _log.info("pack started", shards=len(claims))
        pack = _PackProgress(self._attempts, claims)
        for group in compatible(claims):
            self._run_group(pack, group)
        pack.flush()
        pack.release_open()
        _log.info("pack ended", succeeded=pack.succeeded, shards=len(claims))

    def _run_group(self, pack: _PackProgress, group: Sequence[Claim]) -> None:
        wanted = [claim for claim in group if claim.shard_id in pack.open]
        if not wanted or self._attempts.should_stop():
            return
        try:
            pack.add(self._compute(pack, batch_of(wanted)))
        except (PackInterrupted, attempts.LeaseLost, StepTooLong):
            return
        except DBAPIError:
            raise
        except Exception as error:
            _log.warning("a batch failed; its shards are run one by one", shards=len(wanted), exc_info=error)
            pack.flush()
            for claim in wanted:
                self._run_alone(pack, claim)

    def _run_alone(self, pack: _PackProgress, claim: Claim) -> None:
        pack.heartbeat()
        if claim.shard_id in pack.open and not self._attempts.should_stop():
            pack.open.discard(claim.shard_id)
            self._attempts.run(claim)

    def _compute(self, pack: _PackProgress, batch: Batch) -> list[CompletedShard]:
        spec = batch.claims[0].spec
        device = select_device(spec.device)
        stopwatch, memory = Stopwatch(), _MemoryRows()
        lease = self._settings.lease_seconds
        watch = LeaseWatch(lease, pack.renew, lambda error: pack.fail(batch, error), self._attempts.on_progress)
        with self._monitor(spec) as monitor, watch.watching():
            engine = Engine(spec, batch.trials, device, with_progress(self._attempts.source, pack.keeper.keep))
            block_length = BlockLength(self._settings.heartbeat_seconds, first_steps=_FIRST_STEPS, growth=_GROWTH)
            monitor.computing()
            should_stop = self._should_stop(pack, batch, monitor, watch)

            def asked() -> bool:
                with stopwatch.stopped():
                    return should_stop()

            if not train(engine, memory, block_length, asked):
                raise PackInterrupted
        seconds = stopwatch.lap()
        metrics.steps_stored(_steps_of(memory), seconds)
        return completed(batch, memory, seconds, describe_device(device))

    def _should_stop(
        self, pack: _PackProgress, batch: Batch, monitor: LimitMonitor, watch: LeaseWatch
    ) -> Callable[[], bool]:
        shards = {claim.shard_id for claim in batch.claims}

        def should_stop() -> bool:
            monitor.check()
            monitor.waiting()
            watch.waiting()
            pack.keeper.keep()
            watch.computing()
            monitor.computing()
            return self._attempts.should_stop() or not shards & pack.open

        return should_stop

    def _monitor(self, spec: ResolvedJobSpec) -> LimitMonitor:
        """Monitor of the limits of a batch, which are those of each of its jobs."""

        def end(excess: LimitExceeded) -> None:
            """Leave the leases to expire: the shards are then tried again one by one."""
            _log.error("limit exceeded within a block of a pack; the worker ends itself", error=str(excess))

        return LimitMonitor(
            attempt_limits(spec.limits, self._settings, 0.0),
            LIMIT_GRACE_SECONDS + self._settings.heartbeat_seconds,
            end,
        )
