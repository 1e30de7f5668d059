"""Stored trials as answers; inside the caller's transaction."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from ayla_spec.metrics import WholePartMetric
from ayla_spec.optimizers.effect import LossCounts, effect_notes
from pydantic import ValidationError
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.models import JobRow
from ayla_service.errors import SpecUnreadable
from ayla_service.schemas import Page
from ayla_service.states import WITH_RESULT
from ayla_service.trials.columns import TrialColumns
from ayla_service.trials.conditions import Order
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_service.trials.numbers import numbers_of, refuse_unknown, summaries_needed
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.record import TrialRecord
from ayla_service.trials.schemas import Trial, TrialMetric, TrialSummary
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.snapshot import chosen

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EVERY = TrialSelection()


def trial(found: TrialRecord) -> Trial:
    """One trial, with its summary if it has completed or diverged.

    Raises:
        SpecUnreadable: if another version of the service wrote its settings, and this one cannot read them.
    """
    try:
        return Trial(
            id=found.id,
            job_id=found.job_id,
            index=found.index,
            optimizer_index=found.optimizer_index,
            label=found.label,
            optimizer=found.settings,
            seed=found.seed,
            state=found.state,
            steps_done=found.steps_done,
            summary=_summary(found) if found.state in WITH_RESULT else None,
        )
    except ValidationError as error:
        raise SpecUnreadable(found.job_id) from error


def page(
    session: Session,
    job: JobRow,
    limit: int,
    cursor: str | None,
    wanted: TrialSelection = EVERY,
    order: Order | None = None,
) -> Page[Trial]:
    """One page of a job's trials.

    Args:
        session: the unit of work.
        job: the job.
        limit: most trials of the page.
        cursor: where the page before ended; None for the first.
        wanted: which trials.
        order: of the list; None for that of the job.

    Raises:
        InvalidQuery: on a cursor that is not one of this list, or if the job has nothing that the query names.
    """
    layout = TrialLayout.of(job)
    refuse_unknown(layout, wanted.where, order)
    if order is not None:
        return _sorted_page(session, job, limit, cursor, wanted, order)
    after = -1 if cursor is None else cursors.trial_place(cursor)
    if wanted == EVERY:
        found = TrialReader(session).columns(job, after + 1, limit + 1)
    else:
        indexes = chosen(session, job, layout, wanted)
        found = TrialReader(session).among(job, indexes[indexes > after][: limit + 1])
    return _page(found, limit, lambda last: cursors.encode(int(found.index[last])))


def _sorted_page(
    session: Session, job: JobRow, limit: int, cursor: str | None, wanted: TrialSelection, order: Order
) -> Page[Trial]:
    reader = TrialReader(session)
    indexes = chosen(session, job, TrialLayout.of(job), wanted)
    keys = order.keys(numbers_of(reader.among(job, indexes, summaries_needed([order.column])), order.column))
    if cursor is not None:
        is_after = _after(keys, indexes, *cursors.sorted_trial(cursor, str(order)))
        keys, indexes = keys[is_after], indexes[is_after]
    places = np.argsort(keys, kind="stable")[: limit + 1]
    found = reader.among(job, np.sort(indexes[places]))
    found = found.part(np.searchsorted(found.index, indexes[places]))
    ends = [(keys[place].item(), indexes[place].item()) for place in places.tolist()]
    return _page(found, limit, lambda last: cursors.encode_sorted_trial(str(order), *ends[last]))


def _after(keys: npt.NDArray[np.float64], indexes: Integers, key: float | None, index: int) -> Mask:
    """Which trials come after the one with this key; None stands for one without a number."""
    lacks: Mask = np.isnan(keys)
    if key is None:
        return lacks & (indexes > index)
    found: Mask = lacks | (keys > key) | ((keys == key) & (indexes > index))
    return found


def _page(found: TrialColumns, limit: int, cursor: Callable[[int], str]) -> Page[Trial]:
    more = len(found) > limit
    kept = found.part(slice(limit))
    return Page([trial(one) for one in kept.trials()], cursor(limit - 1) if more else None)


def _summary(found: TrialRecord) -> TrialSummary:
    return TrialSummary(
        final_loss=found.final_loss,
        best_loss=found.best_loss,
        best_step=found.best_step,
        first_nonfinite_step=found.first_nonfinite_step,
        capped_steps=found.capped_steps,
        losses_below_one=found.losses_below_one,
        losses_above_one=found.losses_above_one,
        notes=effect_notes(found.settings, LossCounts.known(found.losses_below_one, found.losses_above_one)),
        metrics=_metrics(found),
        ran_alone=found.ran_alone,
        wall_seconds=found.wall_seconds,
        steps_per_second=found.steps_done / found.wall_seconds if found.wall_seconds > 0 else None,
        device=found.device,
    )


def _metrics(found: TrialRecord) -> dict[WholePartMetric, TrialMetric]:
    """Those that were evaluated."""
    metrics: dict[WholePartMetric, TrialMetric] = {}
    for metric, names in METRIC_COLUMNS.items():
        final, best, best_epoch = (getattr(found, name) for name in names)
        if final is not None or best is not None:
            metrics[metric] = TrialMetric(final=final, best=best, best_epoch=best_epoch)
    return metrics
