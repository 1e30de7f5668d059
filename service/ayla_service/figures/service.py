"""Draws the figures of a team's jobs."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from ayla_spec.problems import ExpressionProblem

from ayla_service import __version__
from ayla_service.db.session import Database
from ayla_service.errors import FiguresBusy, InvalidQuery
from ayla_service.figures.availability import JobFacts, facts_of
from ayla_service.figures.data import Material
from ayla_service.figures.options import Across, FigureOptions, Form, Kind
from ayla_service.figures.paths import Screen
from ayla_service.figures.predictions import Fits, drawn_steps, read_fits
from ayla_service.figures.reading import courses_of, results_of, with_paths
from ayla_service.figures.selecting import Drawn, drawn
from ayla_service.figures.sweeps import axes_of
from ayla_service.figures.windows import windows
from ayla_service.teams.principal import Principal
from ayla_service.trials.series import METRICS, TRAJECTORY, Series
from ayla_service.trials.service import ResultReader
from ayla_service.trials.snapshot import TrialsSnapshot

MOST_AT_ONCE = 8
"""Drawings that are made or wait for their turn in one process: more would keep threads from short requests."""

_SERIES: dict[Kind, Series | None] = {Kind.ACCURACY: METRICS, Kind.CURVE: None, Kind.HEATMAP: None}


@dataclass(frozen=True, slots=True)
class Sketch:
    """A figure that can be drawn.

    Attributes:
        facts: of the job.
        kind: what it shows.
        options: how it is wanted.
        form: as what.
        trials: that it shows.
        stood: where they stood.
        version: changes whenever the figure does.
    """

    facts: JobFacts
    kind: Kind
    options: FigureOptions
    form: Form
    trials: Drawn
    stood: TrialsSnapshot
    version: str


class FigureService:
    """Draws figures in two stages.

    ``sketch`` is cheap, and enough to know whether anything has changed; ``draw`` takes a good part of a second.
    Not more than a few are drawn at a time, so one service is shared by all requests of a process.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = ResultReader(database)
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)

    def facts(self, principal: Principal, job_id: str) -> JobFacts:
        """What figures a job of the caller's team can have.

        Raises:
            JobNotFound: if there is no such job.
            FigureUnavailable: if its spec cannot be read.
        """
        with self._database.read() as session:
            return facts_of(session, principal, job_id)

    def sketch(self, principal: Principal, job_id: str, kind: Kind, options: FigureOptions, form: Form) -> Sketch:
        """Check that a figure can be drawn, and look where its trials stand.

        Raises:
            JobNotFound: if the caller's team has no such job.
            FigureUnavailable: if the job has no figure of this kind.
            FigureTooLarge: if its results are too much to read.
            InvalidQuery: if an option cannot be honoured.
        """
        options.check(kind, form)
        with self._database.read() as session:
            facts = facts_of(session, principal, job_id)
            facts.require(kind)
            _check(facts, kind, options)
            trials = drawn(session, facts, kind, options)
        series = _SERIES.get(kind, TRAJECTORY)
        stood = self._reader.of_job(series, principal.team_id, job_id, trials.selection(facts))
        return Sketch(facts, kind, options, form, trials, stood, _version(facts, kind, options, form, stood))

    def draw(self, sketch: Sketch) -> bytes:
        """The figure as a file; the same results always give the same bytes.

        Raises:
            FiguresBusy: if too many are drawn at the moment.
            FigureTooLarge: if its predictions are too much to read.
            JobNotFound: if the job was deleted meanwhile.
        """
        # Importing matplotlib takes half a second that only those who draw should wait for.
        from ayla_service.figures.canvas import rendered
        from ayla_service.figures.drawing import painter

        with self._turn():
            material, found = self._material(sketch)
            paint = painter(sketch.facts, sketch.kind, sketch.options, material, found)
            return rendered(paint, sketch.options, sketch.form)

    def _material(self, sketch: Sketch) -> tuple[Material, Fits | None]:
        from ayla_service.figures.drawing import columns_of

        results = results_of(self._reader, sketch.facts, sketch.trials, sketch.stood)
        if sketch.kind is Kind.CURVE:
            steps = drawn_steps(sketch.facts, sketch.options.at)
            return results, read_fits(self._database, sketch.stood, steps, sketch.options.points)
        series = _SERIES.get(sketch.kind, TRAJECTORY)
        if series is None:
            return results, None
        columns, points = columns_of(sketch.facts, sketch.kind), sketch.options.points
        if sketch.kind is Kind.LANDSCAPE and len(sketch.facts.parameters) == 2:
            return self._over_plane(sketch, results, columns), None
        return courses_of(self._reader, results, series, sketch.stood, columns, points), None

    def _over_plane(self, sketch: Sketch, results: Material, columns: Sequence[str] | None) -> Material:
        """Short paths whole; and long ones too, but without what nobody can see of them."""
        problem = sketch.facts.spec.problem
        points = sketch.options.points_of_path(len(results.settings))
        read = courses_of(self._reader, results, TRAJECTORY, sketch.stood, columns, points)
        if not isinstance(problem, ExpressionProblem):  # pragma: no cover  # a dataset has no landscape
            raise TypeError("only an expression has a landscape")
        screen = Screen.of(windows(problem, read), sketch.options)
        parameters = [f"param.{name}" for name in sketch.facts.parameters]
        return with_paths(self._reader, read, sketch.stood, parameters, screen, points)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise FiguresBusy
        try:
            yield
        finally:
            self._room.release()


def _check(facts: JobFacts, kind: Kind, options: FigureOptions) -> None:
    """Refuse options that do not fit the job.

    Raises:
        InvalidQuery: on the first of them.
    """
    if kind is Kind.HEATMAP:
        axes_of(facts, options)
    if kind is Kind.CURVE:
        drawn_steps(facts, options.at)
    # Metrics tell the epoch of each row themselves.
    if options.across is Across.EPOCH and facts.steps_per_epoch is None and kind is not Kind.ACCURACY:
        raise InvalidQuery("x", "How many steps an epoch has is only known to the data of this job; use x=step.")


def _version(facts: JobFacts, kind: Kind, options: FigureOptions, form: Form, stood: TrialsSnapshot) -> str:
    """Everything that the bytes of a figure follow from."""
    told = (
        __version__,
        version("matplotlib"),
        facts.id,
        facts.name,
        kind,
        form,
        sorted(options.told().items()),
        stood.version,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()
