"""Tables of a comparison as LaTeX, which asks for the package booktabs alone and is ASCII throughout."""

from collections.abc import Iterator, Sequence

from ayla_service.comparison.tables.content import Cell, PaperTable
from ayla_service.comparison.tables.latex_text import escaped
from ayla_service.comparison.tables.numbers import Number

_LONGEST_WORDS = 24
"""Characters of a cell; columns of words with longer ones break their lines."""

_BROKEN = "p{0.15\\linewidth}"


def latex(tables: Sequence[PaperTable]) -> str:
    """One floating table after the other, each with its caption, its notes and, as comments, its verdicts."""
    head = ["% Needs \\usepackage{booktabs}.", ""]
    return "\n".join([*head, *(line for table in tables for line in _lines(table))])


def _lines(table: PaperTable) -> Iterator[str]:
    columns = [_column(table, place) for place in range(len(table.headers))]
    yield from ("\\begin{table}", "\\centering", f"\\caption{{{escaped(table.caption)}}}")
    yield from (f"\\label{{tab:{table.name}}}", "\\smallskip", "\\footnotesize", "\\setlength{\\tabcolsep}{4pt}")
    yield from (f"\\begin{{tabular}}{{{''.join(columns)}}}", "\\toprule")
    yield from (_row([escaped(header) for header in table.headers], columns), "\\midrule")
    yield from (_row([_written(cell) for cell in row], columns) for row in table.rows)
    yield from ("\\bottomrule", "\\end{tabular}")
    if table.notes:
        yield from ("\\par\\smallskip", "\\begin{minipage}{\\linewidth}", "\\footnotesize")
        yield from (escaped(note) for note in table.notes)
        yield "\\end{minipage}"
    yield from ("\\end{table}", *(f"% {escaped(text)}" for text in table.statements), "")


def _column(table: PaperTable, place: int) -> str:
    """Words at the left, numbers at the right; long words are broken into lines."""
    if not table.words[place]:
        return "r"
    longest = max((sum(len(part) for part in row[place] if isinstance(part, str)) for row in table.rows), default=0)
    return "l" if longest <= _LONGEST_WORDS else _BROKEN


def _row(cells: Sequence[str], columns: Sequence[str]) -> str:
    """A row. After the end of the one before, a bracket would be a distance and a star a break: braces hide them.

    Broken lines are not stretched; that changes what ends a line, so that the row's end has its long name.
    """
    ragged = [f"\\raggedright {cell}" if kind == _BROKEN else cell for cell, kind in zip(cells, columns, strict=True)]
    start = "{}" if cells[0].startswith(("[", "*")) else ""
    end = "\\\\" if ragged == [*cells] else "\\tabularnewline"
    return f"{start}{' & '.join(ragged)} {end}"


def _written(cell: Cell) -> str:
    return "".join(_number(part) if isinstance(part, Number) else escaped(part) for part in cell)


def _number(number: Number) -> str:
    written = number.written()
    digits = "\\infty" if written.digits == "inf" else written.digits
    power = "" if written.exponent is None else f"\\times10^{{{written.exponent}}}"
    return f"${written.sign}{digits}{power}$"
