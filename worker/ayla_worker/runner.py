"""Takes shards from the queue and runs them: a large one by itself, small ones together."""

from collections.abc import Callable, Sequence

import structlog
from ayla_service.db.session import Database
from ayla_service.observability import metrics
from ayla_service.queue.claimed import Claim, claims_of
from ayla_service.queue.claims import WorkerIdentity, take_pack
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.policy import PackLimits
from ayla_service.queue.wakeup import TimerWakeUp, WakeUp
from ayla_service.settings import Settings

from ayla_worker.attempt import AttemptRunner
from ayla_worker.best_again import BestAgain
from ayla_worker.data import data_source
from ayla_worker.pack import PackRunner
from ayla_worker.store_retry import retry_store
from ayla_worker.watchdog import Watchdog

_LEASES_WITHOUT_PROGRESS = 3

_SMALL_SHARE = 0.25
"""A shard is small if it takes at most that share of what a worker takes at once."""


class Runner:
    """Runner of one worker: claims shards and runs them.

    Args:
        database: the store.
        settings: lease, heartbeat, checkpoints, packs and limits, and where datasets come from.
        identity: who claims.
        should_stop: asked between blocks of steps; when true what runs is handed back.
        wake_up: told about jobs that the worker itself has queued. Default: nobody.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        identity: WorkerIdentity,
        should_stop: Callable[[], bool],
        wake_up: WakeUp | None = None,
    ) -> None:
        self.database = database
        self.name = identity.name
        self.schema_ready = False
        self.watchdog = Watchdog(_LEASES_WITHOUT_PROGRESS * settings.lease_seconds)
        self._settings = settings
        self._best = BestAgain(database, wake_up or TimerWakeUp(), settings.lease_seconds)
        self._identity = identity
        self._limits = PackLimits(
            shards=settings.pack_shards,
            seconds=settings.pack_seconds,
            small_seconds=settings.pack_seconds * _SMALL_SHARE,
        )
        self._shares = SharePolicy(settings.share_half_life_seconds)
        source = data_source(settings, database)
        self._attempts = AttemptRunner(database, settings, source, should_stop, self.watchdog.feed)
        self._packs = PackRunner(self._attempts)

    def run_next(self, on_claim: Callable[[Sequence[Claim]], None] = lambda _: None) -> bool:
        """Claim and run a shard, or a pack of small ones; returns whether there was any.

        Args:
            on_claim: called with what was claimed, before it is run.
        """
        self._best.look()
        lease = self._settings.lease_seconds
        taken = take_pack(self.database, self._identity, lease, self._limits, self._shares)
        claims = retry_store(lease, lambda: claims_of(self.database, taken))
        if not claims:
            return False
        metrics.work_claimed(_device(claims[0]), len(claims))
        on_claim(claims)
        with structlog.contextvars.bound_contextvars(worker=self.name):
            if len(claims) == 1:
                self._attempts.run(claims[0])
            else:
                self._packs.run(claims)
            self._best.after(claims)
        return True


def _device(claim: Claim) -> str:
    return str(claim.resolved_spec.get("device", "auto"))
