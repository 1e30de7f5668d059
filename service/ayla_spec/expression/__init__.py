"""The language of objectives: arithmetic over named variables, parsed and never evaluated by Python."""

from ayla_spec.expression.grammar import CONSTANTS, FUNCTIONS, RESERVED_NAMES
from ayla_spec.expression.nodes import Binary, Call, Constant, Expression, Negate, Node, Variable
from ayla_spec.expression.parser import ExpressionError, parse

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "RESERVED_NAMES",
    "Binary",
    "Call",
    "Constant",
    "Expression",
    "ExpressionError",
    "Negate",
    "Node",
    "Variable",
    "parse",
]
