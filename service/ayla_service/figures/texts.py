"""Texts of figures: how wide they are, users' texts on one line, and numbers as short as they can be read."""

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Literal

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, get_font

from ayla_service.typography import MINUS, power_of_ten

POINTS_PER_INCH = 72
SEPARATOR = " · "

_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-3, 1e5
_MOST_CHARACTERS = 300
"""Of a text whose width is measured; longer ones fit nowhere."""


Texts = Literal["figure.titlesize", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "legend.fontsize"]


def points_of(parameter: Texts) -> float:
    """Size of the texts that a parameter of matplotlib stands for."""
    return float(rcParams[parameter])


@lru_cache(maxsize=4096)
def _ems(text: str) -> float:
    """Width of a text in the font of all figures, as a multiple of its size."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    font.set_size(100, POINTS_PER_INCH)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64 / 100


def text_inches(text: str, points: float) -> float:
    """Width of a text on one line."""
    return _ems(text[:_MOST_CHARACTERS]) * points / POINTS_PER_INCH


def fitted(text: str, inches: float, points: float) -> str:
    """A text of a user on one line, and without its middle as far as it is wider than this."""
    whole = shortened(text, _MOST_CHARACTERS)
    low, high = 1, len(whole) + 1
    if text_inches(whole, points) <= inches:
        return whole
    while high - low > 1:
        middle = (low + high) // 2
        fits = text_inches(shortened(whole, middle), points) <= inches
        low, high = (middle, high) if fits else (low, middle)
    return shortened(whole, low)


def in_lines(parts: Iterable[str], inches: float, points: float) -> str:
    """Parts of a note side by side, on as many lines as their width takes; one that is wider is broken at spaces."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{SEPARATOR}{part}" if lines else part
        if lines and text_inches(joined, points) <= inches:
            lines[-1] = joined
        else:
            lines += broken(part, inches, points)
    return "\n".join(lines)


def broken(text: str, inches: float, points: float) -> list[str]:
    """A text on lines of at most this width, broken at spaces; a longer word loses its middle."""
    lines: list[str] = []
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_inches(joined, points) <= inches:
            lines[-1] = joined
        else:
            lines.append(fitted(word, inches, points))
    return lines


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


def number_format(values: Iterable[float]) -> Callable[..., str]:
    """Format of the numbers of one axis: plain, or all with a power of ten if one of ``values`` needs it.

    It takes a number, and how many digits of it are wanted.
    """
    sizes = [abs(value) for value in values if value]
    return plain_number if all(_SMALLEST_PLAIN <= size <= _LARGEST_PLAIN for size in sizes) else scientific_number


def plain_number(value: float, digits: int = 3) -> str:
    """A number of so many digits, as short as possible."""
    rounded = float(f"{value:.{digits}g}")
    if rounded and not _SMALLEST_PLAIN <= abs(rounded) <= _LARGEST_PLAIN:
        return scientific_number(rounded, digits)
    return f"{rounded:.{max(digits, 6)}g}".replace("-", MINUS)


def scientific_number(value: float, digits: int = 3) -> str:
    """A number of so many digits with its power of ten: 6×10⁻⁵; powers themselves alone, and 0 as it is."""
    if not value:
        return "0"
    written, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    factor = f"{float(written):g}".replace("-", MINUS)
    power = power_of_ten(int(exponent))
    return {"1": power, f"{MINUS}1": f"{MINUS}{power}"}.get(factor, f"{factor}×{power}")
