"""Paths over a plane: what is drawn looks like the whole path, however it goes and however long it is."""

import time
from functools import partial
from typing import Any

import numpy as np
import pytest
from ayla_service.db.session import Database
from ayla_service.figures.data import Floats, RecordedTrial
from ayla_service.figures.geometry import PixelSize, Points, axis_limits, simplified_path
from ayla_service.figures.options import FigureOptions, Kind
from ayla_service.figures.renderers import landscape
from ayla_spec.problems import ExpressionProblem

from tests.factories import submit
from tests.figures.figure_samples import drawn_figure, figure_data, run, setting
from tests.figures.test_service import read, store
from tests.trials.chunked import ids_of

pytestmark = pytest.mark.every_store

PIXEL = PixelSize(1.0, 1.0)
PLANE = {
    "problem": {"type": "expression", "expression": "x**2 + 40*y**2", "start": {"x": -4.0, "y": 1.0}},
    "optimizers": [{"name": "sgd", "learning_rate": 0.02}],
}


def whole(across: Any, up: Any) -> Points:
    points: Points = np.asarray(across + 1j * up, dtype=np.complex128)
    return points


def zigzag(rows: int, period: int, rng: np.random.Generator | None = None) -> Points:
    """Along a valley and across it, back on the same side every ``period`` rows."""
    place = np.arange(rows)
    height = np.where(place % period < period / 2, 100.0, -100.0) * np.linspace(1, 0.5, rows)
    noise = 0 if rng is None else rng.normal(size=rows)
    return whole(np.linspace(0, 1200, rows) + noise, height)


def lines(path: tuple[Floats, Floats]) -> tuple[Points, Points]:
    """Where each of the drawn lines begins and ends."""
    corners = whole(*path)
    drawn = ~np.isnan(corners[:-1]) & ~np.isnan(corners[1:])
    return corners[:-1][drawn], corners[1:][drawn]


def distances(points: Points, path: tuple[Floats, Floats]) -> Floats:
    """From each point to the nearest of the drawn lines; shape [points]."""
    nearest = np.full(len(points), np.inf)
    for start, end in zip(*lines(path), strict=True):
        away, step = points - start, end - start
        along = np.clip((away * step.conj()).real / max(abs(step) ** 2, 1e-300), 0, 1)
        nearest = np.minimum(nearest, np.abs(away - along * step))
    return nearest


def halfway(points: Points) -> Points:
    middles: Points = (points[:-1] + points[1:]) / 2
    return middles


COURSES = {
    "zigzag of period 2": zigzag(6000, 2),
    "zigzag of an old stride": zigzag(6000, 12),
    "noisy zigzag": zigzag(6000, 2, np.random.default_rng(0)),
    "back and forth": whole(np.arange(6000) % 2 * 300.0, np.arange(6000) % 2 * -100.0),
    "spiral": 400 * np.exp((-1 + 40j) * np.linspace(0, 4, 6000)),
    "creeping": whole(np.linspace(0, 50, 6000), np.sin(np.linspace(0, 50, 6000))),
    "standing still": whole(np.ones(6000), np.ones(6000)),
    "far away and back": whole(np.where(np.arange(6000) == 3000, 1e100, 1.0), np.ones(6000)),
}


@pytest.mark.parametrize("course", COURSES)
def test_no_drawn_line_departs_from_the_path_nor_the_path_from_the_lines(course: str) -> None:
    points = COURSES[course]
    path = simplified_path(np.array_split(points, 7), PIXEL, 100_000)
    assert len(path[0]) <= 2 * len(points)
    if len(path[0]) < 2:
        assert abs(path[0][0] - points.real).max() <= 0.5
        return
    assert np.isin(np.concatenate(lines(path)), points).all()
    some = slice(None, None, 29)
    near = np.abs(points) < 1e6
    assert distances(points[near][some], path).max() <= 0.5
    assert distances(halfway(points)[near[:-1] & near[1:]][some], path).max() <= 0.5
    begins, ends = lines(path)
    middles: Points = (begins + ends) / 2
    assert distances(middles[np.abs(middles) < 1e6][some], (points.real, points.imag)).max(initial=0) <= 0.5


