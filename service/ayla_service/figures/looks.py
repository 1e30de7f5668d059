"""Looks of the optimizers: colour, dash and mark, each combination once, by the place of the optimizer in its job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from ayla_service.figures.data import FEW_NAMED, MOST_NAMED, SettingData, ranked
from ayla_service.figures.style import line_width, mark_size
from ayla_service.figures.texts import shortened

_LONGEST_LABEL = 120

# Okabe and Ito's palette, distinct for people with any colour vision, without the yellow that is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "*", "h")
OTHERS = "#B5B5B5"

LOOKS = len(COLOURS) * len(MARKERS) * 2
"""How many looks there are: marks are full or hollow. After 28 lines repeat a colour and dash, and have marks."""


@dataclass(frozen=True, slots=True)
class Look:
    """Look of an optimizer.

    Attributes:
        colour: of lines and marks.
        dashes: of lines.
        marker: of marks.
        hollow: whether marks are only outlined.
        always_marked: whether lines need marks to be told apart.
    """

    colour: str = OTHERS
    dashes: Any = "-"
    marker: str = "o"
    hollow: bool = False
    always_marked: bool = False


def look_of(place: int) -> Look:
    """The look at a place, from 0; the first ``LOOKS`` all differ, in lines as well as in marks."""
    round_, colour = divmod(place % LOOKS, len(COLOURS))
    return Look(
        colour=COLOURS[colour],
        dashes=DASHES[round_ % len(DASHES)],
        marker=MARKERS[(round_ + colour) % len(MARKERS)],
        hollow=round_ >= len(MARKERS),
        always_marked=round_ >= len(DASHES),
    )


@dataclass(frozen=True, slots=True)
class SettingStyle:
    """Style of a setting.

    Attributes:
        name: for the legend.
        named: whether it has a place there; all others are drawn alike, behind these.
        look: that no other named one has.
    """

    name: str
    named: bool
    look: Look = Look()

    @property
    def colour(self) -> str:
        """Of lines and marks."""
        return self.look.colour

    @property
    def line(self) -> dict[str, Any]:
        """Keywords of a line."""
        if not self.named:
            return {"color": self.colour, "linewidth": line_width(0.45), "alpha": 0.6, "zorder": 1.5}
        return {"color": self.colour, "linestyle": self.look.dashes, "linewidth": line_width(), "zorder": 3.0}

    @property
    def mark(self) -> dict[str, Any]:
        """Keywords of marks without a line."""
        return self.marker | {"linestyle": "", "alpha": 0.75, "zorder": 4.0 if self.named else 3.0}

    @property
    def marker(self) -> dict[str, Any]:
        """Keywords of the marks of a line."""
        size = mark_size(1.0 if self.named else 0.5)
        face = "white" if self.look.hollow else self.colour
        return {"color": self.colour, "marker": self.look.marker, "markersize": size, "markerfacecolor": face}

    def marked_line(self, points: int, most: int) -> dict[str, Any]:
        """Keywords of a line of so many points, each of which is marked if there are at most ``most``."""
        if not self.named or (points > most and not self.look.always_marked):
            return self.line
        every = None if points <= most else (0.04, 0.12)
        return self.line | self.marker | {"markevery": every}


def styles_of(settings: Sequence[SettingData]) -> Mapping[int, SettingStyle]:
    """The style of each setting, by its place in the job; the best are named where there are too many."""
    named = settings if len(settings) <= MOST_NAMED else ranked(settings)[:FEW_NAMED]
    labels = {setting.index: setting.label for setting in settings}
    return styles_at(labels, {setting.index for setting in named})


def styles_at(labels: Mapping[int, str], named: set[int]) -> Mapping[int, SettingStyle]:
    """The styles of optimizers by their places; of those not named all are alike."""
    looks: dict[int, Look] = {}
    for place in sorted(named):
        free = (look_of(other) for other in count(place))
        looks[place] = next(look for look in free if look not in looks.values() or len(looks) >= LOOKS)
    return {place: _style(label, looks.get(place)) for place, label in labels.items()}


def _style(label: str, look: Look | None) -> SettingStyle:
    name = shortened(label, _LONGEST_LABEL)
    return SettingStyle(name, named=False) if look is None else SettingStyle(name, True, look)


def without_common(styles: Mapping[int, SettingStyle]) -> tuple[Mapping[int, SettingStyle], str]:
    """The styles with names that say only how the optimizers differ, and what all have in common."""
    names, common = without_common_words([style.name for style in styles.values()])
    return {
        place: replace(style, name=name) for (place, style), name in zip(styles.items(), names, strict=True)
    }, common


def without_common_words(labels: Sequence[str]) -> tuple[list[str], str]:
    """Labels without the settings that all of them have, and these settings; unless labels would then be equal.

    Settings stand in labels as words with an equals sign, as in ``lr=0.1``.
    """
    words = {label: label.split(" ") for label in labels}
    first = next(iter(words.values()), [])
    common = [word for word in first if "=" in word and all(word in own for own in words.values())]
    names = {label: " ".join(word for word in own if word not in common) for label, own in words.items()}
    if len(words) < 2 or len(set(names.values())) < len(names) or "" in names.values():
        return list(labels), ""
    return [names[label] for label in labels], " ".join(common)


def difference_to(label: str, base_label: str) -> str:
    """A label without the settings that its base has too."""
    shared = {word for word in base_label.split(" ") if "=" in word}
    return " ".join(word for word in label.split(" ") if word not in shared) or label
