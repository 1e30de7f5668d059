"""One attempt at one shard, from its claim to its end: restore, train, record; and what happens when it goes wrong."""

import time
from collections.abc import Callable

import structlog
import torch
from ayla_core.checkpoint import CheckpointError
from ayla_core.datasets import DataSource
from ayla_core.devices import select_device
from ayla_core.engine import Engine
from ayla_core.native.library import kernels
from ayla_core.training import BlockLength, train
from ayla_service.db.session import Database
from ayla_service.observability import metrics
from ayla_service.queue import attempts
from ayla_service.queue.attempts import HeartbeatReply, LeaseLost
from ayla_service.queue.claimed import Claim, SavedState
from ayla_service.queue.retries import policy_of
from ayla_service.settings import Settings
from ayla_service.states import AttemptOutcome
from ayla_service.trials.recomputed import ran_alone
from ayla_spec.costs import cost_of
from ayla_spec.problems import ExpressionProblem

from ayla_worker.data import with_progress
from ayla_worker.failures import detail_of, error_type_of
from ayla_worker.identity import describe_device
from ayla_worker.lease import LeaseKeeper, LeaseWatch, lease_after
from ayla_worker.limits import LimitExceeded, LimitMonitor, attempt_limits
from ayla_worker.recorder import JobEnding, JobPaused, StoreRecorder, raise_if_over
from ayla_worker.store_retry import retry_store

_log = structlog.get_logger("ayla.worker")

_GROWTH = 8.0
"""Most that a block may be longer than the one before; each costs a write to the store."""

MOST_FIRST_STEPS = 4096
"""Of the first block of an attempt, however short its steps are estimated to be."""

_FIRST_STEPS_UNKNOWN = 4
"""Of the first block where the estimate means nothing: it must not outlast the lease, whatever a step costs."""

LIMIT_GRACE_SECONDS = 5.0
"""Time that a limit may be exceeded in the middle of a block; a block takes about a heartbeat."""


