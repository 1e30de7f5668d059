"""Texts in LaTeX: only ASCII comes out, and it compiles with any engine and without packages.

Libraries that translate Unicode name commands of packages, which a document may lack.
"""

import re
import unicodedata
from collections.abc import Iterator

_SPECIAL = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "''",
    "`": "\\`{}",
    **{character: f"\\{character}" for character in "{}$&%#_"},
}

_SIGNS = {
    "−": "$-$",
    "∞": "$\\infty$",
    "±": "$\\pm$",
    "×": "$\\times$",
    "·": "$\\cdot$",
    "≤": "$\\le$",
    "≥": "$\\ge$",
    "≠": "$\\ne$",
    "≈": "$\\approx$",
    "→": "$\\to$",
    "∈": "$\\in$",
    "∂": "$\\partial$",
    "∇": "$\\nabla$",
    "°": "$^\\circ$",
    "…": "\\dots{}",
    "–": "\\textendash{}",
    "—": "\\textemdash{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
}

_LETTERS = {
    "ß": "\\ss{}",
    "æ": "\\ae{}",
    "Æ": "\\AE{}",
    "œ": "\\oe{}",
    "Œ": "\\OE{}",
    "ø": "\\o{}",
    "Ø": "\\O{}",
    "ł": "\\l{}",
    "Ł": "\\L{}",
    "ı": "\\i{}",
}

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lamda", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_GREEK_CAPITALS = ("gamma", "delta", "theta", "lamda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega")

_ACCENTS = {
    "\u0300": "\\`",
    "\u0301": "\\'",
    "\u0302": "\\^",
    "\u0303": "\\~",
    "\u0304": "\\=",
    "\u0306": "\\u",
    "\u0307": "\\.",
    "\u0308": '\\"',
    "\u030a": "\\r",
    "\u030b": "\\H",
    "\u030c": "\\v",
    "\u0327": "\\c",
}


def _greek() -> Iterator[tuple[str, str]]:
    for names, size, style in ((_GREEK, "SMALL", str.lower), (_GREEK_CAPITALS, "CAPITAL", str.title)):
        for name in names:
            character = unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}")
            yield character, f"$\\{style(name.replace('lamda', 'lambda'))}$"


_KNOWN = {**_SPECIAL, **_SIGNS, **_LETTERS, **dict(_greek()), "µ": "$\\mu$"}


def escaped(text: str) -> str:
    """A text on one line that means nothing but itself; what no font of LaTeX has is named by its code."""
    return re.sub("-(?=-)", "-{}", "".join(map(_character, text)))


def _character(character: str) -> str:
    if character in _KNOWN:
        return _KNOWN[character]
    if character.isascii():
        return character if character.isprintable() else " "
    parts = list(unicodedata.normalize("NFD", character))
    base, marks = parts[0], parts[1:]
    if base.isascii() and base.isalpha() and marks and all(mark in _ACCENTS for mark in marks):
        for mark in marks:
            base = f"{_ACCENTS[mark]}{{{base}}}"
        return base
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and plain.isascii() and plain.isprintable():
        return escaped(plain)
    return f"\\texttt{{U+{ord(character):04X}}}"
