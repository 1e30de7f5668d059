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
from ayla_service.queue.claims import Claim
from ayla_service.queue.packs import CompletedShard
from ayla_service.states import AttemptOutcome
from ayla_spec.jobspec import ResolvedJobSpec
from sqlalchemy.exc import DBAPIError

from ayla_worker.attempt import LIMIT_GRACE_SECONDS, AttemptRunner
from ayla_worker.batches import Batch, batch_of, compatible, completed
from ayla_worker.data import with_progress
from ayla_worker.identity import describe_device
from ayla_worker.lease import LeaseKeeper, LeaseWatch, StepTooLong
from ayla_worker.limits import Guard, LimitExceeded, allowance
from ayla_worker.patience import patiently
from ayla_worker.stopwatch import Stopwatch

_log = structlog.get_logger("ayla.worker")

_FIRST_STEPS, _GROWTH = 4, 16.0
"""Blocks cost nothing here, as they are not written; so the first is short, whatever its steps may take."""


class Interrupted(Exception):
    """The worker is to stop, or nothing of a batch is wanted any more; what it computed is not kept."""


class _Rows(MemoryRecorder):
    """Everything in memory, without checkpoints: what is small starts again from its first step."""

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:  # noqa: ARG002  # the interface's name
        """Add a block."""
        super().write(block, bytes)


class _Course:
    """How far a pack is: which shards are still open, and which results wait to be stored."""

    def __init__(self, alone: AttemptRunner, claims: Sequence[Claim]) -> None:
        self.open = {claim.shard_id for claim in claims}
        self.succeeded = 0
        self.keeper = LeaseKeeper(self.beat, alone.settings.heartbeat_seconds, alone.on_progress)
        self._alone = alone
        self._claims = {claim.shard_id: claim for claim in claims}
        self._waiting: list[CompletedShard] = []

    def beat(self) -> None:
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
                self._alone.fail(claim, error)
                metrics.attempt_ended(AttemptOutcome.FAILED)

    def _renewed(self, held: Sequence[Claim]) -> set[str]:
        """The shards whose leases are renewed: neither lost nor no longer wanted."""
        lease = self._alone.settings.lease_seconds
        return patiently(lease, lambda: packs.renew(self._alone.database, held, lease)) if held else set()

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
            waiting, lease = self._waiting, self._alone.settings.lease_seconds
            stored = patiently(lease, lambda: packs.complete(self._alone.database, waiting))
            self.succeeded += len(stored)
            metrics.attempt_ended(AttemptOutcome.SUCCEEDED, len(stored))
            metrics.write_refused(len(self._waiting) - len(stored))
            self._waiting.clear()

    def hand_back(self) -> None:
        """Release every shard that was not run."""
        for claim in self._open_claims():
            self._close(claim)

    def _open_claims(self) -> list[Claim]:
        return [self._claims[shard_id] for shard_id in tuple(self.open)]

    def _close(self, claim: Claim) -> None:
        """Release a shard; if its job is ending that cancels it, and if it is lost that does nothing."""
        self.open.discard(claim.shard_id)
        try:
            patiently(self._alone.settings.lease_seconds, lambda: attempts.release(self._alone.database, claim))
        except attempts.LeaseLost:
            metrics.write_refused()
            ids = {"job_id": claim.job_id, "shard_id": claim.shard_id, "attempt": claim.attempt}
            _log.warning("attempt abandoned: the lease was lost", **ids)
        else:
            metrics.attempt_ended(AttemptOutcome.RELEASED)


class PackRunner:
    """Runs packs.

    Args:
        alone: runs single shards, where running them together is not possible.
    """

    def __init__(self, alone: AttemptRunner) -> None:
        self._alone = alone
        self._database = alone.database
        self._settings = alone.settings

    def run(self, claims: Sequence[Claim]) -> None:
        """Run the shards to their ends.

        Raises:
            sqlalchemy.exc.DBAPIError: if the store does not answer.
        """
        _log.info("pack started", shards=len(claims))
        course = _Course(self._alone, claims)
        for group in compatible(claims):
            self._run_group(course, group)
        course.flush()
        course.hand_back()
        _log.info("pack ended", succeeded=course.succeeded, shards=len(claims))

    def _run_group(self, course: _Course, group: Sequence[Claim]) -> None:
        wanted = [claim for claim in group if claim.shard_id in course.open]
        if not wanted or self._alone.should_stop():
            return
        try:
            course.add(self._compute(course, batch_of(wanted)))
        except (Interrupted, attempts.LeaseLost, StepTooLong):
            return
        except DBAPIError:
            raise
        except Exception as error:
            _log.warning("a batch failed; its shards are run one by one", shards=len(wanted), exc_info=error)
            course.flush()
            for claim in wanted:
                self._run_alone(course, claim)

    def _run_alone(self, course: _Course, claim: Claim) -> None:
        course.beat()
        if claim.shard_id in course.open and not self._alone.should_stop():
            course.open.discard(claim.shard_id)
            self._alone.run(claim)

    def _compute(self, course: _Course, batch: Batch) -> list[CompletedShard]:
        spec = batch.claims[0].spec
        device = select_device(spec.device)
        stopwatch, memory = Stopwatch(), _Rows()
        lease = self._settings.lease_seconds
        watch = LeaseWatch(lease, course.renew, lambda error: course.fail(batch, error), self._alone.on_progress)
        with self._guard(spec) as guard, watch.watching():
            engine = Engine(spec, batch.trials, device, with_progress(self._alone.source, course.keeper.keep))
            block_length = BlockLength(self._settings.heartbeat_seconds, first_steps=_FIRST_STEPS, growth=_GROWTH)
            guard.computing()
            if not train(engine, memory, block_length, self._should_stop(course, batch, guard, watch)):
                raise Interrupted
        seconds = stopwatch.lap()
        metrics.steps_stored(sum(item.steps_done for item in memory.summaries.values()), seconds)
        return completed(batch, memory, seconds, describe_device(device))

    def _should_stop(self, course: _Course, batch: Batch, guard: Guard, watch: LeaseWatch) -> Callable[[], bool]:
        shards = {claim.shard_id for claim in batch.claims}

        def should_stop() -> bool:
            guard.check()
            guard.waiting()
            watch.waiting()
            course.keeper.keep()
            watch.computing()
            guard.computing()
            return self._alone.should_stop() or not shards & course.open

        return should_stop

    def _guard(self, spec: ResolvedJobSpec) -> Guard:
        """Limits of all the jobs of a batch, which are equal; by themselves they are seen again for each one alone."""

        def end(excess: LimitExceeded) -> None:
            """Leave the leases to expire: the shards are then tried again alone."""
            _log.error("limit exceeded within a block of a pack; the worker ends itself", error=str(excess))

        return Guard(
            allowance(spec.limits, self._settings, 0.0), LIMIT_GRACE_SECONDS + self._settings.heartbeat_seconds, end
        )
