"""The parsed form of an expression. Trees are checked by the parser, so they are always of bounded size and finite.

A long sum is a chain of as many levels as it has terms; whatever walks a tree must not recurse along it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Constant:
    """A finite number; integers of the source become floats.

    Attributes:
        value: the number, in double precision.
        column: where the source writes it, or begins what comes to it; counted from 1, and no part of what it is.
    """

    value: float
    column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """One scalar of the problem: a variable such as ``y``, or an element of a vector such as ``x[0]``."""

    name: str


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right`` with operator one of ``+ - * / **``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Compare:
    """``left operator right`` with operator one of ``< <= > >=``; only ever the first argument of ``where``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the functions in ``grammar.FUNCTIONS``, with exactly ``arity`` arguments."""

    function: str
    arguments: tuple["Node", ...]


Node = Constant | Variable | Negate | Binary | Compare | Call


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A checked expression. Compared by identity: comparing long chains node by node would recurse too deeply.

    Attributes:
        source: the text as submitted.
        variables: the scalars it uses (``y``, ``x[0]``), in the order they first appear.
        root: the tree, reductions unrolled and constants folded.
    """

    source: str
    variables: tuple[str, ...]
    root: Node = field(repr=False)

    def postfix(self) -> Iterator[Node]:
        """The nodes with every operand before its operator, so that a stack machine needs no recursion."""
        stack: list[tuple[Node, bool]] = [(self.root, False)]
        while stack:
            node, operands_done = stack.pop()
            if operands_done:
                yield node
                continue
            stack.append((node, True))
            stack.extend((operand, False) for operand in reversed(operands(node)))


def operands(node: Node) -> tuple[Node, ...]:
    """The direct operands of a node, left to right."""
    match node:
        case Negate(operand):
            return (operand,)
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
        case _:
            return ()
