"""Forest plot: the median difference of each pair of optimizers with its interval, and what the comparison states."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, SymmetricalLogLocator

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.metrics import in_words
from ayla_service.comparison.protocol_schemas import ArmPair
from ayla_service.comparison.schemas import PairComparison
from ayla_service.figures.compared import MOST_ROWS, Compared, ends_of, pairs_of
from ayla_service.figures.data import drawable_number
from ayla_service.figures.legends import add_note, add_nothing_yet, add_title, panel_inches
from ayla_service.figures.looks import difference_to, without_common_words
from ayla_service.figures.options import AxisScale
from ayla_service.figures.renderers.rows import OUTCOMES, fit_height, label_rows, lines_of, write_beside
from ayla_service.figures.scales import set_linear_labels
from ayla_service.figures.style import CURVE, GUIDE, line_width, mark_size
from ayla_service.figures.texts import broken, plain_number, points_of

NO_PAIRS = "no optimizer with AYLA and the same without it: name a baseline"

_SPREAD = 100.0
"""Ratio of the largest to the smallest difference from which on the axis is logarithmic on both sides of 0."""

_WORDS = {"no_statement": "no statement"}


def render(figure: Figure, data: Compared) -> None:
    """Draw a row for each pair."""
    metric, more_is_better, every = pairs_of(data)
    pairs = every[:MOST_ROWS]
    names, common = without_common_words([text for pair in pairs for text in (pair.label, pair.base_label)])
    labels = _labels(pairs, names[::2], names[1::2])
    fit_height(figure, data.options, len(pairs) * max(2.2, 0.4 + lines_of(labels, figure)))
    add_title(figure, data.title)
    axes = figure.subplots()
    label_rows(axes, labels)
    _label_values(axes, metric, names[1::2], pairs, more_is_better=more_is_better)
    if not pairs:
        _say_nothing(axes)
    axes.axvline(0, color=GUIDE, linewidth=line_width(0.6), zorder=1)
    _scale(axes, pairs, data.options.scale or AxisScale.AUTO)
    for row, pair in enumerate(pairs):
        _row(axes, row, pair)
        write_beside(axes, row, _statement(pair), OUTCOMES[pair.outcome])
    add_note(figure, _notes(pairs, len(every), common))


def _say_nothing(axes: Axes) -> None:
    axes.set_yticks([])
    add_nothing_yet(axes, "\n".join(broken(NO_PAIRS, 2.5, points_of("axes.labelsize"))))


def _labels(pairs: Sequence[PairComparison], names: Sequence[str], bases: Sequence[str]) -> list[str]:
    """The optimizer of each row, and what it is against where that is not the same in all; arms with their budgets."""
    own = [difference_to(name, base) for name, base in zip(names, bases, strict=True)]
    if len(set(bases)) < 2 and not any(isinstance(pair, ArmPair) for pair in pairs):
        return own
    return [
        f"{name}{_budgets(pair, 'budgets')}\nagainst {base}{_budgets(pair, 'base_budgets')}"
        for pair, name, base in zip(pairs, own, bases, strict=True)
    ]


def _budgets(pair: PairComparison, name: Literal["budgets", "base_budgets"]) -> str:
    """Among how many settings an arm was selected."""
    if not isinstance(pair, ArmPair):
        return ""
    ends = pair.budgets if name == "budgets" else pair.base_budgets
    return f" (best of {' to '.join(map(str, ends))})"


def _label_values(
    axes: Axes, metric: str, bases: Sequence[str], pairs: Sequence[PairComparison], *, more_is_better: bool
) -> None:
    relative = "relative " if any(pair.unit == "problem" for pair in pairs) else ""
    base = f" to {bases[0]}" if len(set(bases)) == 1 else ""
    powers = " in powers of ten" if metric == in_words("gap") and not relative else ""
    better = "above 0 is better" if more_is_better else "below 0 is better"
    figure = axes.get_figure(root=True)
    width = 0.6 * (8.0 if figure is None else figure.get_figwidth())
    name = f"median {relative}difference of the {metric}{base}{powers} ({better})"
    axes.set_xlabel("\n".join(broken(name, width, points_of("axes.labelsize"))))


def _scale(axes: Axes, pairs: Sequence[PairComparison], scale: AxisScale) -> None:
    """Set the scale and the limits, with 0 within, and room for arrows to the infinite."""
    found = [0.0]
    for pair in pairs:
        found.append(drawable_number(pair.median_difference))
        found += ends_of(pair.interval) if pair.interval is not None else []
    values = np.array(found)
    values = values[np.isfinite(values)]
    sizes = np.abs(values[values != 0])
    by_ratio = len(sizes) > 0 and scale is not AxisScale.LINEAR
    if by_ratio and (scale is AxisScale.LOG or sizes.max() / np.median(sizes) > _SPREAD):
        least = float(np.quantile(sizes, 0.1))
        axes.set_xscale("symlog", linthresh=least)
        axes.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=least))
        axes.xaxis.get_major_locator().set_params(numticks=5)  # type: ignore[call-arg]
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value, 2)))
        axes.set_xlim(2 * min(values.min(), -least), 2 * max(values.max(), least))
        return
    span = float(np.ptp(values)) or 1.0
    below, above = (0.25 if edge in found else 0.1 for edge in (-math.inf, math.inf))
    axes.set_xlim(float(values.min()) - below * span, float(values.max()) + above * span)
    axes.locator_params(axis="x", nbins=5 if panel_inches(axes) > 5 else 3)
    set_linear_labels(axes.xaxis)


def _row(axes: Axes, row: int, pair: PairComparison) -> None:
    """The interval as a line, with arrows where it is infinite, and the median on it; hollow without an interval."""
    colour = OUTCOMES[pair.outcome]
    edges = axes.get_xlim()
    style: dict[str, Any] = {"color": colour, "linewidth": line_width(1.1), "zorder": 3}
    if pair.interval is not None:
        low, high = ends_of(pair.interval)
        axes.plot([max(low, edges[0]), min(high, edges[1])], [row, row], **style, solid_capstyle="butt")
        for end, edge, marker in ((low, edges[0], "<"), (high, edges[1], ">")):
            if math.isinf(end):
                axes.plot([edge], [row], marker, color=colour, markersize=mark_size(1.1), clip_on=False, zorder=4)
    if pair.median_difference is None or math.isnan(pair.median_difference):
        axes.annotate("none", (0, row), ha="center", va="center", color=CURVE)
        return
    face = colour if pair.interval is not None else "white"
    place = min(max(drawable_number(pair.median_difference), edges[0]), edges[1])
    axes.plot(
        [place], [row], "s", color=colour, markerfacecolor=face, markersize=mark_size(1.1), clip_on=False, zorder=5
    )


def _statement(pair: PairComparison) -> str:
    counts = f"{pair.wins} : {pair.losses}" + (f" ({pair.ties} tied)" if pair.ties else "")
    test = "" if pair.sign_test is None else f", p = {plain_number(pair.sign_test.adjusted, 2)}"
    return f"{_WORDS.get(pair.outcome, pair.outcome)}\n{counts}{test}"


def _notes(pairs: Sequence[PairComparison], total: int, common: str) -> list[str]:
    intervals = [pair.interval for pair in pairs if pair.interval is not None]
    least = min((round(interval.coverage, 3) for interval in intervals), default=0.0)
    unit = "problems" if any(pair.unit == "problem" for pair in pairs) else "seeds"
    tests = max((pair.tests for pair in pairs), default=0)
    lacking = any(pair.interval is None for pair in pairs)
    said = dict.fromkeys(text for pair in pairs if isinstance(pair, ArmPair) for text in pair.qualifications)
    return [
        *said,
        f"intervals cover {percent(least)} or more" if intervals else "",
        "hollow: too few pairs for an interval" if lacking else "",
        f"{unit} won : lost, sign test" if pairs else "",
        f"Holm's correction for {tests} tests" if tests > 1 else "",
        f"the first {len(pairs)} of {total} pairs" if total > len(pairs) else "",
        f"all with {common}" if common else "",
    ]
