"""Texts of users on figures: one line, printable, and not longer than there is room."""

import unicodedata

_EM_OF_CHARACTER = 0.6
"""Mean width of a character of the font, in ems."""

_POINTS_PER_INCH = 72


def shown(text: str, longest: int) -> str:
    """``text`` on one line, without characters that cannot be printed, its middle left out where it is too long.

    The ends of labels differ as often as their beginnings do.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    plain = " ".join(printable.split())
    if _width(plain) <= longest:
        return plain
    tail = longest // 3
    return f"{_begin(plain, longest - tail - 1)}…{_begin(plain[::-1], tail)[::-1]}"


def characters(inches: float, points: float) -> int:
    """About how many characters of a font of this size fit side by side."""
    return max(8, int(inches * _POINTS_PER_INCH / (points * _EM_OF_CHARACTER)))


def _width(text: str) -> int:
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _begin(text: str, room: int) -> str:
    end = 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        end += 1
    return text[:end]
