"""Trials as streams carry them, made from their columns, and the newest of what they have recorded."""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
from sqlalchemy import Integer, String, and_, case, column, func, select, values
from sqlalchemy.orm import Session, aliased

from ayla_service.db.models import ChunkRow, MetricChunkRow
from ayla_service.streams.events import MOST_TRIALS, StreamedTrial
from ayla_service.trials.columns import MISSING, STATES, TrialColumns
from ayla_service.trials.encoding import decode
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.trial_ids import trial_id

STREAMED = ("steps_done", "final_loss", "best_loss", "best_step")
"""Columns of summaries that a streamed trial has."""

_LARGEST = 512 * 1024
"""Bytes of a chunk that is read; larger ones come from trials that make very many steps in a second."""

TrialKey = tuple[str, int]
"""Id of a job, and the place of a trial in it."""


def read_trials(
    session: Session, layouts: Mapping[str, TrialLayout], known: Mapping[str, Mapping[str, StreamedTrial]]
) -> dict[str, dict[str, StreamedTrial]]:
    """The first trials of each job by id, in order.

    Args:
        session: the unit of work.
        layouts: of the jobs.
        known: their trials as they were; newest losses and metrics, which other rows have, are kept from there.
    """
    found: dict[str, dict[str, StreamedTrial]] = {}
    for job_id, columns in TrialReader(session).first_of(layouts, MOST_TRIALS, STREAMED).items():
        before = known.get(job_id, {})
        trials = (
            streamed(columns, place, before.get(trial_id(job_id, index)))
            for place, index in enumerate(columns.index.tolist())
        )
        found[job_id] = {trial.id: trial for trial in trials}
    return found


def streamed(columns: TrialColumns, place: int, before: StreamedTrial | None = None) -> StreamedTrial:
    """The trial at a place of columns; newest loss and metrics are those it had before."""
    index, setting = int(columns.index[place]), int(columns.setting[place])
    steps, final, best, best_step = (columns[name][place].item() for name in STREAMED)
    if before is not None and steps < before.steps_done:
        before = None  # it began again from an earlier step
    step, loss = (before.step, before.loss) if before else (None, None)
    if final == final:  # it is no NaN
        step, loss = steps, final
    return StreamedTrial(
        id=trial_id(columns.layout.job_id, index),
        index=index,
        optimizer_index=setting,
        label=columns.layout.label(setting),
        seed=int(columns.seed[place]),
        state=STATES[columns.state[place]],
        steps_done=steps,
        step=step,
        loss=loss,
        best_loss=best if best == best else None,
        best_step=None if best_step == MISSING else best_step,
        metrics=before.metrics if before else None,
    )


def newest_losses(session: Session, trials: Sequence[TrialKey]) -> dict[str, tuple[int, float | None]]:
    """The last recorded step of each trial by id, and the loss there; None where that would take too long to read."""
    rows = _newest_chunks(session, ChunkRow, trials)
    return {trial: (last_step, _last_row(data, ("loss",)).get("loss")) for trial, last_step, data in rows}


def newest_metrics(session: Session, trials: Sequence[TrialKey]) -> dict[str, dict[str, float]]:
    """The last row of metrics of each trial that has any, by id."""
    rows = {trial: _last_row(data) for trial, _, data in _newest_chunks(session, MetricChunkRow, trials)}
    return {trial: row for trial, row in rows.items() if row}


def _last_row(data: bytes | None, columns: Collection[str] | None = None) -> dict[str, float]:
    """The last row of a chunk; empty if it is damaged, as one chunk must not stop all streams."""
    if data is None:
        return {}
    try:
        table = decode(data, columns)
        return {name: table.column(name)[-1].as_py() for name in table.column_names}
    except pa.ArrowException:
        return {}


def _newest_chunks(
    session: Session, table: type[ChunkRow] | type[MetricChunkRow], trials: Sequence[TrialKey]
) -> list[tuple[str, int, bytes | None]]:
    """The newest chunk of each trial: id of the trial, last step, and the data unless they are too large."""
    if not trials:
        return []
    named = values(column("job_id", String), column("trial_index", Integer), name="wanted")
    wanted, other = named.data(list(trials)).cte("wanted"), aliased(table)
    mine = and_(other.job_id == wanted.c.job_id, other.trial_index == wanted.c.trial_index)
    last = select(func.max(other.first_step)).where(mine).correlate(wanted).scalar_subquery()
    found = and_(table.job_id == wanted.c.job_id, table.trial_index == wanted.c.trial_index, table.first_step == last)
    data = case((func.length(table.data) <= _LARGEST, table.data))
    query = select(table.job_id, table.trial_index, table.last_step, data).select_from(wanted).join(table, found)
    return [(trial_id(job_id, index), step, chunk) for job_id, index, step, chunk in session.execute(query)]
