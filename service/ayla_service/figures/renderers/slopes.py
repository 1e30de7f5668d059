"""Slopes: the result of an optimizer and of its base on every seed, joined by a line, a panel for each pair."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ayla_service.figures.compared import Compared, SlopePair, slopes_of
from ayla_service.figures.legends import (
    add_entries,
    add_nothing_yet,
    add_title,
    panel_inches,
    set_heading,
    set_value_label,
)
from ayla_service.figures.looks import difference_to, without_common_words
from ayla_service.figures.options import AxisScale
from ayla_service.figures.renderers.forest import NO_PAIRS
from ayla_service.figures.renderers.rows import OUTCOMES, UNDECIDED
from ayla_service.figures.scales import set_value_scale
from ayla_service.figures.style import line_width, mark_size
from ayla_service.figures.texts import broken, points_of

MOST_PANELS = 12
_INCHES_OF_PANEL = 1.6


def render(figure: Figure, data: Compared) -> None:
    """Draw a panel for each pair."""
    every = slopes_of(data)
    pairs = every[:MOST_PANELS]
    columns = max(1, min(len(pairs), int(figure.get_figwidth() / _INCHES_OF_PANEL)))
    rows = max(1, -(-len(pairs) // columns))
    if data.options.height is None:
        figure.set_figheight(min(12.0, figure.get_figheight() * (0.55 + 0.45 * rows)))
    add_title(figure, data.title)
    grid = figure.subplots(rows, columns, squeeze=False)
    names, common = without_common_words([text for pair in pairs for text in (pair.base_label, pair.label)])
    for place, axes in enumerate(grid.ravel()):
        if place < len(pairs):
            base = names[2 * place]
            ends = base, difference_to(names[2 * place + 1], base)
            _panel(axes, pairs[place], ends, data.options.scale or AxisScale.AUTO, first=place % columns == 0)
        elif pairs:
            axes.set_axis_off()
        else:
            axes.set(xticks=[], yticks=[])
            add_nothing_yet(axes, "\n".join(broken(NO_PAIRS, 2.5, points_of("axes.labelsize"))))
    add_entries(figure, _entries(pairs), _notes(pairs, len(every), common))


def _panel(axes: Axes, pair: SlopePair, ends: tuple[str, str], scale: AxisScale, *, first: bool) -> None:
    answer = pair.answer
    won = f"better on {answer.wins} of {answer.pairs}" if answer.pairs else "no pairs"
    set_heading(axes, f"{pair.heading}: {won}" if pair.heading else won)
    inches, points = 0.42 * panel_inches(axes), points_of("xtick.labelsize")
    axes.set_xticks([0, 1], labels=["\n".join(broken(end, inches, points)) for end in ends])
    axes.set_xlim(-0.35, 1.35)
    axes.grid(visible=False, axis="x")
    if first:
        set_value_label(axes, pair.metric)
    values = np.array(pair.values, dtype=np.float64).reshape(-1, 2)
    set_value_scale(axes, [values], scale)
    finite = values[np.isfinite(values)]
    if not len(finite):
        axes.set_yticks([])
        return
    _lines(axes, pair, values)


def _lines(axes: Axes, pair: SlopePair, values: np.ndarray) -> None:
    """A line for each seed; what diverged is at the edge of the axes, with a cross."""
    axes.plot(np.tile([[0.0], [1.0]], (1, len(values))), np.where(np.isfinite(values), values, np.nan).T, alpha=0)
    low, high = axes.get_ylim()
    for base, ours in values:
        colour = _colour(base, ours, more_is_better=pair.more_is_better)
        places = [min(max(value, low), high) for value in (base, ours)]
        width = line_width(0.7)
        axes.plot([0, 1], places, "o-", color=colour, linewidth=width, markersize=mark_size(0.6), alpha=0.8, zorder=3)
        for place, value in enumerate((base, ours)):
            if math.isinf(value):
                axes.plot(
                    [place], [places[place]], "X", color=colour, markersize=mark_size(1.2), clip_on=False, zorder=4
                )
    axes.set_ylim(low, high)


def _colour(base: float, ours: float, *, more_is_better: bool) -> str:
    if base == ours:
        return UNDECIDED
    return OUTCOMES["better" if (ours > base) == more_is_better else "worse"]


def _entries(pairs: Sequence[SlopePair]) -> list[tuple[str, Line2D]]:
    words = {"better": "better on this seed", "worse": "worse"}
    entries = [(name, Line2D([], [], color=OUTCOMES[outcome], marker="o")) for outcome, name in words.items()]
    if any(pair.answer.ties for pair in pairs):
        entries.append(("tied", Line2D([], [], color=UNDECIDED, marker="o")))
    return entries if pairs else []


def _notes(pairs: Sequence[SlopePair], total: int, common: str) -> list[str]:
    infinite = any(math.isinf(value) for pair in pairs for both in pair.values for value in both)
    return [
        "lines are seeds" if pairs else "",
        "✖ diverged or not reached" if infinite else "",
        f"the first {len(pairs)} of {total} pairs" if total > len(pairs) else "",
        f"all with {common}" if common else "",
    ]