class AttemptRunner:
    """Runs one claimed shard at a time.

    Args:
        database: the store.
        settings: lease, heartbeat, checkpoints, limits and retries.
        source: where datasets come from.
        should_stop: asked between blocks of steps; when true the shard is handed back.
        on_progress: called whenever the attempt makes progress.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DataSource,
        should_stop: Callable[[], bool],
        on_progress: Callable[[], None],
    ) -> None:
        self.database = database
        self.settings = settings
        self.source = source
        self.should_stop = should_stop
        self.on_progress = on_progress
        self._policy = policy_of(settings)

    def run(self, claimed: Claim) -> None:
        """Run the attempt to its end, whatever that is; only a store that stays away is the caller's concern.

        Raises:
            sqlalchemy.exc.DBAPIError: if the store does not answer.
        """
        ids = {"job_id": claimed.job_id, "shard_id": claimed.shard_id, "attempt": claimed.attempt}
        with structlog.contextvars.bound_contextvars(**ids):
            _log.info("attempt started", trials=claimed.range.trials)
            try:
                outcome = self._attempt(claimed)
            except LeaseLost:
                metrics.write_refused()
                _log.warning("attempt abandoned: the lease was lost")
            else:
                metrics.attempt_ended(outcome)
                _log.info("attempt ended", outcome=outcome.value)

    def fail(self, claimed: Claim, error: Exception) -> None:
        """Record that the attempt failed; what follows is the policy's.

        Raises:
            LeaseLost: if the attempt is no longer the current one.
        """
        self._write(lambda: attempts.fail(self.database, claimed, error_type_of(error), detail_of(error), self._policy))

    def _attempt(self, claimed: Claim) -> AttemptOutcome:
        try:
            return self._train(claimed)
        except JobEnding:
            self._write(lambda: attempts.cancel(self.database, claimed))
            return AttemptOutcome.CANCELLED
        except LeaseLost:
            raise
        except Exception as error:
            # Whatever it is, it is the attempt's failure, not the worker's; even a store that was away for too long,
            # if it is back by now.
            _log.warning("attempt failed", error=detail_of(error), exc_info=error)
            self.fail(claimed, error)
            return AttemptOutcome.FAILED

    def _train(self, claimed: Claim) -> AttemptOutcome:
        device = select_device(claimed.spec.device)
        lease = self._lease(claimed)
        watch = self._watch(claimed, lease)
        with self._monitor(claimed) as monitor, watch.watching():
            try:
                engine = self._restored(claimed, device, lease, watch)
            except JobPaused:
                self._write(lambda: attempts.release(self.database, claimed))
                return AttemptOutcome.RELEASED
            where = describe_device(device)
            if claimed.attempt > 1:
                watch.waiting()
                self._write(lambda: attempts.begin(self.database, claimed, engine.step, where, lease))
                watch.computing()
            every = self.settings.checkpoint_seconds
            recorder = StoreRecorder(self.database, claimed, lease, every, where, monitor, watch, self.on_progress)
            monitor.computing()
            return self._advance(claimed, device, engine, recorder, watch)

    def _advance(
        self, claimed: Claim, device: torch.device, engine: Engine, recorder: StoreRecorder, watch: LeaseWatch
    ) -> AttemptOutcome:
        begun_at = engine.step
        try:
            if train(engine, recorder, self._block_length(claimed, device), self.should_stop):
                return AttemptOutcome.SUCCEEDED
        except JobPaused:
            pass
        watch.waiting()
        saved = self._packed(engine) if engine.step > begun_at else None
        self._write(lambda: attempts.release(self.database, claimed, saved))
        return AttemptOutcome.RELEASED

    def _packed(self, engine: Engine) -> SavedState:
        begun = time.monotonic()
        saved = SavedState(engine.step, engine.checkpoint())
        metrics.checkpoint_packed(len(saved.data), time.monotonic() - begun)
        return saved

    def _block_length(self, claimed: Claim, device: torch.device) -> BlockLength:
        """Blocks of about a heartbeat, beginning with a short one."""
        heartbeat = self.settings.heartbeat_seconds
        return BlockLength(heartbeat, first_steps=_first_steps(claimed, device, heartbeat / 4), growth=_GROWTH)

    def _ran_alone(self, claimed: Claim) -> bool:
        """Whether nothing was computed beside the trial that is computed again: it is to come to the same bits."""
        if claimed.origin is None:
            return True
        origin = claimed.origin

        def read() -> bool:
            with self.database.read() as session:
                return ran_alone(session, origin)

        return retry_store(self.settings.lease_seconds, read)

    def _write(self, write: Callable[[], None]) -> None:
        retry_store(self.settings.lease_seconds, write)

    def _monitor(self, claimed: Claim) -> LimitMonitor:
        def end(excess: LimitExceeded) -> None:
            ids = {"job_id": claimed.job_id, "shard_id": claimed.shard_id, "attempt": claimed.attempt}
            _log.error("limit exceeded within a block; the worker ends itself", error=str(excess), **ids)
            self.fail(claimed, excess)

        limits = attempt_limits(claimed.spec.limits, self.settings, claimed.seconds_used)
        return LimitMonitor(limits, LIMIT_GRACE_SECONDS + self.settings.heartbeat_seconds, end)

    def _lease(self, claimed: Claim) -> float:
        """Seconds of the attempt's lease; where a longer one was needed before, it begins at once."""
        lease = self.settings.lease_seconds
        if claimed.attempt == 1:
            return lease
        longer = lease_after(lease, retry_store(lease, lambda: attempts.outlasted(self.database, claimed)))
        if longer > lease:
            retry_store(lease, lambda: attempts.renew(self.database, claimed, longer))
        return longer

    def _watch(self, claimed: Claim, lease: float) -> LeaseWatch:
        def renew() -> None:
            # A pause is for the end of a block: in its middle there is no state to hand back.
            if retry_store(lease, lambda: attempts.renew(self.database, claimed, lease)) is HeartbeatReply.STOP:
                raise JobEnding

        return LeaseWatch(lease, renew, lambda error: self.fail(claimed, error), self.on_progress)

    def _restored(self, claimed: Claim, device: torch.device, lease: float, watch: LeaseWatch) -> Engine:
        """The shard's engine at the newest checkpoint that can be read, else at step 0."""

        def renew() -> None:
            watch.waiting()
            order = retry_store(lease, lambda: attempts.renew(self.database, claimed, lease))
            raise_if_over(order)
            watch.computing()

        keeper = LeaseKeeper(renew, self.settings.heartbeat_seconds, self.on_progress)
        source, alone = with_progress(self.source, keeper.keep), self._ran_alone(claimed)
        engine = Engine(claimed.spec, claimed.trials, device, source, shares_products=alone)
        for saved in claimed.saved:
            try:
                engine.restore(saved.data)
            except CheckpointError as error:
                _log.warning("checkpoint unreadable", step=saved.step, error=str(error))
            else:
                _log.info("resumed", step=saved.step)
                break
        return engine


def _first_steps(claimed: Claim, device: torch.device, seconds: float) -> int:
    """Steps that take about so long, where that is known: for expressions in compiled kernels."""
    spec = claimed.spec
    if not isinstance(spec.problem, ExpressionProblem):
        return 1
    if device.type != "cpu" or kernels("expressions", getattr(torch, spec.dtype)) is None:
        return _FIRST_STEPS_UNKNOWN
    a_step = cost_of(spec).of(claimed.range.trials) / spec.budget.steps
    return max(1, min(MOST_FIRST_STEPS, int(seconds / a_step)))
