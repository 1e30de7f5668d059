"""Records what the core computes into the store, one transaction per block of steps."""

import time
from collections.abc import Callable, Sequence

import stamina
from ayla_core.course import joined
from ayla_core.recorder import Block, MetricRows, PredictionRows, TrialRows, TrialSummary
from ayla_service.db.session import Database
from ayla_service.queue import attempts
from ayla_service.queue.attempts import RecordedBlock, TrialProgress
from ayla_service.queue.claims import Claim
from ayla_service.results.encoding import encode
from ayla_service.results.writer import NewChunk, NewPredictions, NewResults
from ayla_service.states import TrialState
from sqlalchemy.exc import OperationalError


class JobEnding(Exception):
    """The job is to be cancelled or has failed elsewhere; what was computed so far is stored."""


class StoreRecorder:
    """The core's recorder over the store; every write also renews the attempt's lease.

    Args:
        database: the store.
        claim: the attempt that writes.
        lease_seconds: how long each write renews the lease.
        on_progress: told after each write.
    """

    def __init__(
        self, database: Database, claim: Claim, lease_seconds: float, on_progress: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._on_progress = on_progress
        self._since = time.perf_counter()

    def write(self, block: Block, checkpoint: bytes) -> None:
        """Store a block.

        Raises:
            LeaseLost: if the attempt is no longer the current one.
            JobEnding: if nothing more of the job is to run; the block is stored.
            sqlalchemy.exc.OperationalError: if the store does not answer for as long as the lease lasts.
        """
        recorded = RecordedBlock(
            step=block.last_step + 1,
            checkpoint=checkpoint,
            trials=[self._trial(summary) for summary in block.summaries],
            results=NewResults(
                [self._chunk(rows) for rows in block.rows if len(rows.columns["step"])],
                [self._predictions(item) for item in block.predictions],
                [self._chunk(rows) for rows in _one_per_trial(block.metrics)],
            ),
            seconds=time.perf_counter() - self._since,
            finished=block.finished,
        )
        stop = self._store(recorded)
        self._on_progress()
        # Time spent waiting for the store is not computing time.
        self._since = time.perf_counter()
        if stop:
            raise JobEnding

    def _store(self, recorded: RecordedBlock) -> bool:
        """Write the block, again if need be: a store that is away for a moment does not cost the attempt."""
        for attempt in stamina.retry_context(on=OperationalError, attempts=None, timeout=self._lease_seconds):
            with attempt:
                return attempts.record(self._database, self._claim, recorded, self._lease_seconds)
        raise AssertionError("the last try either returns or raises")

    def _chunk(self, rows: TrialRows | MetricRows) -> NewChunk:
        steps = rows.columns["step"]
        trial_id = self._claim.trial_ids[rows.index]
        return NewChunk(trial_id, int(steps[0]), int(steps[-1]), len(steps), encode(rows.columns))

    def _predictions(self, item: PredictionRows) -> NewPredictions:
        return NewPredictions(self._claim.trial_ids[item.index], item.step, encode(item.columns))

    def _trial(self, summary: TrialSummary) -> TrialProgress:
        return TrialProgress(
            trial_id=self._claim.trial_ids[summary.index],
            state=TrialState(summary.outcome),
            steps_done=summary.steps_done,
            final_loss=summary.final_loss,
            best_loss=summary.best_loss,
            best_step=summary.best_step,
            first_nonfinite_step=summary.first_nonfinite_step,
            capped_steps=summary.capped_steps,
        )


def _one_per_trial(metrics: Sequence[MetricRows]) -> list[MetricRows]:
    """The rows of each trial in one piece: a block can hold many short epochs, and each piece is a row of the store."""
    pieces: dict[int, list[MetricRows]] = {}
    for rows in metrics:
        pieces.setdefault(rows.index, []).append(rows)
    return [MetricRows(index, joined([rows.columns for rows in parts])) for index, parts in pieces.items()]
