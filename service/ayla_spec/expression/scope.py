"""Scopes of names in an expression, and the quota of its expansion."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from ayla_spec.expression.errors import ExpressionError, error_at, listed, shown
from ayla_spec.expression.grammar import CONSTANTS, FUNCTIONS, REDUCTIONS
from ayla_spec.expression.hints import joined_names, other_name
from ayla_spec.limits import MAX_EXPANDED_NODES

_INDEX_STEPS_PER_NODE = 3

_LONGEST_PAIR = 64
"""Characters of two names of variables."""


class ExpansionQuota:
    """Quota of the expansion of expressions: nodes that may still be made, spent while sums and products are unrolled.

    Index arithmetic leaves no nodes in the tree and has a quota of its own.
    """

    def __init__(self) -> None:
        self._nodes = MAX_EXPANDED_NODES
        self._index_steps = MAX_EXPANDED_NODES * _INDEX_STEPS_PER_NODE

    @property
    def spent(self) -> int:
        """Nodes taken so far."""
        return MAX_EXPANDED_NODES - max(0, self._nodes)

    def spend_node(self, at: ast.expr) -> None:
        """Take one node; refuses when there is none left."""
        self._nodes -= 1
        if self._nodes < 0:
            raise _exhausted(at)

    def spend_index_step(self, at: ast.expr) -> None:
        """Take one step of index arithmetic; refuses when there is none left."""
        self._index_steps -= 1
        if self._index_steps < 0:
            raise _exhausted(at)


def _exhausted(at: ast.expr) -> ExpressionError:
    return error_at(
        at,
        f"here sums and products have unrolled to {MAX_EXPANDED_NODES} terms and operators, and no more are allowed; "
        "use shorter ranges or a shorter body.",
    )


@dataclass(frozen=True, slots=True)
class NameScope:
    """The names that are known at one place.

    Attributes:
        variables: the problem's variables; None for a scalar, else the length of the vector.
        indices: the value of each index of the enclosing ranges.
        quota: shared by all scopes of one expression.
    """

    variables: Mapping[str, int | None]
    indices: Mapping[str, int] = field(default_factory=dict)
    quota: ExpansionQuota = field(default_factory=ExpansionQuota)

    def with_index(self, name: str, value: int) -> "NameScope":
        """The scope of a range's body."""
        return NameScope(self.variables, {**self.indices, name: value}, self.quota)

    def is_vector(self, node: ast.expr) -> bool:
        """Whether ``node`` is the name of a vector."""
        return isinstance(node, ast.Name) and self.variables.get(node.id) is not None

    def vector(self, node: ast.expr, use: str) -> tuple[str, int]:
        """Name and length of the vector that ``node`` names.

        Args:
            node: what should be the name of a vector.
            use: what it is needed for, for the message.
        """
        if not isinstance(node, ast.Name):
            raise error_at(node, f"{use} takes the name of a vector; the vectors are: {listed(self.vectors())}.")
        length = self.variables.get(node.id)
        if length is None:
            raise self._no_vector(node, use)
        return node.id, length

    def vectors(self) -> list[str]:
        """The names of the vectors."""
        return [name for name, length in self.variables.items() if length is not None]

    def unknown(self, node: ast.Name) -> ExpressionError:
        """The error for a name that stands for nothing here."""
        if node.id == "range":
            return error_at(node, "range is only allowed after 'in', as in sum(x[i] for i in range(len(x))).")
        if node.id in FUNCTIONS or node.id in REDUCTIONS or node.id == "len":
            return error_at(node, f"'{node.id}' is a function; call it, as in {node.id}(x).")
        if hint := other_name(node.id):
            return error_at(node, f"{hint}.")
        return error_at(
            node,
            f"unknown name {shown(node.id)}. The variables given in start are: {listed(list(self.variables))}; "
            f"the constants are {', '.join(CONSTANTS)}.{self._product(node.id)}",
        )

    def _product(self, name: str) -> str:
        """Hint if ``name`` is two known names without a sign between them, as a sentence."""
        product = (
            joined_names(name, {*self.variables, *self.indices, *CONSTANTS}) if len(name) <= _LONGEST_PAIR else None
        )
        return f" If a product is meant, write {product}." if product else ""

    def _no_vector(self, node: ast.Name, use: str) -> ExpressionError:
        if node.id in self.variables:
            return error_at(
                node,
                f"'{node.id}' is a single number, but {use} needs a vector; give a list in start: [1, 2].",
            )
        if node.id in self.indices or node.id in CONSTANTS:
            return error_at(node, f"'{node.id}' is a number, but {use} needs a vector.")
        return self.unknown(node)
