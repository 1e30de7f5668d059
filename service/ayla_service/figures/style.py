"""Style shared by all figures: parameters of matplotlib for the screen and for print, by the width of the figure."""

from typing import Any

from matplotlib import rcParams

from ayla_service.figures.options import Style

GUIDE = "#888888"
CURVE = "#333333"
DATA = "#AAAAAA"
DIVERGED = "#D55E00"

_WIDE = 8.0
"""Inches for which the sizes are given."""

# Sizes grow less than the width does: so texts of one column can be read, and those of a wide figure stay texts.
_POINTS = {Style.SCREEN: 11.0, Style.PAPER: 9.5}
_GROWTH = {Style.SCREEN: 0.4, Style.PAPER: 0.2}
_LINES = {Style.SCREEN: 1.8, Style.PAPER: 1.4}

_ALWAYS: dict[Any, Any] = {
    # DejaVu Sans comes with matplotlib, so that figures do not depend on the machine; the others stand in for it where
    # an SVG is shown without it, and nothing is ever drawn with them here.
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 6),
    "legend.frameon": False,
    "text.parse_math": False,  # texts are users' and mean no formulas
    "svg.hashsalt": "ayla",
    "pdf.fonttype": 42,  # TrueType, which every publisher takes; the default's Type 3 fonts many refuse
    "svg.fonttype": "none",  # text that can be searched and read aloud, in a third of the bytes
    "figure.facecolor": "white",
    "grid.color": "#E6E6E6",
}
_OF_STYLE: dict[Style, dict[Any, Any]] = {
    Style.SCREEN: {"axes.grid": True},
    Style.PAPER: {"axes.grid": False, "axes.edgecolor": "black"},
}


def font_points(style: Style, width: float) -> float:
    """Size of the texts of a figure of this width in inches: 7.7 and 11 points on 3.3 and 8 inches of a screen."""
    return float(_POINTS[style] * (width / _WIDE) ** _GROWTH[style])


def rc_parameters(style: Style, width: float) -> dict[Any, Any]:
    """The parameters of matplotlib; lines, marks and ticks grow with the texts."""
    points = font_points(style, width)
    scale = points / _POINTS[style]
    texts = {
        "font.size": points,
        "axes.titlesize": points,
        "axes.labelsize": points,
        "xtick.labelsize": 0.92 * points,
        "ytick.labelsize": 0.92 * points,
        "figure.titlesize": 1.18 * points,
        "figure.labelsize": points,
        "legend.fontsize": 0.88 * points,
        "legend.title_fontsize": 0.88 * points,
    }
    strokes = {
        "lines.linewidth": _LINES[style] * scale,
        "lines.markersize": 6 * scale,
        "axes.linewidth": 0.8 * scale,
        "grid.linewidth": 0.8 * scale,
    }
    ticks = {
        f"{axis}tick.{which}.{what}": size * scale
        for axis in "xy"
        for which, what, size in (
            ("major", "size", 3.5),
            ("minor", "size", 2.0),
            ("major", "width", 0.8),
            ("minor", "width", 0.6),
            ("major", "pad", 3.5),
            ("minor", "pad", 3.5),
        )
    }
    return _ALWAYS | _OF_STYLE[style] | texts | strokes | ticks


def mark_size(share: float = 1.0) -> float:
    """Size of marks in points, as a share of the usual one."""
    return float(rcParams["lines.markersize"]) * share


def line_width(share: float = 1.0) -> float:
    """Width of lines in points, as a share of the usual one."""
    return float(rcParams["lines.linewidth"]) * share
