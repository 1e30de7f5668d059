"""The report as a LaTeX document, which any engine compiles, with the figures as PDF files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

SIGNS = {
    "−": "$-$",
    "·": "$\\cdot$",
    "×": "$\\times$",
    "≈": "$\\approx$",
    "≤": "$\\le$",
    "≥": "$\\ge$",
    "∇": "$\\nabla$",
    "∞": "$\\infty$",
    "⁴": "$^4$",
    "ŷ": "$\\hat y$",
    "³": "$^3$",
    "—": "---",
    "–": "--",
    "…": "\\dots{}",
    "’": "'",
    "½": "$\\frac12$",
}
"""Characters beyond ASCII that a report has."""

_SPECIAL = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "''",
    **{character: f"\\{character}" for character in "{}$&%#_"},
}
_KNOWN = {**_SPECIAL, **SIGNS}

_HEAD = r"""\documentclass[a4paper]{article}
\usepackage[margin=2cm]{geometry}
\usepackage[T1]{fontenc}
\usepackage{graphicx,longtable,booktabs,array,pdflscape}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\setlength{\tabcolsep}{3pt}
\begin{document}"""

_SECTIONS = {"h1": "\\section*", "h2": "\\section*", "h3": "\\subsection*"}
_OPEN = {"strong_open": "\\textbf{", "em_open": "\\emph{", "bullet_list_open": "\\begin{itemize}\n"}
_CLOSE = {"strong_close": "}", "em_close": "}", "bullet_list_close": "\\end{itemize}\n"}
_WIDE = 7
"""Columns of a table that has a page in landscape."""


def latex_page(markdown: str) -> str:
    """The page in LaTeX: only ASCII, its figures by their names as PDF."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown)
    return "\n".join([_HEAD, *_blocks(tokens), "\\end{document}", ""])


def escaped(text: str) -> str:
    """A text that means nothing but itself; a character that is not known becomes its code."""
    return "".join(_KNOWN.get(each, each if each.isascii() else f"(U+{ord(each):04X})") for each in text)


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type == "table_open":
            end = next(later for later in range(place, len(tokens)) if tokens[later].type == "table_close")
            yield from _table(tokens[place:end])
            place = end
        elif token.type == "heading_open":
            yield f"{_SECTIONS[token.tag]}{{{_inline(tokens[place + 1])}}}"
            place += 2
        elif token.type == "fence":
            yield f"\\begin{{verbatim}}\n{token.content}\\end{{verbatim}}"
        elif token.type == "inline":
            yield _inline(token) + ("\n" if not tokens[place - 1].hidden else "")
        elif token.type == "list_item_open":
            yield "\\item"
        else:
            yield _OPEN.get(token.type, _CLOSE.get(token.type, ""))
        place += 1


def _inline(token: Token) -> str:
    return "".join(map(_part, token.children or []))


def _part(token: Token) -> str:
    match token.type:
        case "text":
            return escaped(token.content)
        case "softbreak":
            return "\n"
        case "code_inline":
            return f"\\texttt{{{escaped(token.content)}}}"
        case "image":
            name = Path(str(token.attrs["src"])).with_suffix(".pdf")
            return f"\\begin{{center}}\\includegraphics[width=0.85\\linewidth]{{{name}}}\\end{{center}}"
        case "link_open":
            address = re.sub("([%#])", r"\\\1", str(token.attrs["href"]))
            return f"\\href{{{address}}}{{"
        case "link_close":
            return "}"
    return {**_OPEN, **_CLOSE}.get(token.type, "")


def _table(tokens: Sequence[Token]) -> Iterator[str]:
    """A table that may go over pages; one of many columns stands on pages in landscape."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_inline(token))
    head, *body = rows
    is_wide = len(head) >= _WIDE
    share = 0.98 / len(head) - 0.012
    columns = f">{{\\raggedright\\arraybackslash}}p{{{share:.3f}\\linewidth}}" * len(head)
    yield from ("\\begin{landscape}\\scriptsize",) if is_wide else ("{\\footnotesize",)
    yield from (f"\\begin{{longtable}}{{{columns}}}", "\\toprule", f"{' & '.join(head)} \\\\", "\\midrule", "\\endhead")
    # A bracket at the start of a row would be an argument of the end of the row before.
    yield from (f"{{}}{' & '.join(row)} \\\\" for row in body)
    yield from ("\\bottomrule", "\\end{longtable}")
    yield "\\end{landscape}" if is_wide else "}"