def test_what_goes_back_and_forth_for_long_is_drawn_once_and_in_time() -> None:
    rows = 1_000_000
    back_and_forth = whole(np.arange(rows) % 2 * 300.0, np.arange(rows) % 2 * -100.0)
    assert len(simplified_path([back_and_forth], PIXEL, 100_000)[0]) == 2
    creeping = whole(np.linspace(0, 1200, rows), np.linspace(0, 700, rows))
    assert len(simplified_path([creeping], PIXEL, 100_000)[0]) < 10_000
    noise = np.random.default_rng(0).normal(size=(2, rows)) * 300
    begun = time.process_time()
    assert len(simplified_path([whole(*noise)], PIXEL, 1000)[0]) <= 3000
    assert time.process_time() - begun < 60


def test_a_pixel_is_that_of_the_wanted_picture() -> None:
    screen = PixelSize.of([(-2.0, 2.0), (0.0, 1.0)], FigureOptions(width=4.0, height=5.0, dpi=100))
    assert (screen.across, screen.up) == (0.01, 0.002)


def drawn_by_renderer(one: RecordedTrial) -> tuple[Floats, Floats]:
    """The line of the path on the axes."""
    flat = landscape.ObjectivePlane(
        "job", ("x", "y"), np.linspace(-6, 6, 9), np.linspace(-2, 2, 9), np.full((9, 9), 1.0)
    )
    figure = drawn_figure(partial(landscape.render_plane, plane=flat, data=figure_data(setting(0, one))))
    line = figure.axes[0].lines[0]
    return np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)


@pytest.mark.parametrize(("rows", "max_points"), [(4999, None), (20_001, None), (3001, 10)])
def test_a_landscape_has_every_zigzag_of_a_stored_path(database: Database, rows: int, max_points: int | None) -> None:
    """Formerly every path was thinned to 500 rows by step, and only those of one side of the valley might be left."""
    job = submit(database, **PLANE, budget={"steps": rows - 1})
    place = np.arange(rows)
    x, y = -4.0 + 4.0 * place / rows, np.where(place % 2 == 0, 1.0, -1.0) * np.exp(-2.0 * place / rows)
    columns = {"step": place.tolist(), "loss": x**2 + 40 * y**2, "param.x": x, "param.y": y}
    store(database, ids_of(database, job.id)[0], columns)
    found = read(database, job.id, Kind.LANDSCAPE, max_points=max_points)
    problem = ExpressionProblem.model_validate(PLANE["problem"])
    screen = PixelSize.of(axis_limits(problem, found), FigureOptions())
    path = drawn_by_renderer(found.settings[0].trials[0])
    in_pixels = path[0] / screen.across, path[1] / screen.up
    points = whole(x / screen.across, y / screen.up)[:: max(1, rows // 1500)]
    assert distances(points, in_pixels).max() <= 0.5
    if max_points is None and rows < 5000:
        assert path[0].tolist() == x.tolist()


def test_a_landscape_ends_where_the_path_is_no_number(database: Database) -> None:
    job = submit(database, **PLANE, budget={"steps": 9999})
    columns = {"step": list(range(10_000)), "loss": np.ones(10_000)}
    x, y = np.linspace(-4, 0, 10_000), np.linspace(1, 0, 10_000)
    y[9000:] = np.nan
    store(database, ids_of(database, job.id)[0], columns | {"param.x": x, "param.y": y})
    path = read(database, job.id, Kind.LANDSCAPE).settings[0].trials[0].path
    assert path is not None
    assert path[0].max() == pytest.approx(x[8999], abs=0.01)


def test_marks_on_a_curve_are_on_both_sides() -> None:
    """Of steps that go back and forth every nth may be on the same side."""
    sides = np.where(np.arange(600) % 2 == 0, -1.0, 2.0)
    course = run(x=sides.tolist(), loss=(sides**2).tolist())
    places = np.linspace(-2.0, 3.0, 50)
    drawn = landscape.ObjectiveLine("job", "x", places, places**2)
    figure = drawn_figure(partial(landscape.render_line, line=drawn, data=figure_data(setting(0, course))))
    assert set(np.asarray(figure.axes[0].lines[1].get_xdata())) == {-1.0, 2.0}
