"""Geometry of figures: limits of axes, which leave out where trials ran away, and simplified paths over a plane."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ayla_spec.axes import is_axis
from ayla_spec.problems import ExpressionProblem
from ayla_spec.starts import Normal, Scalar, Uniform

from ayla_service.figures.data import LARGEST, FigureData, Floats, Integers, RecordedTrial, drawable
from ayla_service.figures.options import DEFAULT_DPI, FigureOptions

_MARGIN = 0.12
_LEAST_WIDTH = 0.5
"""Half the width around a path that does not move, as a share of its place (of 1 near 0)."""

_LEAST_SPAN = 0.01
_RUNAWAY_MARGIN = 0.5
"""Share of the span beyond the settled values, on the side where something ran away."""

Points = npt.NDArray[np.complex128]
"""Points of a plane: the first parameter is the real part, the second the imaginary one."""

_CELLS_PER_PIXEL = 4
"""Along each axis, so that two points of a cell are at most 0.36 pixels apart."""


def finite_path(trial: RecordedTrial, columns: Sequence[str]) -> list[Floats]:
    """The columns up to the last step at which all of them are finite."""
    count = min(trial.finite_count(column) for column in columns)
    return [drawable(trial.column(column)[:count]) for column in columns]


def parameter_limits(trials: Sequence[RecordedTrial], column: str, *starts: float) -> tuple[float, float]:
    """Limits of the axis of a parameter; the start points are always within.

    Trials that diverged count only where all have: their last steps would make a dot of all the rest.
    """
    found = _joined([path for trial in trials if not trial.diverged for path in finite_path(trial, [column])])
    if not len(found):
        found = _inner(_joined([path for trial in trials for path in finite_path(trial, [column])]))
    found = np.concatenate([found, np.clip(starts, -LARGEST, LARGEST)])
    low, high = float(found.min()), float(found.max())
    least = _LEAST_WIDTH * max(1.0, abs(low)) if high - low <= 1e-9 * max(1.0, abs(low)) else 0.0
    margin = max(least, _MARGIN * (high - low))
    return low - margin, high + margin


def axis_limits(problem: ExpressionProblem, data: FigureData) -> list[tuple[float, float]]:
    """Limits of the axis of each parameter."""
    trials = [trial for setting in data.settings for trial in setting.trials]
    return [
        parameter_limits(trials, column, *_starts(trials, column, start))
        for column, start in ((f"param.{name}", start) for name, start in problem.flat_start.items())
    ]


def _starts(trials: Sequence[RecordedTrial], column: str, start: Scalar) -> list[float]:
    """The start values of a parameter: of a random start those that are drawn, or the middle before there is any.

    Of an axis those that its trials have, or its ends.
    """
    if isinstance(start, Uniform | Normal):
        ends = [start.middle]
    elif is_axis(start):
        ends = [start.least, start.most]
    else:
        return [start]
    return [float(path[0]) for trial in trials for path in finite_path(trial, [column]) if len(path)] or ends


def value_limits(
    settled: Sequence[Floats], everything: Sequence[Floats], *, by_ratio: bool
) -> tuple[float, float] | None:
    """Limits of a vertical axis; None if it can show everything.

    Args:
        settled: values of trials that did not diverge.
        everything: all values.
        by_ratio: whether the axis is logarithmic, and values that are not positive do not count.
    """
    found, whole = _on_axis(settled, by_ratio=by_ratio), _on_axis(everything, by_ratio=by_ratio)
    if not len(found):
        found = _inner(whole)
    if not len(found):
        return None
    low, high = float(found.min()), float(found.max())
    span = max(high - low, _LEAST_SPAN * max(1.0, abs(low), abs(high)))
    if low - span <= whole.min() and whole.max() <= high + span:
        return None
    bottom, top = low - _MARGIN * span, high + _RUNAWAY_MARGIN * span
    if whole.min() < low - span:
        bottom = low - _RUNAWAY_MARGIN * span
    # Smaller powers are 0, which a logarithmic axis cannot have as its end.
    return (10.0 ** max(bottom, -300.0), 10.0**top) if by_ratio else (bottom, top)


def _on_axis(parts: Sequence[Floats], *, by_ratio: bool) -> Floats:
    found = _joined(parts)
    found = found[np.isfinite(found)]
    return np.log10(found[found > 0]) if by_ratio else found


def _inner(values: Floats) -> Floats:
    """The values without the outermost, where a trial has run away."""
    if len(values) < 2:
        return values
    middle, spread = np.median(values), np.subtract(*np.quantile(values, [0.75, 0.25]))
    inner: Floats = values[np.abs(values - middle) <= 3 * spread + abs(middle)]
    return inner


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate([*parts, np.array([], dtype=np.float64)])


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Size of a pixel of a figure over a plane.

    Attributes:
        across: its width, in units of the first parameter.
        up: its height, in units of the second.
    """

    across: float
    up: float

    @classmethod
    def of(cls, limits: Sequence[tuple[float, float]], options: FigureOptions) -> "PixelSize":
        """That of the whole figure; its axes are a little smaller, so that these pixels are the finer ones."""
        (left, right), (bottom, top) = limits
        dpi, (width, height) = options.dpi or DEFAULT_DPI, options.inches
        return cls((right - left) / (width * dpi), (top - bottom) / (height * dpi))

    def cells(self, points: Points) -> Points:
        """The cell of each point, by its numbers along both axes."""
        across, up = self.across / _CELLS_PER_PIXEL, self.up / _CELLS_PER_PIXEL
        cells: Points = np.round(points.real / across) + 1j * np.round(points.imag / up)
        return cells


