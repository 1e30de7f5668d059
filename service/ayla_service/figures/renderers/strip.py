"""Strip plot: the result of every seed, with the median and the quartiles; trials that diverged are counted beside."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ayla_service.figures.compared import MOST_ROWS, Compared, DrawnProblem, Strip, check_panels, strips_of
from ayla_service.figures.legends import add_note, add_nothing_yet, add_title, panel_inches, set_heading
from ayla_service.figures.looks import SettingStyle, styles_at, without_common_words
from ayla_service.figures.options import AxisScale
from ayla_service.figures.renderers.rows import fit_height, label_rows, lines_of, write_beside
from ayla_service.figures.scales import set_value_scale
from ayla_service.figures.style import CURVE, DIVERGED, line_width, mark_size

_BOX, _JITTER = 0.32, 0.2
"""Half the height of a box, and how far points are moved at most, as shares of a row."""

NO_VALUES = "no trial has ended\nwith a finite value"
_GOLDEN = (5**0.5 - 1) / 2
_INCHES_OF_PANEL = 3.5


def render(figure: Figure, data: Compared) -> None:
    """Draw a panel for each problem, and in it a row for each optimizer."""
    check_panels(data)
    every = [label for label in data.chosen_labels if any(label in drawn.labels for drawn in data.problems)]
    labels = every[:MOST_ROWS]
    names, common = without_common_words(labels)
    columns = max(1, min(len(data.problems), int(figure.get_figwidth() / _INCHES_OF_PANEL)))
    rows = -(-len(data.problems) // columns)
    fit_height(figure, data.options, rows * (len(labels) * max(1.6, 0.4 + lines_of(names, figure)) + 3))
    add_title(figure, data.title)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    strips = [{strip.label: strip for strip in strips_of(drawn)} for drawn in data.problems]
    for place, axes in enumerate(grid):
        if place >= len(strips):
            axes.set_axis_off()
            continue
        label_rows(axes, names)
        axes.tick_params(axis="y", labelleft=place % columns == 0)
        _panel(axes, data, data.problems[place], [strips[place].get(label) for label in labels])
    add_note(figure, _notes(strips, len(labels), len(every), common))


def _panel(axes: Axes, data: Compared, drawn: DrawnProblem, strips: Sequence[Strip | None]) -> None:
    if drawn.heading:
        set_heading(axes, drawn.heading, 0.55)
    axes.set_xlabel(drawn.metric_name)
    values = [np.array(strip.values, dtype=np.float64) for strip in strips if strip is not None]
    if not any(map(len, values)):
        axes.set_xticks([])
        add_nothing_yet(axes, NO_VALUES)
    by_ratio = set_value_scale(axes, values, data.options.scale or AxisScale.AUTO, horizontal=True)
    if not by_ratio:
        axes.locator_params(axis="x", nbins=5 if panel_inches(axes) > 5 else 3)
    looks = styles_at(dict.fromkeys(range(len(data.labels)), ""), set(range(len(data.labels))))
    styles = {label: looks[place] for place, label in enumerate(data.labels)}
    for row, strip in enumerate(strips):
        if strip is not None:
            heights = row + _JITTER * _spread(len(strip.values))
            axes.plot(strip.values, heights, **styles[strip.label].mark | {"markersize": mark_size(0.7)})
    edges = axes.get_xlim()
    for row, strip in enumerate(strips):
        if strip is not None:
            _box(axes, row, strip, styles[strip.label], edges)
        write_beside(axes, row, _counts(strip), DIVERGED if strip is not None and strip.diverged else CURVE)
    axes.set_xlim(edges)


def _spread(count: int) -> np.ndarray:
    """Places between -1 and 1 of which neighbours are apart."""
    return 2 * (np.arange(1, count + 1) * _GOLDEN % 1) - 1


def _box(axes: Axes, row: int, strip: Strip, style: SettingStyle, edges: tuple[float, float]) -> None:
    """Quartiles as a box and the median as a line; infinite ones at the edge."""
    if strip.summary is None:
        return
    quartiles = [strip.summary.lower_quartile, strip.summary.median, strip.summary.upper_quartile]
    known = [float(np.clip(value, *edges)) for value in quartiles if value is not None and not math.isnan(value)]
    if len(known) < 3 or not strip.values:
        return
    low, middle, high = known
    box = Rectangle((low, row - _BOX), high - low, 2 * _BOX, facecolor=style.colour, alpha=0.18, zorder=1.5)
    axes.add_patch(box)
    axes.plot([middle] * 2, [row - _BOX, row + _BOX], color=style.colour, linewidth=line_width(1.3), zorder=3)


def _counts(strip: Strip | None) -> str:
    """What is not among the values, in words."""
    if strip is None:
        return "not run"
    total = len(strip.values) + strip.diverged + strip.missed
    parts = [
        f"✖ {strip.diverged} of {total}\ndiverged" if strip.diverged else "",
        f"{strip.missed} of {total}\nmissed" if strip.missed else "",
        f"{strip.unfinished} not ended" if strip.unfinished else "",
        "not recorded" if strip.summary is None and not strip.unfinished else "",
    ]
    return "\n".join(filter(None, parts))


def _notes(strips: Sequence[Mapping[str, Strip]], shown: int, total: int, common: str) -> list[str]:
    several = any(len(strip.values) > 1 for one in strips for strip in one.values())
    return [
        "points are seeds; line and box: median and quartiles, diverged ones counting as worst" if several else "",
        f"the first {shown} of {total} optimizers" if total > shown else "",
        f"all with {common}" if common else "",
    ]
