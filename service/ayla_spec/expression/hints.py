"""Hints for what people write who know other notations: how this language says it, or that it does not."""

import ast
import keyword
import re
from collections.abc import Collection
from itertools import pairwise
from typing import NamedTuple

from ayla_spec.expression.errors import ExpressionError, column_of, error_at, error_in, shown
from ayla_spec.expression.grammar import CONSTANTS, FUNCTIONS, REDUCTIONS

_NOT_IN_THE_LANGUAGE: dict[type[ast.AST], str] = {
    ast.BitXor: "'^' is not a power here; write x**2",
    ast.FloorDiv: "'//' is for indices only; write x / y",
    ast.Mod: "'%' is not allowed",
    ast.BitOr: "'|' is not allowed; absolute values are written abs(x)",
    ast.Attribute: "attributes ('a.b') are not allowed",
    ast.Slice: "slices are not allowed; write one index, as in x[0]",
    ast.Compare: "a comparison is only allowed as the first argument of where, as in where(x < 0, -x, x)",
    ast.Lambda: "functions cannot be defined",
    ast.IfExp: "'if' is not allowed; write where(condition, a, b)",
    ast.BoolOp: "'and' and 'or' are not allowed; nest where(condition, a, b)",
    ast.GeneratorExp: "'for' is only allowed in sum, prod and mean, as in sum(x[i] for i in range(len(x)))",
    ast.ListComp: "lists are not allowed; write sum(x[i] for i in range(len(x))) without square brackets",
    ast.Starred: "unpacking ('*x') is not allowed; write each argument",
    ast.NamedExpr: "assignments are not allowed; write the value where it is used",
    ast.Tuple: "lists of values are not allowed; an expression has one value",
    ast.List: "lists are not allowed; give a vector as a list in start and write its name here",
}

OTHER_NAMES: dict[str, str] = {
    "ln": "log(x)",
    "log10": "log(x)/log(10)",
    "lg": "log(x)/log(10)",
    "log2": "log(x)/log(2)",
    "lb": "log(x)/log(2)",
    "log1p": "log(1 + x)",
    "expm1": "exp(x) - 1",
    "exp2": "2**x",
    "pow": "x**y",
    "power": "x**y",
    "square": "x**2",
    "sqr": "x**2",
    "reciprocal": "1/x",
    "fabs": "abs(x)",
    "absolute": "abs(x)",
    "arcsin": "asin(x)",
    "arccos": "acos(x)",
    "arctan": "atan(x)",
    "tg": "tan(x)",
    "cot": "1/tan(x)",
    "sec": "1/cos(x)",
    "csc": "1/sin(x)",
    "asinh": "log(x + sqrt(x**2 + 1))",
    "arcsinh": "log(x + sqrt(x**2 + 1))",
    "acosh": "log(x + sqrt(x**2 - 1))",
    "arccosh": "log(x + sqrt(x**2 - 1))",
    "atanh": "log((1 + x)/(1 - x))/2",
    "arctanh": "log((1 + x)/(1 - x))/2",
    "hypot": "sqrt(x**2 + y**2)",
    "maximum": "max(x, y)",
    "minimum": "min(x, y)",
    "fmax": "max(x, y)",
    "fmin": "min(x, y)",
    "clip": "min(max(x, 0), 1)",
    "clamp": "min(max(x, 0), 1)",
    "sign": "where(x < 0, -1, 1)",
    "sgn": "where(x < 0, -1, 1)",
    "heaviside": "where(x < 0, 0, 1)",
    "softplus": "log(1 + exp(x))",
    "expit": "sigmoid(x)",
    "product": "prod(x[i] for i in range(len(x)))",
    "average": "mean(x[i] for i in range(len(x)))",
    "dot": "sum(x[i]*y[i] for i in range(len(x)))",
    "norm": "sqrt(sum(x[i]**2 for i in range(len(x))))",
}
"""Names of functions elsewhere, and what to write for them: of x, of x and y, or of vectors of these names."""

OTHER_SIGNS: dict[str, str] = {
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("×·⋅∙", "*"),
    "÷": "/",
    "²": "**2",
    "³": "**3",
    "√": "sqrt(x)",
    "π": "pi",
    "≤": "<=",
    "≥": ">=",
}
"""Signs that formulas are printed with, and how they are typed here."""

_OURS = [*FUNCTIONS, *REDUCTIONS, "len"]

_TOKEN = re.compile(
    r"(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<open>\()|(?P<close>[)\]])|(?P<other>\S)",
    re.ASCII,
)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def other_name(name: str) -> str | None:
    """Hint for a function that is known by another name, or in other letters, elsewhere; None if unknown."""
    if name in OTHER_NAMES:
        return f"there is no {name} here; write {OTHER_NAMES[name]}"
    lower = name.lower()
    if lower != name and lower in [*_OURS, *CONSTANTS]:
        return f"names are written in small letters: {lower}"
    return other_name(lower) if lower != name else None


def attribute_hint(node: ast.Attribute) -> str | None:
    """Hint for ``np.sin``, ``math.pi`` or ``x.sum``; None where nothing here is like it."""
    name = node.attr
    known = name if name in _OURS or name in CONSTANTS else None
    if known is None:
        return other_name(name)
    prefix = f"{node.value.id[:40]}." if isinstance(node.value, ast.Name) else "what stands before it and the dot"
    return f"functions and constants are written without a prefix; leave out {prefix!r}: {known}"


