"""Trials in the store that the tests of comparisons share: ended with given losses and metrics."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.service import ComparisonResult, ComparisonService
from ayla_service.db.models import ChunkRow, MetricChunkRow, TrialRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.encoding import encode
from sqlalchemy import select

from tests.factories import submit

PLAIN, AYLA = "plain", "with AYLA"


def optimizers(learning_rate: float = 0.03) -> list[dict[str, Any]]:
    """Two settings with labels of their own."""
    plain = {"name": "sgd", "learning_rate": learning_rate}
    return [{**plain, "label": PLAIN}, {**plain, "label": AYLA, "ayla": {"n1": 1.0, "n2": 1.4}}]


def new_job(database: Database, **changes: Any) -> str:
    """A job of two settings, whose trials are all still queued."""
    return submit(database, **{"optimizers": optimizers(), "seeds": [0, 1], "record": {"every": 1}} | changes).id


def end(
    database: Database, job_id: str, label: str, seed: int, losses: Sequence[float], chunk: int = 4, **changes: object
) -> None:
    """End a trial with these losses, recorded in chunks of so many rows; it diverged if the last is not finite."""
    wanted = select(TrialRow).where(TrialRow.job_id == job_id, TrialRow.label == label, TrialRow.seed == seed)
    diverged, finite = not math.isfinite(losses[-1]), [loss for loss in losses if math.isfinite(loss)]
    with database.write() as session:
        trial = session.scalars(wanted).one()
        trial.state = TrialState.DIVERGED if diverged else TrialState.COMPLETED
        trial.steps_done, trial.wall_seconds = len(losses) - 1, 0.5
        trial.final_loss, trial.best_loss = None if diverged else losses[-1], min(finite)
        trial.best_step = list(losses).index(min(finite))
        for name, value in changes.items():
            setattr(trial, name, value)
        for first in range(0, len(losses), chunk):
            rows = list(range(first, min(first + chunk, len(losses))))
            columns = {"step": rows, "loss": [losses[step] for step in rows], "param.x": [0.0] * len(rows)}
            data = encode(columns)
            session.add(ChunkRow(trial_id=trial.id, first_step=first, last_step=rows[-1], rows=len(rows), data=data))


def diverge(database: Database, job_id: str, label: str, seed: int) -> None:
    """Let a trial have diverged after all."""
    wanted = select(TrialRow).where(TrialRow.job_id == job_id, TrialRow.label == label, TrialRow.seed == seed)
    with database.write() as session:
        trial = session.scalars(wanted).one()
        trial.state, trial.final_loss = TrialState.DIVERGED, None


def compare(database: Database, *job_ids: str, **query: Any) -> ComparisonResult:
    return ComparisonService(database).compare(LOCAL, job_ids, ComparisonQuery(**query))


def add_metrics(
    database: Database, job_id: str, label: str, seed: int, columns: Mapping[str, Sequence[float]], per_epoch: int = 5
) -> None:
    """Record metrics of a trial at the ends of its epochs; the last value of each is that after the last step."""
    wanted = select(TrialRow).where(TrialRow.job_id == job_id, TrialRow.label == label, TrialRow.seed == seed)
    count = max(map(len, columns.values()))
    with database.write() as session:
        trial = session.scalars(wanted).one()
        for name, values in columns.items():
            setattr(trial, name, values[-1] if math.isfinite(values[-1]) else None)
        for row in range(count):
            rows = {"step": [per_epoch * (row + 1)], "epoch": [row + 1], "train_loss": [0.001]}
            data = encode(rows | {name: [values[row]] for name, values in columns.items()})
            step = per_epoch * (row + 1)
            session.add(MetricChunkRow(trial_id=trial.id, first_step=step, last_step=step, rows=1, data=data))
