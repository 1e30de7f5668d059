"""Service that draws the figures of a team's jobs."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

from ayla_spec.problems import ExpressionProblem

from ayla_service import __version__
from ayla_service.comparison.service import ComparisonService
from ayla_service.db.session import Database
from ayla_service.errors import FiguresBusy, InvalidQuery
from ayla_service.figures.availability import FigureJob, check_options, figure_job, prediction_steps
from ayla_service.figures.data import FigureData
from ayla_service.figures.geometry import PixelSize, axis_limits
from ayla_service.figures.options import KINDS, FigureOptions, Form, Kind
from ayla_service.figures.repository import (
    TrialSubset,
    read_fits,
    read_long_paths,
    read_results,
    read_rows,
    select_trials,
)
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
        job: whose figure it is.
        kind: of figure.
        options: of the figure.
        form: file format.
        subset: the trials that it shows.
        snapshot: of these trials.
        version: changes whenever the figure does.
    """

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


Plan = FigurePlan | ComparedPlan


class FigureService:
    """Draws figures in two stages.

    ``plan`` is cheap, and enough to know whether anything has changed; ``draw`` takes a good part of a second.
    Only a few are drawn at a time, so one service is shared by all requests of a process.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = ResultReader(database)
        self._comparisons = ComparisonService(database)
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
            return self.plan_compared(principal, [job_id], kind, options, form)
        with self._database.read() as session:
            job = figure_job(session, principal, job_id)
            job.require(kind)
            check_options(job, kind, options)
            subset = select_trials(session, job, kind, options)
        snapshot = self._reader.of_job(KINDS[kind].series, principal.team_id, job_id, subset.selection(job))
        return FigurePlan(job, kind, options, form, subset, snapshot, _version(job, kind, options, form, snapshot))

    def plan_compared(
        self, principal: Principal, job_ids: Sequence[str], kind: Kind, options: FigureOptions, form: Form
    ) -> ComparedPlan:
        """Check the options of a figure of a comparison of jobs, and take the version of their results.

        Raises:
            JobNotFound: if the caller's team lacks one of the jobs.
            InvalidQuery: if the kind is not one of comparisons, or if an option is not one of this kind.
        """
        if not KINDS[kind].compares:
            known = ", ".join(kind for kind in Kind if KINDS[kind].compares)
            raise InvalidQuery(
                "kind",
                f"'{kind}' is a figure of one job: GET /v1/jobs/{{id}}/figures/{kind}. Of several there are {known}.",
            )
        options.check(kind, form)
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
        from ayla_service.figures.drawing import renderer_of, renderer_of_comparison, to_file

        with self._place():
            if isinstance(plan, ComparedPlan):
                found = self._comparisons.compare(plan.principal, plan.job_ids, plan.options.query)
                return to_file(renderer_of_comparison(plan.kind, found, plan.options), plan.options, plan.form)
            render = renderer_of(plan.job, plan.kind, plan.options, self._read(plan))
            return to_file(render, plan.options, plan.form)

    def _read(self, plan: FigurePlan) -> FigureData:
        results = read_results(self._reader, plan.job, plan.subset, plan.snapshot)
        columns, points = plan.job.columns(plan.kind), plan.options.points
        if plan.kind is Kind.CURVE:
            steps = prediction_steps(plan.job, plan.options.at)
            return replace(results, fits=read_fits(self._database, plan.snapshot, steps, points))
        if plan.kind is Kind.LANDSCAPE and len(plan.job.parameters) == 2:
            return self._with_paths(plan, results, columns)
        series = KINDS[plan.kind].series
        if series is None:
            return results
        evenly = plan.options.smooth is not None
        return read_rows(self._reader, results, series, plan.snapshot, columns, points, evenly=evenly)

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


def _version(job: FigureJob, kind: Kind, options: FigureOptions, form: Form, snapshot: TrialsSnapshot) -> str:
    return _hash([(job.id, job.name, snapshot.version)], kind, options, form)


def _hash(jobs: object, kind: Kind, options: FigureOptions, form: Form) -> str:
    """Hash of everything on which the bytes of a figure depend."""
    parts = (__version__, version("matplotlib"), jobs, kind, form, sorted(options.as_dict().items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()
