"""What the store holds, read past the program: rows as they lie there, without a rule that could hide a fault."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ayla_core.recorder import Column
from ayla_service.db.models import ChunkRow, JobRow, MetricChunkRow, ShardRow, TrialRow
from ayla_service.db.session import Database
from ayla_service.trials.encoding import decode
from sqlalchemy import select
from sqlalchemy.orm import Session

Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class StoredTrial:
    """A trial with all of its rows, in the order of their chunks; no columns where it has no chunk."""

    row: TrialRow
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
        rows = session.scalars(
            select(TrialRow).join(ShardRow).where(TrialRow.job_id == job_id).order_by(ShardRow.index, TrialRow.index)
        )
        shards: dict[str, list[StoredTrial]] = defaultdict(list)
        for row in rows:
            shards[row.shard_id].append(StoredTrial(row, trajectories.get(row.id, {}), metrics.get(row.id, {})))
        session.expunge_all()  # to be read after the end of the unit of work
    return StoredJob(job, list(shards.values()))


def _columns(session: Session, table: type[ChunkRow] | type[MetricChunkRow], job_id: str) -> dict[str, Columns]:
    query = (
        select(table.trial_id, table.data)
        .join(TrialRow, TrialRow.id == table.trial_id)
        .where(TrialRow.job_id == job_id)
    )
    pieces: dict[str, list[Columns]] = defaultdict(list)
    for trial_id, data in session.execute(query.order_by(table.trial_id, table.first_step)):
        chunk = decode(data)
        pieces[trial_id].append({name: chunk[name].to_numpy() for name in chunk.column_names})
    return {trial_id: _joined(parts) for trial_id, parts in pieces.items()}


def _joined(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
