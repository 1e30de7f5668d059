"""What the store holds, read past the program: rows as they lie there, without a rule that could hide a fault."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ayla_core.recorder import Column
from ayla_service.db.models import ChunkRow, JobRow, MetricChunkRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.trials.encoding import decode
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.record import TrialRecord
from sqlalchemy import select
from sqlalchemy.orm import Session

Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class StoredTrial:
    """A trial with all of its rows, in the order of their chunks; no columns where it has no chunk."""

    row: TrialRecord
    trajectory: Columns
    metrics: Columns


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job with the trials of each of its shards, in order."""

    row: JobRow
    shards: Sequence[Sequence[StoredTrial]]


def stored_job(database: Database, job_id: str) -> StoredJob:
    """Everything of one job."""
    with database.read() as session:
        job = session.get_one(JobRow, job_id)
        trajectories = _columns(session, ChunkRow, job_id)
        metrics = _columns(session, MetricChunkRow, job_id)
        trials = [
            StoredTrial(trial, trajectories.get(trial.index, {}), metrics.get(trial.index, {}))
            for trial in TrialReader(session).columns(job).trials()
        ]
        shards = select(ShardRow.first_trial, ShardRow.trials).where(ShardRow.job_id == job_id).order_by(ShardRow.index)
        parts = [trials[first : first + count] for first, count in session.execute(shards)]
        session.expunge_all()  # to be read after the end of the unit of work
    return StoredJob(job, parts)


def _columns(session: Session, table: type[ChunkRow] | type[MetricChunkRow], job_id: str) -> dict[int, Columns]:
    query = select(table.trial_index, table.data).where(table.job_id == job_id)
    pieces: dict[int, list[Columns]] = defaultdict(list)
    for index, data in session.execute(query.order_by(table.trial_index, table.first_step)):
        chunk = decode(data)
        pieces[index].append({name: chunk[name].to_numpy() for name in chunk.column_names})
    return {index: _joined(parts) for index, parts in pieces.items()}


def _joined(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
