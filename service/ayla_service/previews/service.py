"""Previews of jobs, from the summaries of their trials and the losses of the best; those of ended jobs are kept."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from ayla_spec.metrics import ResultMetric
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.comparison.loading import problem_of
from ayla_service.comparison.metrics import default_metric, more_is_better
from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.errors import SpecUnreadable, TrajectoryNotKept, TrialNotFound
from ayla_service.jobs.scoping import readable_spec
from ayla_service.previews.schemas import MOST_POINTS, JobPreview, JobPreviews
from ayla_service.states import UNFINISHED_JOB, TrialState
from ayla_service.teams.principal import Principal
from ayla_service.trials.columns import CODES, TrialColumns
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_service.trials.trial_ids import trial_id

MOST_TRIALS = 1_000_000
"""Trials whose summaries are read for one answer, of all jobs together."""

MOST_STEPS = 2_000_000
"""Steps of the trials whose losses are read for one answer."""

_KEPT = 5000
_LOSS = TrajectoryQuery(["step", "loss"], max_points=MOST_POINTS)


@dataclass(frozen=True, slots=True)
class _Found:
    """A job with its best trial, before the losses of that are read.

    Attributes:
        preview: without a sparkline.
        changed_at: when the job was changed last.
        is_whole: whether nothing was left out, and nothing will change.
        trial: index of the trial whose losses are shown; None if there is none.
        steps: that it has made.
    """

    preview: JobPreview
    changed_at: datetime
    is_whole: bool
    trial: int | None
    steps: int


class PreviewService:
    """Makes previews.

    Args:
        database: the store.
        results: reads the losses of single trials.
    """

    def __init__(self, database: Database, results: ResultReader) -> None:
        self._database = database
        self._results = results
        self._lock = threading.Lock()
        self._ended: OrderedDict[str, tuple[datetime, JobPreview]] = OrderedDict()

    def of_jobs(self, principal: Principal, job_ids: Sequence[str]) -> JobPreviews:
        """Previews of those of these jobs that are of the caller's team, each once."""
        wanted = [job_id for job_id in dict.fromkeys(job_ids) if could_be_id(job_id)]
        with self._database.read() as session:
            query = select(JobRow).where(JobRow.id.in_(wanted), JobRow.team_id == principal.team_id)
            rows = {row.id: row for row in session.scalars(query)}
            kept = {job_id: preview for job_id, row in rows.items() if (preview := self._kept(row)) is not None}
            found = list(_found(session, [rows[job_id] for job_id in wanted if job_id in rows and job_id not in kept]))
        fresh = {each.preview.job_id: each.preview for each in self._with_losses(principal.team_id, found)}
        known = kept | fresh
        return JobPreviews(data=[known[job_id] for job_id in wanted if job_id in known])

    def _with_losses(self, team_id: str, found: Iterable[_Found]) -> Iterable[_Found]:
        """The same with sparklines, for as many jobs as there is room for."""
        room = MOST_STEPS
        for each in found:
            room -= each.steps
            if each.trial is None or room < 0:
                yield each
                continue
            losses = self._losses(team_id, trial_id(each.preview.job_id, each.trial))
            preview = each.preview.model_copy(update={"sparkline": losses})
            if each.is_whole:
                self._keep(each.changed_at, preview)
            yield _Found(preview, each.changed_at, each.is_whole, each.trial, each.steps)

    def _losses(self, team_id: str, trial: str) -> list[float | None]:
        try:
            table = self._results.trajectory(team_id, trial, _LOSS)
        except (TrajectoryNotKept, TrialNotFound):
            return []
        losses = table["loss"].to_numpy()
        return [float(loss) if np.isfinite(loss) else None for loss in losses]

    def _kept(self, job: JobRow) -> JobPreview | None:
        with self._lock:
            changed_at, preview = self._ended.get(job.id, (None, None))
            return preview if changed_at == job.updated_at else None

    def _keep(self, changed_at: datetime, preview: JobPreview) -> None:
        with self._lock:
            self._ended[preview.job_id] = (changed_at, preview)
            self._ended.move_to_end(preview.job_id)
            if len(self._ended) > _KEPT:
                self._ended.popitem(last=False)


def _found(session: Session, jobs: Iterable[JobRow]) -> Iterable[_Found]:
    """The jobs whose specs can be read, with their best trials as far as these are read."""
    room = MOST_TRIALS
    for job in jobs:
        try:
            problem = problem_of(readable_spec(job), None)
        except SpecUnreadable:
            continue
        metric = default_metric(problem)
        room -= job.trials_total
        columns = TrialReader(session).columns(job, names=(metric, "best_loss", "steps_done")) if room >= 0 else None
        yield _described(job, problem.title, metric, columns)


def _described(job: JobRow, title: str, metric: ResultMetric, columns: TrialColumns | None) -> _Found:
    best = _NOTHING if columns is None else _best(columns, metric)
    setting = None if columns is None or best.place is None else int(columns.setting[best.place])
    has_value = columns is not None and setting is not None and best.value is not None
    index = None if columns is None or best.place is None else int(columns.index[best.place])
    shown = best.metric or metric
    preview = JobPreview(
        job_id=job.id,
        title=title,
        metric=shown,
        more_is_better=more_is_better(shown),
        value=best.value,
        trial_id=trial_id(job.id, index) if has_value and index is not None else None,
        label=columns.layout.label(setting) if has_value and columns is not None and setting is not None else None,
        optimizer_index=setting if has_value else None,
        diverged=0 if columns is None else int((columns.state == CODES[TrialState.DIVERGED]).sum()),
        sparkline=[],
    )
    steps = 0 if columns is None or best.place is None else int(columns["steps_done"][best.place])
    return _Found(preview, job.updated_at, columns is not None and job.state not in UNFINISHED_JOB, index, steps)


class _Best(NamedTuple):
    """The best trial so far.

    Attributes:
        place: in the columns; None if nothing tells which it is.
        value: its value; None if it is that of the lowest loss among trials that have all diverged.
        metric: of the value; None: what the job is judged by.
    """

    place: int | None = None
    value: float | None = None
    metric: ResultMetric | None = None


_NOTHING = _Best()


def _best(columns: TrialColumns, metric: ResultMetric) -> _Best:
    """The best trial by the metric; before any has a value of it, by the lowest loss that was recorded."""
    has_diverged = columns.state == CODES[TrialState.DIVERGED]
    values = columns[metric].astype(np.float64)
    values[has_diverged] = np.nan
    place = _extreme(values, largest=more_is_better(metric))
    if place is not None:
        return _Best(place, float(values[place]))
    losses = columns["best_loss"].astype(np.float64)
    place = _extreme(np.where(has_diverged, np.nan, losses))
    if place is not None:
        return _Best(place, float(losses[place]), "best_loss")
    return _Best(_extreme(losses))


def _extreme(values: NDArray[np.float64], *, largest: bool = False) -> int | None:
    """The place of the smallest or largest of the finite values; None if there is none."""
    finite = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(finite).all():
        return None
    return int(np.nanargmax(finite) if largest else np.nanargmin(finite))
