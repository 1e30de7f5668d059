"""The language of objectives: arithmetic over named scalars and vectors, parsed and never evaluated by Python."""

from ayla_spec.expression.errors import ExpressionError
from ayla_spec.expression.grammar import COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, REDUCTIONS, RESERVED_NAMES
from ayla_spec.expression.nodes import Binary, Call, Compare, Constant, Expression, Negate, Node, Variable
from ayla_spec.expression.parser import parse
from ayla_spec.expression.points import Point, flattened, shape_of
from ayla_spec.expression.scope import ExpansionQuota

__all__ = [
    "COMPARISONS",
    "CONSTANTS",
    "FUNCTIONS",
    "OPERATORS",
    "REDUCTIONS",
    "RESERVED_NAMES",
    "Binary",
    "Call",
    "Compare",
    "Constant",
    "ExpansionQuota",
    "Expression",
    "ExpressionError",
    "Negate",
    "Node",
    "Point",
    "Variable",
    "flattened",
    "parse",
    "shape_of",
]
