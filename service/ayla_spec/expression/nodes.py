"""The parsed form of an expression. Trees are checked by the parser, so they are always small and finite."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A finite number; integers of the source become floats."""

    value: float


@dataclass(frozen=True, slots=True)
class Variable:
    """One of the problem's variables."""

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
class Call:
    """A call of one of the functions in ``grammar.FUNCTIONS``."""

    function: str
    arguments: tuple["Node", ...]


Node = Constant | Variable | Negate | Binary | Call


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression.

    Attributes:
        source: the text as submitted.
        variables: the names it uses, in the order they first appear.
        root: the tree, constants folded.
    """

    source: str
    variables: tuple[str, ...]
    root: Node

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
        case Binary(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
        case _:
            return ()
