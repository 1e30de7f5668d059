"""Tables of a comparison as Markdown (GitHub's, which other processors read too)."""

import re
from collections.abc import Iterator, Sequence

from ayla_service.comparison.tables.content import Cell, PaperTable
from ayla_service.comparison.tables.numbers import Number
from ayla_service.typography import MINUS, power_of_ten

_SPECIAL = re.compile(r"([\\`*_\[\]|~$^#@!])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINKS = re.compile(r"(?<=www)\.|:(?=//)", re.IGNORECASE)
"""What would become a link without brackets."""


def markdown(tables: Sequence[PaperTable]) -> str:
    """The tables one after the other, each with its caption above, its notes and verdicts below."""
    return "\n".join(line for table in tables for line in _lines(table))


def _lines(table: PaperTable) -> Iterator[str]:
    yield from (f"**{escaped(table.caption)}**", "")
    yield _row([escaped(header) for header in table.headers])
    yield _row([":--" if words else "--:" for words in table.words])
    yield from (_row([_written(cell) for cell in row]) for row in table.rows)
    yield ""
    said = [*table.notes, *table.statements]
    yield from (f"- {escaped(text)}" for text in said)
    yield from [""] if said else []


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _written(cell: Cell) -> str:
    return "".join(_number(part) if isinstance(part, Number) else escaped(part) for part in cell)


def _number(number: Number) -> str:
    written = number.written()
    sign = MINUS if written.sign == "-" else written.sign
    digits = "∞" if written.digits == "inf" else written.digits
    power = "" if written.exponent is None else f"×{power_of_ten(written.exponent)}"
    return f"{sign}{digits}{power}"


def escaped(text: str) -> str:
    """A text on one line that means nothing but itself, in a cell of a table too."""
    plain = _LINKS.sub(r"\\\g<0>", _SPECIAL.sub(r"\\\1", text.translate(_ENTITIES)))
    return re.sub(r"^([-+=]|\d+[.)])", _unlisted, plain)


def _unlisted(found: re.Match[str]) -> str:
    """What begins a list, or underlines a heading, with a backslash before its sign."""
    return f"{found[0][:-1]}\\{found[0][-1]}"
