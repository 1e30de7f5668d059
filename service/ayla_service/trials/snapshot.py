"""Snapshots of trials: which trials are read and how far they had come, so that a long download stays consistent."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import JobRow, ShardRow, TrialRow
from ayla_service.errors import InvalidQuery, JobNotFound, TrialNotFound
from ayla_service.states import WITH_RESULT, JobState
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.series import Series

_Row = Row[*tuple[Any, ...]]

NO_CHUNK = -1
"""The last chunk of a trial that has none yet."""

_TRIALS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class TrialRef:
    """A trial with its progress at one moment.

    Attributes:
        last_chunk: first step of the last chunk that was there, ``NO_CHUNK`` if there was none; None for a trial that
            has ended with a result, to which nothing is added.
    """

    id: str
    index: int
    label: str
    optimizer_index: int
    seed: int
    steps_done: int
    last_chunk: int | None


@dataclass(frozen=True, slots=True)
class TrialsSnapshot:
    """Snapshot of trials of one job, with the progress of each.

    Attributes:
        job_id: the job.
        job_name: what its user called it.
        every: it records the steps that are multiples of this, and the first and last.
        trials: those asked for, in order.
        version: changes whenever their results do.
        is_final: whether the results will never change.
    """

    job_id: str
    job_name: str | None
    every: int
    trials: list[TrialRef]
    version: str
    is_final: bool


_TRIALS = select(
    TrialRow.id,
    TrialRow.index.label("place"),
    TrialRow.label,
    TrialRow.optimizer_index,
    TrialRow.seed,
    TrialRow.steps_done,
    TrialRow.state,
    TrialRow.stored_bytes,
    ShardRow.attempt,
).join(ShardRow, ShardRow.id == TrialRow.shard_id)


def of_trial(session: Session, team_id: str, trial_id: str, series: Series) -> TrialsSnapshot:
    """One trial.

    Raises:
        TrialNotFound: if the team has no such trial.
    """
    job = job_of_trial(session, team_id, trial_id)
    rows = session.execute(_TRIALS.where(TrialRow.id == trial_id)).all()
    return _snapshot(session, job, rows, series, is_final=rows[0].state in WITH_RESULT)


def job_of_trial(session: Session, team_id: str, trial_id: str) -> JobRow:
    """The job that a trial is of.

    Raises:
        TrialNotFound: if the team has no such trial.
    """
    query = (
        select(JobRow)
        .join(TrialRow, TrialRow.job_id == JobRow.id)
        .where(TrialRow.id == trial_id, JobRow.team_id == team_id)
    )
    job = session.scalar(query) if could_be_id(trial_id) else None
    if job is None:
        raise TrialNotFound(trial_id)
    return job


def of_job(
    session: Session, team_id: str, job_id: str, series: Series | None, selection: TrialSelection
) -> TrialsSnapshot:
    """The wanted trials of a job.

    Args:
        session: the unit of work.
        team_id: who asks.
        job_id: the job.
        series: the rows that are to be read; None if none are.
        selection: which trials.

    Raises:
        JobNotFound: if the team has no such job.
        InvalidQuery: if it has no trial or optimizer with such an index.
    """
    job = _job_for(session, team_id, job_id)
    rows = session.execute(_narrowed(_TRIALS, job, selection)).all()
    return _snapshot(session, job, rows, series, is_final=job.state == JobState.SUCCEEDED)


def _job_for(session: Session, team_id: str, job_id: str) -> JobRow:
    """A job of a team.

    Raises:
        JobNotFound: if the team has no such job.
    """
    job = session.get(JobRow, job_id) if could_be_id(job_id) else None
    if job is None or job.team_id != team_id:
        raise JobNotFound(job_id)
    return job


def _narrowed(query: Select[*tuple[Any, ...]], job: JobRow, selection: TrialSelection) -> Select[*tuple[Any, ...]]:
    """A query of trials, narrowed to the wanted ones of a job, in order.

    Raises:
        InvalidQuery: if the job has no trial or optimizer with such an index.
    """
    query = query.where(TrialRow.job_id == job.id).order_by(TrialRow.index)
    if selection.indexes is not None:
        _refuse_beyond("trials", max(selection.indexes, default=0), job.trials_total, "trials")
        query = query.where(TrialRow.index.in_(selection.indexes))
    if selection.optimizer_index is not None:
        optimizers = len(job.resolved_spec["optimizers"])
        _refuse_beyond("optimizer", selection.optimizer_index, optimizers, "optimizers")
        query = query.where(TrialRow.optimizer_index == selection.optimizer_index)
    if selection.states is not None:
        query = query.where(TrialRow.state.in_(sorted(selection.states)))
    return query


def _refuse_beyond(parameter: str, index: int, total: int, things: str) -> None:
    if index >= total:
        raise InvalidQuery(parameter, f"The job has {total} {things}, numbered from 0; there is no {index}.")


def _snapshot(
    session: Session, job: JobRow, rows: Sequence[_Row], series: Series | None, *, is_final: bool
) -> TrialsSnapshot:
    chunks = {} if series is None else _chunks(session, series, [row.id for row in rows if not _has_ended(row)])
    trials = [
        TrialRef(
            row.id,
            row.place,
            row.label,
            row.optimizer_index,
            row.seed,
            row.steps_done,
            None if _has_ended(row) else chunks.get(row.id, (0, NO_CHUNK))[1],
        )
        for row in rows
    ]
    progress = [(row.id, row.state, row.steps_done, row.stored_bytes, row.attempt, chunks.get(row.id)) for row in rows]
    version = hashlib.sha256(repr(progress).encode()).hexdigest()
    return TrialsSnapshot(job.id, job.name, job.resolved_spec["record"]["every"], trials, version, is_final)


def _has_ended(row: _Row) -> bool:
    return row.state in WITH_RESULT


def _chunks(session: Session, series: Series, trial_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The number of chunks of each trial that has any, and the first step of the last; from the primary key alone."""
    table, found = series.table, dict[str, tuple[int, int]]()
    query = select(table.trial_id, func.count(), func.max(table.first_step)).group_by(table.trial_id)
    for first in range(0, len(trial_ids), _TRIALS_AT_ONCE):
        some = session.execute(query.where(table.trial_id.in_(trial_ids[first : first + _TRIALS_AT_ONCE])))
        found |= {trial_id: (chunks, last) for trial_id, chunks, last in some}
    return found
