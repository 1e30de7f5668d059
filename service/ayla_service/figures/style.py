"""One look for all figures: which optimizer has which colour, and what matplotlib is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ayla_service.figures.data import Setting, ranked
from ayla_service.figures.texts import shown

MOST_NAMED = 12
"""Settings that have a colour of their own and a place in the legend; of more, the best few have."""

FEW_NAMED = 8
LONGEST_LABEL = 60

# Okabe and Ito's palette, which people with any colour vision tell apart, without the yellow that is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
OTHERS = "#B5B5B5"
GUIDE = "#888888"
CURVE = "#333333"
DATA = "#AAAAAA"

PARAMETERS: dict[Any, Any] = {
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
class Look:
    """How a setting is drawn.

    Attributes:
        name: for the legend.
        named: whether it has a place there; those that have not are drawn alike, behind the others.
    """

    name: str
    named: bool
    colour: str = OTHERS
    dashes: Any = "-"
    marker: str = "o"

    @property
    def line(self) -> dict[str, Any]:
        """What a line of this look is given."""
        if not self.named:
            return {"color": self.colour, "linewidth": 0.8, "alpha": 0.6, "zorder": 1.5}
        return {"color": self.colour, "linestyle": self.dashes, "zorder": 3.0}

    @property
    def mark(self) -> dict[str, Any]:
        """What marks of this look are given."""
        size = 6 if self.named else 3
        return {
            "color": self.colour,
            "marker": self.marker,
            "linestyle": "",
            "markersize": size,
            "alpha": 0.7,
            "zorder": 4.0 if self.named else 3.0,
        }


def looks(settings: Sequence[Setting]) -> Mapping[int, Look]:
    """The look of each setting, by its place in the job; the best are named where there are too many."""
    named = settings if len(settings) <= MOST_NAMED else ranked(settings)[:FEW_NAMED]
    places = {setting.index: place for place, setting in enumerate(named)}
    return {setting.index: _look(setting, places.get(setting.index)) for setting in settings}


def _look(setting: Setting, place: int | None) -> Look:
    name = shown(setting.label, LONGEST_LABEL)
    if place is None:
        return Look(name, named=False)
    count = len(COLOURS)
    return Look(name, True, COLOURS[place % count], DASHES[place // count], MARKERS[place % count])
