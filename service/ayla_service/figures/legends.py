"""Titles, legends and notes of figures, laid out in the room that there is."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ayla_service.figures.looks import OTHERS, SettingStyle, without_common
from ayla_service.figures.options import DEFAULT_WIDTH
from ayla_service.figures.style import CURVE
from ayla_service.figures.texts import POINTS_PER_INCH, broken, fitted, in_lines, points_of, text_inches

Drawn = Literal["lines", "marks", "marked"]
"""What stands for a setting: lines, marks, or lines with a mark at each point."""

NOTHING = "nothing recorded yet"

_LEGEND_SHARE = 0.4
"""Of the height, at most."""

_HANDLE_EMS, _SPACE_EMS, _LINE_EMS = 3.4, 1.4, 1.5
"""Of an entry: its line with the gaps around it, the gap to the next column, and the height of a row."""

_USED_WIDTH = 0.96


def add_title(figure: Figure, text: str) -> None:
    """Add a title, cut to the figure's width; none where there is no text."""
    if text:
        figure.suptitle(fitted(text, figure.get_figwidth() * 0.95, points_of("figure.titlesize")))


def set_heading(axes: Axes, text: str, share: float = 0.9) -> None:
    """Set the heading of a panel, on several lines where it is wider than this share of its part of the figure."""
    points = points_of("axes.titlesize")
    axes.set_title("\n".join(broken(text, panel_inches(axes) * share, points)))


def set_value_label(axes: Axes, text: str, share: float = 0.45) -> None:
    """Name the vertical axis, on several lines where that is longer than this share of the figure's height."""
    figure = axes.get_figure(root=True)
    inches = (5.0 if figure is None else float(figure.get_figheight())) * share
    axes.set_ylabel("\n".join(broken(text, inches, points_of("axes.labelsize"))))


def add_nothing_yet(axes: Axes, text: str = NOTHING) -> None:
    """Add the text that nothing is recorded yet to axes that are labelled all the same."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=CURVE, bbox=box, zorder=6)


def add_note(figure: Figure, notes: Sequence[str]) -> None:
    """Add a line below the axes, or several where they do not fit on one."""
    if any(notes):
        add_entries(figure, [], notes)


def add_legend(
    figure: Figure,
    styles: Mapping[int, SettingStyle],
    notes: Sequence[str],
    *,
    extra: Mapping[str, Any] | None = None,
    drawn: Drawn = "lines",
) -> None:
    """Add a legend below the axes: the notes, then the named settings, as many as there is room for.

    Names say only how the settings differ; what they have in common is a note.

    Args:
        figure: with its axes.
        styles: of all settings that are drawn, by place.
        notes: on what lines and bands are.
        extra: keywords of more lines, by name, that come first.
        drawn: what stands for a setting in the axes.
    """
    named, common = without_common({place: style for place, style in styles.items() if style.named})
    entries = [(name, Line2D([], [], **keywords)) for name, keywords in (extra or {}).items()]
    entries += [(style.name, Line2D([], [], **_handle(style, drawn))) for style in named.values()]
    if others := len(styles) - len(named):
        keywords: dict[str, Any] = {"marker": "o", "linestyle": ""} if drawn == "marks" else {"linewidth": 1.2}
        entries.append((f"{others} others", Line2D([], [], color=OTHERS, **keywords)))
    add_entries(figure, entries, [*notes, f"all with {common}" if common else ""])


def add_entries(figure: Figure, entries: Sequence[tuple[str, Any]], notes: Sequence[str] = ()) -> None:
    """Add a legend of these names and handles below the axes, and the notes above it."""
    width, points = figure.get_figwidth() * _USED_WIDTH, points_of("legend.fontsize")
    em = points / POINTS_PER_INCH
    title = in_lines(filter(None, notes), width, points)
    fitting = [(fitted(name, width - _HANDLE_EMS * em, points), handle) for name, handle in entries]
    room = figure.get_figheight() * _LEGEND_SHARE - (title.count("\n") + 1) * _LINE_EMS * em
    columns, most = _grid([name for name, _ in fitting], width, room, points)
    if len(fitting) > most:
        left_out = len(fitting) - most + 1
        fitting = [*fitting[: most - 1], (f"and {left_out} more", Line2D([], [], linestyle=""))]
    names, handles = [name for name, _ in fitting], [handle for _, handle in fitting]
    legend = figure.legend(
        handles,
        names,
        title=title or None,
        loc="outside lower center",
        ncols=columns,
        columnspacing=_SPACE_EMS,
        borderpad=0.1,
    )
    legend.get_title().set_multialignment("center")


def _handle(style: SettingStyle, drawn: Drawn) -> dict[str, Any]:
    if drawn == "marks":
        return style.mark
    return style.line | style.marker if drawn == "marked" or style.look.always_marked else style.line


def _grid(names: Sequence[str], width: float, height: float, points: float) -> tuple[int, int]:
    """The number of columns of a legend, and the number of entries for which there is room."""
    em = points / POINTS_PER_INCH
    widest = max((text_inches(name, points) for name in names), default=0.0) + (_HANDLE_EMS + _SPACE_EMS) * em
    columns = max(1, min(len(names), int((width + _SPACE_EMS * em) / widest)))
    rows = max(1, int(height / (_LINE_EMS * em)))
    return columns, columns * rows


def sparse_points(axes: Axes) -> int:
    """The most points of a line that are marked each, by the width of the axes: six an inch, and twelve at least."""
    return max(12, int(6 * panel_inches(axes)))


def panel_inches(axes: Axes) -> float:
    """Width of the part of the figure that axes have."""
    figure, spec = axes.get_figure(root=True), axes.get_subplotspec()
    columns = 1 if spec is None else spec.get_gridspec().ncols
    return (DEFAULT_WIDTH if figure is None else float(figure.get_figwidth())) / columns
