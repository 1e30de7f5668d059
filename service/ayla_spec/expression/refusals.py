"""Why a construct of Python is not part of the language, and what to write instead."""

import ast

from ayla_spec.expression.errors import ExpressionError, error_at
from ayla_spec.expression.hints import attribute_hint, decimal_comma

_HINTS: dict[type[ast.AST], str] = {
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


def refusal(node: ast.expr) -> ExpressionError:
    """The error for a node that is not part of the language."""
    if isinstance(node, ast.Tuple) and (comma := decimal_comma(node.elts)):
        return comma
    if isinstance(node, ast.Attribute) and (hint := attribute_hint(node)):
        return error_at(node, f"{hint}.")
    construct = node.op if isinstance(node, ast.BinOp) else node
    hint = _HINTS.get(type(construct), "this is not part of the expression language")
    return error_at(node, f"{hint}. Allowed are numbers, variables, + - * / ** and function calls.")