def simplified_path(pieces: Iterable[Points], pixel: PixelSize, most_lines: int) -> tuple[Floats, Floats]:
    """A path of fewer lines that looks the same: neither departs from the other by more than half a pixel.

    Points of the same cell count as one, and a straight line between two cells is drawn once, however often the path
    goes back and forth. Each line that is drawn joins two points of the path.

    Args:
        pieces: consecutive points, all finite.
        pixel: how finely they are drawn.
        most_lines: straight lines; of more, which would cover the figure, evenly chosen ones are drawn.

    Returns:
        Values of the first and of the second parameter; NaN between lines that do not meet.
    """
    points = np.concatenate([np.array([], dtype=np.complex128), *_cell_changes(pieces, pixel)])
    if len(points) < 2:
        return points.real, points.imag
    lines = _distinct_lines(pixel.cells(points))
    if len(lines) > most_lines:
        lines = lines[np.linspace(0, len(lines) - 1, most_lines).astype(np.int64)]
    path = _polyline(points, lines)
    return path.real, path.imag


def _cell_changes(pieces: Iterable[Points], pixel: PixelSize) -> Iterator[Points]:
    """The first point of each visit to a cell."""
    before = np.array([np.nan], dtype=np.complex128)
    for points in pieces:
        cells = np.concatenate([before, pixel.cells(points)])
        yield points[cells[1:] != cells[:-1]]
        before = cells[-1:]


def _distinct_lines(cells: Points) -> Integers:
    """The first of the lines between the same two cells, whatever their direction; line i begins at point i."""
    known, places = np.unique(cells, return_inverse=True)
    start, end = places[:-1], places[1:]
    _, first = np.unique(np.minimum(start, end) * len(known) + np.maximum(start, end), return_index=True)
    return np.sort(first)


def _polyline(points: Points, lines: Integers) -> Points:
    """The lines one after the other, with NaN wherever one does not begin where the one before ends."""
    ends = np.stack([points[lines], points[lines + 1]], axis=1)
    begins = np.diff(lines, prepend=-2) != 1
    gaps = np.full(len(lines), np.nan + 1j * np.nan)
    triples = np.column_stack([gaps, ends])
    kept = np.column_stack([begins, begins, np.ones(len(lines), dtype=bool)])
    path: Points = triples[kept][1:]  # without the NaN before the first
    return path
