"""The fixed lists of the expression language: operators, functions and constants."""

import ast
import keyword
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A function an expression may call.

    Attributes:
        arity: number of arguments.
        of_constants: its value on Python floats, used to fold constant sub-expressions.
        description: one line for the catalogue.
    """

    arity: int
    of_constants: Callable[..., float]
    description: str


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
    "min": Function(2, min, "the smaller of two values; where they are equal each has half the derivative"),
    "max": Function(2, max, "the larger of two values; where they are equal each has half the derivative"),
}

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e}

RESERVED_NAMES = frozenset(FUNCTIONS) | frozenset(CONSTANTS) | frozenset(keyword.kwlist)
"""Names a variable cannot have."""

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
