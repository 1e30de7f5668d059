"""Service that draws the figures of a team's jobs."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

from ayla_spec.problems import ExpressionProblem

from ayla_service import __version__
from ayla_service.comparison.service import ComparisonResult, ComparisonService
from ayla_service.db.session import Database
from ayla_service.errors import FiguresBusy, InvalidQuery
from ayla_service.figures.availability import FigureJob, check_options, figure_job, prediction_steps
from ayla_service.figures.cells import values_by_metric, values_of
from ayla_service.figures.data import FigureData, SettingValues
from ayla_service.figures.geometry import PixelSize, axis_limits
from ayla_service.figures.options import KINDS, OF_SEVERAL, CellValue, FigureOptions, Form, Kind
from ayla_service.figures.repository import (
    TrialSubset,
    read_fits,
    read_long_paths,
    read_results,
    read_rows,
    select_trials,
)
from ayla_service.figures.several import check_epochs, options_of, together
from ayla_service.sweeps.service import HeatMapResult, SensitivityResult
from ayla_service.team_slots import TeamSlots
from ayla_service.teams.principal import Principal
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.series import TRAJECTORY
from ayla_service.trials.service import ResultReader
from ayla_service.trials.snapshot import TrialsSnapshot

MOST_AT_ONCE = 8
"""Figures of one process that are drawn or wait for that: more would take the threads of short requests."""


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """A figure that can be drawn.

    Attributes:
        principal: who asked.
        job: whose figure it is.
        kind: of figure.
        options: of the figure.
        form: file format.
        subset: the trials that it shows.
        snapshot: of these trials.
        version: changes whenever the figure does.
    """

    principal: Principal
    job: FigureJob
    kind: Kind
    options: FigureOptions
    form: Form
    subset: TrialSubset
    snapshot: TrialsSnapshot
    version: str


@dataclass(frozen=True, slots=True)
class ComparedPlan:
    """A figure of a comparison that can be drawn.

    Attributes:
        principal: who asked.
        job_ids: the jobs, in the order asked for.
        kind: of figure.
        options: of the figure.
        form: file format.
        version: changes whenever the figure does.
    """

    principal: Principal
    job_ids: tuple[str, ...]
    kind: Kind
    options: FigureOptions
    form: Form
    version: str


@dataclass(frozen=True, slots=True)
class SeveralPlan:
    """A figure of recorded lines of several jobs that can be drawn.

    Attributes:
        jobs: in the order asked for.
        plans: of each; None for a job of which nothing is drawn.
        kind: of figure.
        options: of the figure.
        form: file format.
        version: changes whenever the figure does.
    """

    jobs: tuple[FigureJob, ...]
    plans: tuple[FigurePlan | None, ...]
    kind: Kind
    options: FigureOptions
    form: Form
    version: str


Plan = FigurePlan | ComparedPlan | SeveralPlan


class FigureService:
    """Draws figures in two stages.

    ``plan`` is cheap, and enough to know whether anything has changed; ``draw`` takes a good part of a second.
    Only a few are drawn at a time, so one service is shared by all requests of a process.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = ResultReader(database)
        self._comparisons = ComparisonService(database, TeamSlots(MOST_AT_ONCE))  # drawing has a bound of its own
        self._drawing_slots = threading.BoundedSemaphore(MOST_AT_ONCE)

    def job(self, principal: Principal, job_id: str) -> FigureJob:
        """A job of the caller's team, for its figures.

        Raises:
            JobNotFound: if there is no such job.
            FigureUnavailable: if its spec cannot be read.
        """
        with self._database.read() as session:
            return figure_job(session, principal, job_id)

    def plan(self, principal: Principal, job_id: str, kind: Kind, options: FigureOptions, form: Form) -> Plan:
        """Check that a figure can be drawn, and take the snapshot of its trials.

        Raises:
            JobNotFound: if the caller's team has no such job.
            FigureUnavailable: if the job has no figure of this kind.
            FigureTooLarge: if its results are too much to read.
            InvalidQuery: if an option cannot be honoured.
        """
        options.check(kind, form)
        if KINDS[kind].compares:
            self.job(principal, job_id).require(kind)
            return self._plan_compared(principal, [job_id], kind, options, form)
        return self._plan_recorded(principal, job_id, kind, options, form)

    def _plan_recorded(
        self, principal: Principal, job_id: str, kind: Kind, options: FigureOptions, form: Form, jobs: int = 1
    ) -> FigurePlan:
        with self._database.read() as session:
            job = figure_job(session, principal, job_id)
            job.require(kind)
            check_options(job, kind, options)
            subset = select_trials(session, job, kind, options, jobs)
        snapshot = self._reader.of_job(options.series(kind), principal.team_id, job_id, subset.selection(job))
        version = _hash([(job.id, job.name, snapshot.version)], kind, options, form)
        return FigurePlan(principal, job, kind, options, form, subset, snapshot, version)

    def plan_several(
        self, principal: Principal, job_ids: Sequence[str], kind: Kind, options: FigureOptions, form: Form
    ) -> Plan:
        """Check that a figure of several jobs can be drawn, and take the version of their results.

        Raises:
            JobNotFound: if the caller's team lacks one of the jobs.
            FigureUnavailable: if one of them has no figure of this kind.
            FigureTooLarge: if their results are too much to read.
            InvalidQuery: if the kind is one of single jobs, or if an option cannot be honoured.
        """
        options.check(kind, form)
        if KINDS[kind].compares:
            return self._plan_compared(principal, job_ids, kind, options, form)
        if kind not in OF_SEVERAL:
            known = ", ".join(other for other in Kind if other in OF_SEVERAL or KINDS[other].compares)
            path = f"GET /v1/jobs/{{id}}/figures/{kind}"
            raise InvalidQuery("kind", f"'{kind}' is a figure of one job: {path}. Of several there are {known}.")
        jobs = tuple(self.job(principal, job_id) for job_id in job_ids)
        check_epochs(jobs, kind, options)
        plans = tuple(
            None if own is None else self._plan_recorded(principal, job.id, kind, own, form, len(jobs))
            for job, own in zip(jobs, options_of(jobs, options), strict=True)
        )
        versions = [(job.id, None if plan is None else plan.version) for job, plan in zip(jobs, plans, strict=True)]
        return SeveralPlan(jobs, plans, kind, options, form, _hash(versions, kind, options, form))

    def _plan_compared(
        self, principal: Principal, job_ids: Sequence[str], kind: Kind, options: FigureOptions, form: Form
    ) -> ComparedPlan:
        everything = TrialSelection(None)
        snapshots = [self._reader.of_job(None, principal.team_id, job_id, everything) for job_id in job_ids]
        # Taken before the comparison is read: results that come between make the next request draw it again.
        parts = [(found.job_id, found.job_name, found.version) for found in snapshots]
        return ComparedPlan(principal, tuple(job_ids), kind, options, form, _hash(parts, kind, options, form))

    def draw(self, plan: Plan) -> bytes:
        """The figure as a file; the same results always give the same bytes.

        Raises:
            FiguresBusy: if too many are drawn at the moment.
            FigureTooLarge: if its predictions are too much to read.
            ComparisonTooLarge: if there is more to read than one comparison may.
            InvalidQuery: if an option does not fit the comparison.
            JobNotFound: if a job was deleted meanwhile.
        """
        # Importing matplotlib takes half a second, which only requests for a figure should wait for.
        from ayla_service.figures.drawing import renderer_of, renderer_of_comparison, renderer_of_several, to_file

        with self._place():
            match plan:
                case ComparedPlan():
                    found = self._compare(plan.principal, plan.job_ids, plan.options)
                    render = renderer_of_comparison(plan.kind, found, plan.options)
                case SeveralPlan():
                    data = together(plan.jobs, [None if own is None else self._read(own) for own in plan.plans])
                    render = renderer_of_several(plan.jobs, plan.kind, plan.options, data)
                case FigurePlan():
                    render = renderer_of(plan.job, plan.kind, plan.options, self._read(plan))
            return to_file(render, plan.options, plan.form)

    def draw_heatmap(self, result: HeatMapResult, options: FigureOptions, form: Form) -> bytes:
        """The heat map of a sweep as a file; the same results always give the same bytes.

        Raises:
            FiguresBusy: if too many are drawn at the moment.
        """
        from ayla_service.figures.drawing import to_file
        from ayla_service.figures.swept import options_for, renderer_of_heatmap

        with self._place():
            fitting = options_for(result, options, form)
            return to_file(renderer_of_heatmap(result, fitting), fitting, form)

    def draw_sensitivity(self, result: SensitivityResult, options: FigureOptions, form: Form) -> bytes:
        """The sensitivity of a sweep as a file; likewise."""
        from ayla_service.figures.drawing import to_file
        from ayla_service.figures.swept import renderer_of_sensitivity

        with self._place():
            return to_file(renderer_of_sensitivity(result, options), options, form)

    def _read(self, plan: FigurePlan) -> FigureData:
        results = read_results(self._reader, plan.job, plan.subset, plan.snapshot)
        series = plan.options.series(plan.kind)
        columns, points = plan.job.columns(plan.kind, series), plan.options.points
        if plan.kind is Kind.CURVE:
            steps = prediction_steps(plan.job, plan.options.at)
            return replace(results, fits=read_fits(self._database, plan.snapshot, steps, points))
        if plan.kind is Kind.LANDSCAPE and len(plan.job.parameters) == 2:
            return self._with_paths(plan, results, columns)
        if plan.kind is Kind.HEATMAP:
            return replace(results, values=self._values(plan, results))
        if series is None:  # pragma: no cover  # kinds without rows are above
            return results
        evenly = plan.options.smooth is not None
        return read_rows(self._reader, results, series, plan.snapshot, columns, points, evenly=evenly)

    def _values(self, plan: FigurePlan, data: FigureData) -> SettingValues:
        """The values of the cells of a heat map: by a metric those of the comparison, which is by one by default.

        A comparison also says where losses of steps are those of single mini-batches, by which nothing is decided.
        """
        options, value = plan.options, plan.options.value
        if options.metric is None and not plan.job.has_epochs:
            return values_of(data.settings, value or CellValue.FINAL_LOSS)
        if value is not None:
            options = replace(options, metric="final_loss" if value is CellValue.FINAL_LOSS else "best_loss")
        found = values_by_metric(data, self._compare(plan.principal, [plan.job.id], options))
        return found if value is None or found.missing else values_of(data.settings, value)

    def _compare(self, principal: Principal, job_ids: Sequence[str], options: FigureOptions) -> ComparisonResult:
        return self._comparisons.compare(principal, job_ids, options.query, options.protocol)

    def _with_paths(self, plan: FigurePlan, results: FigureData, columns: Sequence[str] | None) -> FigureData:
        """The results with paths over a plane: short ones whole, long ones simplified."""
        problem = plan.job.spec.problem
        points = plan.options.points_of_path(len(results.settings))
        data = read_rows(self._reader, results, TRAJECTORY, plan.snapshot, columns, points)
        if not isinstance(problem, ExpressionProblem):  # pragma: no cover  # a dataset has no landscape
            raise TypeError("only an expression has a landscape")
        pixel = PixelSize.of(axis_limits(problem, data), plan.options)
        parameters = [f"param.{name}" for name in plan.job.parameters]
        return read_long_paths(self._reader, data, plan.snapshot, parameters, pixel, points)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._drawing_slots.acquire(blocking=False):
            raise FiguresBusy
        try:
            yield
        finally:
            self._drawing_slots.release()


def _hash(jobs: object, kind: Kind, options: FigureOptions, form: Form) -> str:
    """Hash of everything on which the bytes of a figure depend."""
    parts = (__version__, version("matplotlib"), jobs, kind, form, sorted(options.as_dict().items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()
