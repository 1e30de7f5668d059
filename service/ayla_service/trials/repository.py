"""Stored trials as answers; inside the caller's transaction."""

from ayla_spec.metrics import WholePartMetric
from ayla_spec.optimizers.effect import LossCounts, effect_notes
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.models import TrialRow
from ayla_service.schemas import Page
from ayla_service.states import WITH_RESULT
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_service.trials.schemas import Trial, TrialMetric, TrialSummary


def trial(row: TrialRow) -> Trial:
    """One trial, with its summary if it has completed or diverged."""
    return Trial(
        id=row.id,
        job_id=row.job_id,
        index=row.index,
        optimizer_index=row.optimizer_index,
        label=row.label,
        optimizer=row.settings,
        seed=row.seed,
        state=row.state,
        steps_done=row.steps_done,
        summary=_summary(row) if row.state in WITH_RESULT else None,
    )


def page(session: Session, job_id: str, limit: int, cursor: str | None) -> Page[Trial]:
    """One page of a job's trials, in order.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(TrialRow).where(TrialRow.job_id == job_id).order_by(TrialRow.index).limit(limit + 1)
    if cursor is not None:
        query = query.where(TrialRow.index > cursors.trial_place(cursor))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page([trial(row) for row in rows], cursors.encode(rows[-1].index) if more else None)


def _summary(row: TrialRow) -> TrialSummary:
    return TrialSummary(
        final_loss=row.final_loss,
        best_loss=row.best_loss,
        best_step=row.best_step,
        first_nonfinite_step=row.first_nonfinite_step,
        capped_steps=row.capped_steps,
        losses_below_one=row.losses_below_one,
        losses_above_one=row.losses_above_one,
        notes=effect_notes(row.settings, LossCounts.known(row.losses_below_one, row.losses_above_one)),
        metrics=_metrics(row),
        ran_alone=row.ran_alone,
        wall_seconds=row.wall_seconds,
        steps_per_second=row.steps_done / row.wall_seconds if row.wall_seconds > 0 else None,
        device=row.device,
    )


def _metrics(row: TrialRow) -> dict[WholePartMetric, TrialMetric]:
    """Those that were evaluated."""
    found: dict[WholePartMetric, TrialMetric] = {}
    for metric, names in METRIC_COLUMNS.items():
        final, best, best_epoch = (getattr(row, name) for name in names)
        if final is not None or best is not None:
            found[metric] = TrialMetric(final=final, best=best, best_epoch=best_epoch)
    return found