def product_hint(node: ast.Call) -> ExpressionError:
    """The error for a call of what is no function, as in ``2(x)`` or ``(x + 1)(x - 1)``."""
    function = node.func
    match function:
        case ast.Name(id=name):
            left = name[:40]
        case ast.Constant(value=value):
            left = _cut(value)
        case _:
            left = "(…)"
    # Python does not say where the parenthesis around a left factor ends; the error then is where the product begins.
    follows = isinstance(function, ast.Name | ast.Constant | ast.Subscript | ast.Call)
    column = (function.end_col_offset or 0) + 1 if follows else column_of(node)
    return error_in(column, f"multiplication is written with '*', and {left!r} is no function; write {left}*(…).")


def decimal_comma(items: list[ast.expr]) -> ExpressionError | None:
    """The error for ``1,5*x``: two numbers with a comma and no blank between them; None where there are none such."""
    for left, right in pairwise(items):
        whole, decimals = _end(left, "right"), _end(right, "left")
        if not (isinstance(whole, ast.Constant) and type(whole.value) is int and isinstance(decimals, ast.Constant)):
            continue
        if decimals.col_offset - (whole.end_col_offset or 0) == 1:
            return error_in(
                column_of(whole),
                f"decimals are written with a point; write {_cut(whole.value)}.{_cut(decimals.value)} "
                "if one number is meant.",
            )
    return None


def _end(node: ast.expr, side: str) -> ast.expr:
    """The operand that an expression begins (left) or ends (right) with."""
    while isinstance(node, ast.BinOp):
        node = getattr(node, side)
    return node


def _cut(value: object) -> str:
    """A constant for a message, cut if long; an integer that is too long to be written out is only hinted at."""
    return "…" if isinstance(value, int) and abs(value) >= 10**20 else str(value)[:20]


def joined_names(name: str, known: Collection[str]) -> str | None:
    """``x*y`` for ``xy`` where both are known names; None where the name is not two of them."""
    pairs = ((name[:place], name[place:]) for place in range(1, len(name)))
    return next((f"{left}*{right}" for left, right in pairs if left in known and right in known), None)


def sign_hint(character: str) -> str:
    """Hint for a sign that is not ASCII, as a sentence; empty where there is none."""
    return f" Write {OTHER_SIGNS[character]} for this one." if character in OTHER_SIGNS else ""


def syntax_hint(source: str) -> ExpressionError | None:
    """Why ``source`` may not be Python's syntax; None where nothing known is found.

    Args:
        source: the text as it was given; columns count from its first character.
    """
    tokens = [_Token(str(found.lastgroup), found[0], found.start() + 1) for found in _TOKEN.finditer(source)]
    if any(token.text in "'\"" for token in tokens):
        return None
    return _side_by_side(tokens) or _foreign_sign(source)


def _side_by_side(tokens: list[_Token]) -> ExpressionError | None:
    """The error for two operands with nothing between them, as in ``2x`` and ``3 sin(x)``."""
    for left, right in pairwise(tokens):
        if keyword.iskeyword(left.text) or keyword.iskeyword(right.text):
            continue
        if left.kind in {"number", "close", "name"} and right.kind in {"number", "name"}:
            return error_in(right.column, _missing(left, right))
        if left.kind == "number" and right.kind == "open":
            return error_in(right.column, _missing(left, right))
        if left.kind == "close" and right.kind == "open":
            return error_in(right.column, _missing(left, right))
    return None


def _missing(left: _Token, right: _Token) -> str:
    if left.kind == "name" and (left.text in _OURS or left.text in OTHER_NAMES):
        call = OTHER_NAMES.get(left.text, f"{left.text}({right.text[:40]})")
        return f"the argument of a function stands in parentheses; write {call}."
    before = "(…)" if left.kind == "close" else left.text[:40]
    after = "(…)" if right.kind == "open" else right.text[:40] + ("(…)" if right.text in _OURS else "")
    return (
        f"an operator is missing between {shown(left.text)} and {shown(right.text)}; "
        f"multiplication is written {before}*{after}."
    )


_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![<>=!:])=(?!=)"), "an expression has no '='; write only what is to be minimized"),
    (re.compile(r"\|"), "absolute values are written abs(x)"),
    (re.compile(r"!(?!=)"), "there is no factorial here; '!' is not allowed"),
    (re.compile(r"[{}\\]"), "this is not LaTeX: group with ( ), and write functions as in sqrt(x)"),
)


def _foreign_sign(source: str) -> ExpressionError | None:
    found = [(match.start(), text) for sign, text in _SIGNS if (match := sign.search(source))]
    return error_in(min(found)[0] + 1, f"{min(found)[1]}.") if found else None


def refusal(node: ast.expr) -> ExpressionError:
    """The error for a node that is not part of the language."""
    if isinstance(node, ast.Tuple) and (comma := decimal_comma(node.elts)):
        return comma
    if isinstance(node, ast.Attribute) and (hint := attribute_hint(node)):
        return error_at(node, f"{hint}.")
    construct = node.op if isinstance(node, ast.BinOp) else node
    hint = _NOT_IN_THE_LANGUAGE.get(type(construct), "this is not part of the expression language")
    return error_at(node, f"{hint}. Allowed are numbers, variables, + - * / ** and function calls.")
