"""Style shared by all figures: colours of the optimizers, texts, titles, legends, and scales and numbers of axes."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatter

from ayla_service.figures.data import Floats, SettingData, ranked
from ayla_service.figures.options import AxisScale

MOST_NAMED = 12
"""Settings that have a colour of their own and a place in the legend; of more, the best few have."""

FEW_NAMED = 8
LONGEST_LABEL = 60

# Okabe and Ito's palette, distinct for people with any colour vision, without the yellow that is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
OTHERS = "#B5B5B5"
GUIDE = "#888888"
CURVE = "#333333"
DATA = "#AAAAAA"

RC_PARAMETERS: dict[Any, Any] = {
    # DejaVu Sans comes with matplotlib, so that figures do not depend on the machine; the others stand in for it where
    # an SVG is shown without it, and nothing is ever drawn with them here.
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial"],
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "figure.titlesize": 13,
    "legend.fontsize": 9.5,
    "legend.title_fontsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 6),
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "text.parse_math": False,  # texts are users' and mean no formulas
    "svg.hashsalt": "ayla",
    "pdf.fonttype": 42,  # TrueType, which every publisher takes; the default's Type 3 fonts many refuse
    "svg.fonttype": "none",  # text that can be searched and read aloud, in a third of the bytes
    "figure.facecolor": "white",
}


@dataclass(frozen=True, slots=True)
class SettingStyle:
    """Style of a setting.

    Attributes:
        name: for the legend.
        named: whether it has a place there; all others are drawn alike, behind these.
    """

    name: str
    named: bool
    colour: str = OTHERS
    dashes: Any = "-"
    marker: str = "o"

    @property
    def line(self) -> dict[str, Any]:
        """Keywords of a line."""
        if not self.named:
            return {"color": self.colour, "linewidth": 0.8, "alpha": 0.6, "zorder": 1.5}
        return {"color": self.colour, "linestyle": self.dashes, "zorder": 3.0}

    @property
    def mark(self) -> dict[str, Any]:
        """Keywords of marks."""
        size = 6 if self.named else 3
        return {
            "color": self.colour,
            "marker": self.marker,
            "linestyle": "",
            "markersize": size,
            "alpha": 0.7,
            "zorder": 4.0 if self.named else 3.0,
        }


def styles_of(settings: Sequence[SettingData]) -> Mapping[int, SettingStyle]:
    """The style of each setting, by its place in the job; the best are named where there are too many."""
    named = settings if len(settings) <= MOST_NAMED else ranked(settings)[:FEW_NAMED]
    places = {setting.index: place for place, setting in enumerate(named)}
    return {setting.index: _style(setting, places.get(setting.index)) for setting in settings}


def _style(setting: SettingData, place: int | None) -> SettingStyle:
    name = shortened(setting.label, LONGEST_LABEL)
    if place is None:
        return SettingStyle(name, named=False)
    count = len(COLOURS)
    return SettingStyle(name, True, COLOURS[place % count], DASHES[place // count], MARKERS[place % count])


_EM_OF_CHARACTER = 0.6
"""Mean width of a character of the font, in ems."""

_POINTS_PER_INCH = 72


def shortened(text: str, longest: int) -> str:
    """A text of a user on one line, without characters that cannot be printed; if it is too long, without its middle.

    The ends of labels differ as often as their beginnings do.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    plain = " ".join(printable.split())
    if _width(plain) <= longest:
        return plain
    tail = longest // 3
    return f"{_beginning(plain, longest - tail - 1)}…{_beginning(plain[::-1], tail)[::-1]}"


def fitting_characters(inches: float, points: float) -> int:
    """The number of characters of a font of this size that fit side by side, about."""
    return max(8, int(inches * _POINTS_PER_INCH / (points * _EM_OF_CHARACTER)))


def _width(text: str) -> int:
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _beginning(text: str, room: int) -> str:
    end = 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        end += 1
    return text[:end]


NOTHING = "nothing recorded yet"

_TITLE_POINTS, _LEGEND_POINTS = 13, 9.5
_LINE_INCHES = 0.19
_LEGEND_SHARE = 0.4
"""Of the height, at most."""

_HANDLE_CHARACTERS = 7
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-4, 1e5
_LOG_SPAN = 10


def add_title(figure: Figure, text: str) -> None:
    """Add a title, cut to the figure's width."""
    figure.suptitle(shortened(text, fitting_characters(figure.get_figwidth() * 0.95, _TITLE_POINTS)))


