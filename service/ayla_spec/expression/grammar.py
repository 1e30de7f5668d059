"""The fixed lists of the expression language: operators, functions, reductions and constants."""

import ast
import keyword
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A function an expression may call.

    Attributes:
        arity: number of arguments; the least number where ``variadic``.
        of_constants: its value on Python floats, used to fold constant sub-expressions.
        description: one line for the catalogue; it says what the derivative is where there is none.
        variadic: whether more arguments may be given; they are folded from the left into calls of two.
    """

    arity: int
    of_constants: Callable[..., float]
    description: str
    variadic: bool = False


def _sigmoid(x: float) -> float:
    """1/(1 + exp(-x)); only ever takes the exponential of a negative number, which cannot overflow."""
    power = math.exp(-abs(x))
    return 1 / (1 + power) if x >= 0 else power / (1 + power)


def _relu(x: float) -> float:
    return max(x, 0.0)


def _where(condition: float, then: float, otherwise: float) -> float:
    return then if condition else otherwise


FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, abs, "absolute value; its derivative at 0 is taken as 0"),
    "sqrt": Function(1, math.sqrt, "square root; its derivative at 0 is infinite"),
    "exp": Function(1, math.exp, "exponential"),
    "log": Function(1, math.log, "natural logarithm"),
    "sin": Function(1, math.sin, "sine, radians"),
    "cos": Function(1, math.cos, "cosine, radians"),
    "tan": Function(1, math.tan, "tangent, radians"),
    "asin": Function(1, math.asin, "inverse sine, radians"),
    "acos": Function(1, math.acos, "inverse cosine, radians"),
    "atan": Function(1, math.atan, "inverse tangent, radians"),
    "sinh": Function(1, math.sinh, "hyperbolic sine"),
    "cosh": Function(1, math.cosh, "hyperbolic cosine"),
    "tanh": Function(1, math.tanh, "hyperbolic tangent"),
    "sigmoid": Function(1, _sigmoid, "logistic function 1/(1 + exp(-x)), computed without overflow"),
    "relu": Function(1, _relu, "x where x > 0, else 0; its derivative at 0 is taken as 0"),
    "min": Function(
        2, min, "the smallest of two or more values; where two are equal each has half the derivative", variadic=True
    ),
    "max": Function(
        2, max, "the largest of two or more values; where two are equal each has half the derivative", variadic=True
    ),
    "where": Function(
        3,
        _where,
        "where(condition, a, b): a where the condition holds, else b; the condition is one comparison such as x < 0, "
        "and the derivative is that of the chosen branch alone",
    ),
}

REDUCTIONS: dict[str, str] = {
    "sum": "sum over a range, as in sum(x[i]**2 for i in range(len(x))), or of a whole vector; 0 for an empty range",
    "prod": "product over a range or of a whole vector; 1 for an empty range",
    "mean": "mean over a range or of a whole vector; the range must not be empty",
}
"""Reductions over a range, each with one line for the catalogue."""

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e}

RESERVED_NAMES = (
    frozenset(FUNCTIONS)
    | frozenset(REDUCTIONS)
    | frozenset(CONSTANTS)
    | frozenset(keyword.kwlist)
    | frozenset({"len", "range"})
)
"""Names a variable or an index cannot have."""

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
