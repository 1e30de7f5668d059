"""Where trials are: their rows, and of what they have recorded the newest."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from ayla_service.db.models import Chunk, MetricChunk, Trial
from ayla_service.streams.events import MOST_TRIALS, TrialNow
from ayla_service.trials.encoding import decode

MOST_AT_ONCE = 64
"""Trials whose newest rows are looked at in one look."""

_LARGEST = 512 * 1024
"""Bytes of a chunk that is looked into; larger ones come from trials that make very many steps in a second."""

_COLUMNS = (
    Trial.id, Trial.job_id, Trial.index.label("place"), Trial.optimizer_index, Trial.label, Trial.seed, Trial.state,
    Trial.steps_done, Trial.final_loss, Trial.best_loss, Trial.best_step,
)  # fmt: skip


def trials_of(
    session: Session, job_ids: Collection[str], known: Mapping[str, Mapping[str, TrialNow]]
) -> dict[str, dict[str, TrialNow]]:
    """The first trials of each job by id, in order.

    Args:
        session: the unit of work.
        job_ids: the jobs.
        known: what was known of their trials before; what their rows do not tell is kept.
    """
    found: dict[str, dict[str, TrialNow]] = {job_id: {} for job_id in job_ids}
    if not found:
        return found
    query = select(*_COLUMNS).where(Trial.job_id.in_(job_ids), Trial.index < MOST_TRIALS)
    for row in session.execute(query.order_by(Trial.job_id, Trial.index)):
        found[row.job_id][row.id] = _trial(row, known.get(row.job_id, {}).get(row.id))
    return found


def _trial(row: Any, before: TrialNow | None) -> TrialNow:
    if before is not None and row.steps_done < before.steps_done:
        before = None  # it began again from an earlier step
    step, loss = (before.step, before.loss) if before else (None, None)
    if row.final_loss is not None:
        step, loss = row.steps_done, row.final_loss
    return TrialNow(
        id=row.id,
        index=row.place,
        optimizer_index=row.optimizer_index,
        label=row.label,
        seed=row.seed,
        state=row.state,
        steps_done=row.steps_done,
        step=step,
        loss=loss,
        best_loss=row.best_loss,
        best_step=row.best_step,
        metrics=before.metrics if before else None,
    )


def newest_losses(session: Session, trial_ids: Sequence[str]) -> dict[str, tuple[int, float | None]]:
    """The last recorded step of each trial and the loss there; None where that would take too long to find."""
    rows = _newest(session, Chunk, trial_ids)
    return {trial_id: (last_step, _last_row(data, ("loss",)).get("loss")) for trial_id, last_step, data in rows}


def newest_metrics(session: Session, trial_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The last row of metrics of each trial that has any."""
    rows = {trial_id: _last_row(data) for trial_id, _, data in _newest(session, MetricChunk, trial_ids)}
    return {trial_id: row for trial_id, row in rows.items() if row}


def _last_row(data: bytes | None, columns: Collection[str] | None = None) -> dict[str, float]:
    """The last row of a chunk; nothing if it cannot be read: one that is damaged must not silence all streams."""
    if data is None:
        return {}
    try:
        table = decode(data, columns)
        return {name: table.column(name)[-1].as_py() for name in table.column_names}
    except pa.ArrowException:
        return {}


def _newest(
    session: Session, table: type[Chunk] | type[MetricChunk], trial_ids: Sequence[str]
) -> list[tuple[str, int, bytes | None]]:
    """The newest chunk of each trial: its last step, and its data unless they are too large."""
    if not trial_ids:
        return []
    other = aliased(table)
    last = select(func.max(other.first_step)).where(other.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    data = case((func.length(table.data) <= _LARGEST, table.data))
    query = select(table.trial_id, table.last_step, data).select_from(Trial)
    query = query.join(table, (table.trial_id == Trial.id) & (table.first_step == last))
    return [(row[0], row[1], row[2]) for row in session.execute(query.where(Trial.id.in_(trial_ids)))]
