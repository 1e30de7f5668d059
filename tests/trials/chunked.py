"""Rows of trials in the store, as the tests of what reads them need them."""

from collections.abc import Mapping
from typing import Any

from ayla_service.db.models import ChunkRow, MetricChunkRow
from ayla_service.db.session import Database
from ayla_service.trials.encoding import encode

from tests.factories import stored_trials


def ids_of(database: Database, job_id: str) -> list[str]:
    """Ids of the trials of a job, in order."""
    return [trial.id for trial in stored_trials(database, job_id)]


def place_of(trial_id: str) -> tuple[str, int]:
    """The job of a trial, and its place there."""
    job_id, _, index = trial_id.rpartition("-")
    return job_id, int(index)


def add_chunk(
    database: Database,
    trial_id: str,
    columns: Mapping[str, Any],
    table: type[ChunkRow] | type[MetricChunkRow] = ChunkRow,
) -> None:
    """Store consecutive rows of a trial as one chunk."""
    steps, (job_id, index) = columns["step"], place_of(trial_id)
    place = {"job_id": job_id, "trial_index": index, "first_step": int(steps[0]), "last_step": int(steps[-1])}
    with database.write() as session:
        session.add(table(**place, rows=len(steps), data=encode(columns)))