def add_nothing_yet(axes: Axes) -> None:
    """Add the text that nothing is recorded yet to axes that are labelled all the same."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, ha="center", va="center", color=CURVE, bbox=box, zorder=6)


def add_legend(
    figure: Figure,
    styles: Iterable[SettingStyle],
    note: str,
    *,
    extra: Mapping[str, Any] | None = None,
    marks: bool = False,
) -> None:
    """Add a legend below the axes: the note, then the named settings, as many as there is room for.

    Args:
        figure: with its axes.
        styles: of all settings that are drawn.
        note: on what lines and bands are.
        extra: keywords of more lines, by name, that come first.
        marks: whether settings are drawn as marks, not as lines.
    """
    lines = [(name, Line2D([], [], **keywords)) for name, keywords in (extra or {}).items()]
    lines += _setting_entries(list(styles), marks=marks)
    fitting = fitting_characters(figure.get_figwidth(), _LEGEND_POINTS) - _HANDLE_CHARACTERS
    entries = [(shortened(name, fitting), handle) for name, handle in lines]
    columns, room = _legend_grid(figure, [name for name, _ in entries])
    if len(entries) > room:
        left_out = len(entries) - room + 1
        entries = [*entries[: room - 1], (f"and {left_out} more", Line2D([], [], linestyle=""))]
    title = shortened(note, fitting_characters(figure.get_figwidth() * 0.98, _LEGEND_POINTS))
    names, handles = [name for name, _ in entries], [handle for _, handle in entries]
    figure.legend(handles, names, title=title or None, loc="outside lower center", ncols=columns)


def _setting_entries(styles: Sequence[SettingStyle], *, marks: bool) -> list[tuple[str, Line2D]]:
    """Entries of the named settings, and one for all others."""
    named = [style for style in styles if style.named]
    entries = [(style.name, Line2D([], [], **(style.mark if marks else style.line))) for style in named]
    others = len(styles) - len(named)
    if others:
        keywords: dict[str, Any] = {"marker": "o", "markersize": 3, "linestyle": ""} if marks else {"linewidth": 1.2}
        entries.append((f"{others} others", Line2D([], [], color=OTHERS, **keywords)))
    return entries


def set_value_scale(axes: Axes, values: Sequence[Floats], scale: AxisScale) -> bool:
    """Set the scale of the vertical axis; returns whether it is logarithmic."""
    if not is_log(values, scale):
        return False
    axes.set_yscale("log", nonpositive="mask")
    set_log_labels(axes.yaxis)
    return True


def set_log_labels(axis: Axis) -> None:
    """Set the labels of a logarithmic axis to plain text: the usual ones are formulas, which texts here never are."""
    axis.set_major_formatter(_PlainLogFormatter(labelOnlyBase=False))
    axis.set_minor_formatter(_PlainLogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.6)))


class _PlainLogFormatter(LogFormatter):
    """Labels the same ticks; writes 0.06 for 6e-02, unless the axis has values that are not written so."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        if self.axis is None or not super().__call__(x, pos):
            return ""
        return number_format(self.axis.get_view_interval())(x)


def number_format(values: Iterable[float]) -> Callable[[float], str]:
    """Format of the numbers of one axis: plain, or all with a power of ten if one of ``values`` needs it."""
    sizes = [abs(value) for value in values if value]
    return plain_number if all(_SMALLEST_PLAIN <= size <= _LARGEST_PLAIN for size in sizes) else scientific_number


def plain_number(value: float) -> str:
    """A number of three digits, as short as possible."""
    rounded = float(f"{value:.3g}")
    if rounded and not _SMALLEST_PLAIN <= abs(rounded) <= _LARGEST_PLAIN:
        return scientific_number(rounded)
    return f"{rounded:g}".replace("-", "\N{MINUS SIGN}")


def scientific_number(value: float) -> str:
    """A number of three digits with its power of ten: 6e−5; 0 as it is."""
    if not value:
        return "0"
    digits, _, exponent = f"{value:.2e}".partition("e")
    return f"{float(digits):g}e{int(exponent)}".replace("-", "\N{MINUS SIGN}")


def is_log(values: Sequence[Floats], scale: AxisScale) -> bool:
    """Whether the scale of these values is logarithmic."""
    found = np.concatenate([np.ravel(array) for array in values]) if values else np.array([])
    finite = found[np.isfinite(found)]
    if scale is AxisScale.LINEAR or not np.any(finite > 0):
        return False
    if scale is AxisScale.LOG:
        return True
    low, high = float(finite.min()), float(finite.max())
    return low > 0 and high / _LOG_SPAN >= low


def _legend_grid(figure: Figure, names: Sequence[str]) -> tuple[int, int]:
    """The number of columns of a legend, and the number of entries for which there is room."""
    widest = max(map(len, names), default=1) + _HANDLE_CHARACTERS
    columns = max(1, min(len(names), fitting_characters(figure.get_figwidth(), _LEGEND_POINTS) // widest))
    rows = max(1, int(figure.get_figheight() * _LEGEND_SHARE / _LINE_INCHES) - 1)
    return columns, columns * rows
