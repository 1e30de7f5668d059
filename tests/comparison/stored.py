"""Trials in the store that the tests of comparisons share: ended with given losses and metrics."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.service import ComparisonResult, ComparisonService
from ayla_service.db.models import MetricChunkRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.record import TrialRecord

from tests.factories import set_trials, stored_trials, submit
from tests.trials.chunked import add_chunk

PLAIN, AYLA = "plain", "with AYLA"


def optimizers(learning_rate: float = 0.03) -> list[dict[str, Any]]:
    """Two settings with labels of their own."""
    plain = {"name": "sgd", "learning_rate": learning_rate}
    return [{**plain, "label": PLAIN}, {**plain, "label": AYLA, "ayla": {"n1": 1.0, "n2": 1.4}}]


def new_job(database: Database, **changes: Any) -> str:
    """A job of two settings, whose trials are all still queued."""
    return submit(database, **{"optimizers": optimizers(), "seeds": [0, 1], "record": {"every": 1}} | changes).id


def end(
    database: Database, job_id: str, label: str, seed: int, losses: Sequence[float], chunk: int = 4, **changes: Any
) -> None:
    """End a trial with these losses, recorded in chunks of so many rows; it diverged if the last is not finite."""
    trial = _trial(database, job_id, label, seed)
    diverged, finite = not math.isfinite(losses[-1]), [loss for loss in losses if math.isfinite(loss)]
    numbers = {
        "state": TrialState.DIVERGED if diverged else TrialState.COMPLETED,
        "steps_done": len(losses) - 1,
        "wall_seconds": 0.5,
        "stored_bytes": 8 * len(losses),
        "final_loss": None if diverged else losses[-1],
        "best_loss": min(finite),
        "best_step": list(losses).index(min(finite)),
    }
    set_trials(database, job_id, trial.index, **numbers | changes)
    for first in range(0, len(losses), chunk):
        rows = list(range(first, min(first + chunk, len(losses))))
        add_chunk(
            database,
            trial.id,
            {"step": rows, "loss": [losses[step] for step in rows], "param.x": [0.0] * len(rows)},
        )


def _trial(database: Database, job_id: str, label: str, seed: int) -> TrialRecord:
    return next(trial for trial in stored_trials(database, job_id) if (trial.label, trial.seed) == (label, seed))


def diverge(database: Database, job_id: str, label: str, seed: int) -> None:
    """Let a trial have diverged after all."""
    index = _trial(database, job_id, label, seed).index
    set_trials(database, job_id, index, state=TrialState.DIVERGED, final_loss=None)


def compare(database: Database, *job_ids: str, **query: Any) -> ComparisonResult:
    return ComparisonService(database).compare(LOCAL, job_ids, ComparisonQuery(**query))


def add_metrics(
    database: Database, job_id: str, label: str, seed: int, columns: Mapping[str, Sequence[float]], per_epoch: int = 5
) -> None:
    """Record metrics of a trial at the ends of its epochs; the last value of each is that after the last step."""
    trial, count = _trial(database, job_id, label, seed), max(map(len, columns.values()))
    ends: dict[str, Any] = {name: values[-1] if math.isfinite(values[-1]) else None for name, values in columns.items()}
    set_trials(database, job_id, trial.index, **ends)
    for row in range(count):
        rows: dict[str, Sequence[float]] = {"step": [per_epoch * (row + 1)], "epoch": [row + 1], "train_loss": [0.001]}
        values_of_row = {name: [values[row]] for name, values in columns.items()}
        add_chunk(database, trial.id, rows | values_of_row, MetricChunkRow)
