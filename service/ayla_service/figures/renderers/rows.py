"""What figures of rows have in common: their height, their labels and a column of words beside them."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.options import DEFAULT_DPI, DEFAULT_WIDTH, MOST_HEIGHT, MOST_PIXELS, FigureOptions
from ayla_service.figures.texts import POINTS_PER_INCH, broken, points_of

UNDECIDED = "#666666"
OUTCOMES = {"better": "#0072B2", "worse": "#D55E00", "undecided": UNDECIDED, "no_statement": UNDECIDED}
"""Colours of what a comparison states."""

_SHARE_OF_LABELS = 0.36
"""Of the width of the figure, at most."""


def fit_height(figure: Figure, options: FigureOptions, lines: float) -> None:
    """Give a figure, unless its height was asked for, that of its lines of text and of its axis and notes."""
    if options.height is not None:
        return
    width = figure.get_figwidth()
    line = 1.45 * points_of("axes.labelsize") / POINTS_PER_INCH
    most = min(MOST_HEIGHT, MOST_PIXELS / (width * (options.dpi or DEFAULT_DPI) ** 2))
    figure.set_figheight(min(most, max(1.8, line * (lines + 5))))


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Label the rows from the top, each on as many lines as its width takes."""
    figure = axes.get_figure(root=True)
    width = DEFAULT_WIDTH if figure is None else float(figure.get_figwidth())
    axes.set_yticks(range(len(labels)), labels=["\n".join(_lines(label, width)) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")


def lines_of(labels: Sequence[str], figure: Figure) -> int:
    """The most lines that a row takes."""
    return max((len(_lines(label, figure.get_figwidth())) for label in labels), default=1)


def _lines(label: str, width: float) -> list[str]:
    points = points_of("xtick.labelsize")
    return [line for part in label.split("\n") for line in broken(part, width * _SHARE_OF_LABELS, points)]


def write_beside(axes: Axes, row: int, text: str, colour: str) -> None:
    """Write words to the right of a row."""
    axes.annotate(
        text,
        (1.0, row),
        xycoords=("axes fraction", "data"),
        xytext=(0.6 * points_of("axes.labelsize"), 0),
        textcoords="offset points",
        va="center",
        ha="left",
        fontsize=points_of("legend.fontsize"),
        color=colour,
        annotation_clip=False,
    )
