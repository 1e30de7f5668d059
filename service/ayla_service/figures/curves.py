"""Curves of a job: the medians and quartiles that its line figures draw, as numbers for clients that draw."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from ayla_spec.metrics import METRICS as WHOLE_PARTS
from sqlalchemy.orm import Session

from ayla_service import __version__
from ayla_service.db.session import Database
from ayla_service.errors import FigureUnavailable, InvalidQuery
from ayla_service.figures.aggregates import Band, band_of
from ayla_service.figures.availability import FigureJob, figure_job
from ayla_service.figures.data import FEW_NAMED, MOST_NAMED, FigureData, Integers, RecordedTrial, SettingData, ranked
from ayla_service.figures.options import FigureOptions, Kind
from ayla_service.figures.repository import TrialSubset, read_results, read_rows, select_trials
from ayla_service.figures.swept_settings import swept_settings
from ayla_service.teams.principal import Principal
from ayla_service.trials.selection import Scale
from ayla_service.trials.series import METRICS, TRAJECTORY, Series
from ayla_service.trials.service import ResultReader
from ayla_service.trials.snapshot import TrialsSnapshot

TRAJECTORY_COLUMNS = ("loss", "transformed_loss", "scale", "effective_lr", "grad_norm")
"""Of every trajectory; ``param.<name>`` where parameters are recorded."""

METRIC_COLUMNS = ("train_loss", "train_accuracy", *WHOLE_PARTS)

_ROWS_PER_DECADE = 4
"""One part in so many of the points of a logarithmic axis is for each tenfold of steps."""


@dataclass(frozen=True, slots=True)
class CurveQuery:
    """Which curves are wanted.

    Attributes:
        column: of the trajectory or of the metrics.
        max_points: most points of a curve.
        scale: how its steps are chosen, evenly or by ratio.
        optimizers: places of the settings; None for all, or the best few of many.
        settings: numbers of the settings of a job with axes.
    """

    column: str = "loss"
    max_points: int = 500
    scale: Scale = Scale.LINEAR
    optimizers: tuple[int, ...] | None = None
    settings: tuple[int, ...] | None = None

    @property
    def series(self) -> Series:
        """The rows that have the column."""
        return METRICS if self.column in METRIC_COLUMNS else TRAJECTORY

    @property
    def worst(self) -> float:
        """Value of a diverged trial after its end, by which its setting gains nothing; NaN where none is worst."""
        name = self.column
        more_is_better = name.endswith("accuracy")
        return -np.inf if more_is_better else np.inf if name.endswith("loss") else np.nan


@dataclass(frozen=True, slots=True)
class CurvePlan:
    """Curves that can be read.

    Attributes:
        job: whose they are.
        query: which.
        subset: the trials that they are of.
        snapshot: of these trials.
        version: changes whenever the curves do.
    """

    job: FigureJob
    query: CurveQuery
    subset: TrialSubset
    snapshot: TrialsSnapshot
    version: str


@dataclass(frozen=True, slots=True)
class SettingCurve:
    """Curve of one setting.

    Attributes:
        setting: whose it is.
        band: its median and quartiles.
        epochs: of the steps, where rows have them.
    """

    setting: SettingData
    band: Band
    epochs: Integers | None


class CurveService:
    """Reads curves in two stages: ``plan`` is cheap, and enough to know whether anything has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = ResultReader(database)

    def plan(self, principal: Principal, job_id: str, query: CurveQuery) -> CurvePlan:
        """Check that there can be such curves, and take the snapshot of their trials.

        Raises:
            JobNotFound: if the caller's team has no such job.
            FigureUnavailable: if the job has axes, and no settings are named.
            FigureTooLarge: if its results are too much to read.
            InvalidQuery: if the job has no such column, optimizer or setting.
        """
        with self._database.read() as session:
            job = _with_settings(session, figure_job(session, principal, job_id), query)
        job.require(Kind.LOSS)
        _check_column(job, query.column)
        best = query.optimizers if query.optimizers is not None or job.swept else self._best(principal, job)
        options = FigureOptions(optimizers=best, max_points=query.max_points)
        with self._database.read() as session:
            subset = select_trials(session, job, Kind.LOSS, options)
        snapshot = self._reader.of_job(query.series, principal.team_id, job_id, subset.selection(job))
        parts = (__version__, job.id, snapshot.version, query)
        return CurvePlan(job, query, subset, snapshot, hashlib.sha256(repr(parts).encode()).hexdigest())

    def _best(self, principal: Principal, job: FigureJob) -> tuple[int, ...] | None:
        """The settings that figures name: all, or the best few of many."""
        count, seeds = len(job.spec.optimizers), len(job.spec.seeds)
        if count <= MOST_NAMED:
            return None
        everything = TrialSubset.of(tuple(range(count)), seeds, seeds)
        snapshot = self._reader.of_job(None, principal.team_id, job.id, everything.selection(job))
        results = read_results(self._reader, job, everything, snapshot)
        return tuple(sorted(setting.index for setting in ranked(results.settings)[:FEW_NAMED]))

    def read(self, plan: CurvePlan) -> list[SettingCurve]:
        """The curve of each setting, in the job's order; of one without rows it has no points."""
        results = read_results(self._reader, plan.job, plan.subset, plan.snapshot)
        data = self._rows(plan, results)
        return [_curve(setting, plan.query) for setting in data.settings]

    def _rows(self, plan: CurvePlan, results: FigureData) -> FigureData:
        query = plan.query
        columns = [query.column, *(["epoch"] if query.series is METRICS else [])]
        if query.scale is Scale.LINEAR or query.series is METRICS:
            return read_rows(self._reader, results, query.series, plan.snapshot, columns, query.max_points)
        furthest = max((trial.steps_done for trial in plan.snapshot.refs()), default=0)
        points = max(2, query.max_points // _ROWS_PER_DECADE)
        parts = [
            read_rows(self._reader, results, query.series, plan.snapshot, columns, points, between=decade)
            for decade in _decades(furthest)
        ]
        return _joined(parts)


def _with_settings(session: Session, job: FigureJob, query: CurveQuery) -> FigureJob:
    """The job with the settings asked for by number, if it has axes."""
    if not job.has_axes:
        if query.settings is not None:
            raise InvalidQuery("settings", "The job has no axes; name optimizers, by their places from 0.")
        return job
    if query.settings is None:
        raise FigureUnavailable(
            "The numbers of this job are axes, so its settings have no curve each. Name some by their running numbers, "
            f"as in settings=3,17; GET /v1/jobs/{job.id}/best tells those of the best."
        )
    return replace(job, swept=swept_settings(session, job.id, job.spec, query.settings, MOST_NAMED))


def _check_column(job: FigureJob, column: str) -> None:
    known = [*TRAJECTORY_COLUMNS, *(f"param.{name}" for name in job.parameters)]
    known += METRIC_COLUMNS if job.has_epochs else ()
    if column not in known:
        few = ", ".join(known[:20])
        raise InvalidQuery("column", f"The job records no '{column[:64]}'; it has {few}.")


def _decades(furthest: int) -> Iterator[tuple[int, int]]:
    """Ranges of steps, each to ten times the step where it begins; both ends belong to it."""
    first, last = 0, 10
    while first <= furthest:
        yield first, last
        first, last = last + 1, 10 * last


def _joined(parts: list[FigureData]) -> FigureData:
    """The rows of consecutive ranges as one."""
    trials: Mapping[tuple[int, int], list[RecordedTrial]] = defaultdict(list)
    for part in parts:
        for setting in part.settings:
            for trial in setting.trials:
                trials[setting.index, trial.seed].append(trial)
    settings = [
        replace(one, trials=[_one(trials[one.index, trial.seed]) for trial in one.trials]) for one in parts[0].settings
    ]
    return replace(parts[0], settings=settings)


def _one(pieces: list[RecordedTrial]) -> RecordedTrial:
    names = [name for piece in pieces for name in piece.columns]
    columns = {name: np.concatenate([piece.column(name) for piece in pieces]) for name in dict.fromkeys(names)}
    return replace(pieces[0], steps=np.concatenate([piece.steps for piece in pieces]), columns=columns)


def _curve(setting: SettingData, query: CurveQuery) -> SettingCurve:
    band = band_of(setting.trials, query.column, query.worst)
    longest = max(setting.trials, key=lambda trial: len(trial.steps), default=None)
    if query.series is not METRICS or longest is None or "epoch" not in longest.columns:
        return SettingCurve(setting, band, None)
    return SettingCurve(setting, band, longest.column("epoch").astype(np.int64))
