"""The way of a trial over a plane, without what nobody can see of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ayla_service.figures.data import Floats, Integers
from ayla_service.figures.options import DEFAULT_DPI, FigureOptions

Points = npt.NDArray[np.complex128]
"""Points of a plane: the first parameter is the real part, the second the imaginary one."""

_CELLS_PER_PIXEL = 4
"""Along each axis, so that two points of a cell are at most 0.36 pixels apart."""


@dataclass(frozen=True, slots=True)
class Screen:
    """How finely a plane is drawn.

    Attributes:
        across: width of a pixel, in units of the first parameter.
        up: height of a pixel, in units of the second.
    """

    across: float
    up: float

    @classmethod
    def of(cls, windows: Sequence[tuple[float, float]], options: FigureOptions) -> "Screen":
        """That of a figure; the axes are a little smaller, so that its pixels are the finer ones."""
        (left, right), (bottom, top) = windows
        dpi = options.dpi or DEFAULT_DPI
        return cls((right - left) / (options.width * dpi), (top - bottom) / (options.height * dpi))

    def cells(self, points: Points) -> Points:
        """The cell of each point, by its numbers along both axes."""
        across, up = self.across / _CELLS_PER_PIXEL, self.up / _CELLS_PER_PIXEL
        cells: Points = np.round(points.real / across) + 1j * np.round(points.imag / up)
        return cells


def drawn_path(pieces: Iterable[Points], screen: Screen, most_lines: int) -> tuple[Floats, Floats]:
    """A path that looks like the whole one: neither departs from the other by more than half a pixel.

    Points of the same cell count as one, and a straight line between two cells is drawn once, however often the path
    goes back and forth. Each line that is drawn joins two points of the path.

    Args:
        pieces: consecutive points, all finite.
        screen: how finely they are drawn.
        most_lines: straight lines; of more, which would cover the figure, evenly chosen ones are drawn.

    Returns:
        Values of the first and of the second parameter; NaN where the pen is lifted.
    """
    points = np.concatenate([np.array([], dtype=np.complex128), *_visits(pieces, screen)])
    if len(points) < 2:
        return points.real, points.imag
    lines = _different(screen.cells(points))
    if len(lines) > most_lines:
        lines = lines[np.linspace(0, len(lines) - 1, most_lines).astype(np.int64)]
    path = _joined(points, lines)
    return path.real, path.imag


def _visits(pieces: Iterable[Points], screen: Screen) -> Iterator[Points]:
    """The first point of each visit to a cell."""
    before = np.array([np.nan], dtype=np.complex128)
    for points in pieces:
        cells = np.concatenate([before, screen.cells(points)])
        yield points[cells[1:] != cells[:-1]]
        before = cells[-1:]


def _different(cells: Points) -> Integers:
    """The first of the lines between the same two cells, whatever their direction; line i begins at point i."""
    known, places = np.unique(cells, return_inverse=True)
    start, end = places[:-1], places[1:]
    _, first = np.unique(np.minimum(start, end) * len(known) + np.maximum(start, end), return_index=True)
    return np.sort(first)


def _joined(points: Points, lines: Integers) -> Points:
    """The lines one after the other, with NaN wherever one does not begin where the one before ends."""
    ends = np.stack([points[lines], points[lines + 1]], axis=1)
    begins = np.diff(lines, prepend=-2) != 1
    lifted = np.full(len(lines), np.nan + 1j * np.nan)
    triples = np.column_stack([lifted, ends])
    kept = np.column_stack([begins, begins, np.ones(len(lines), dtype=bool)])
    path: Points = triples[kept][1:]  # without the NaN before the first
    return path
