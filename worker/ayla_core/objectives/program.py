"""Expressions of the contract as straight-line programs of PyTorch operations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from ayla_spec.expression import Binary, Call, Constant, Expression, Negate, Node, Variable
from torch import Tensor

from ayla_core.layout import Layout

Operation = Callable[..., Tensor]

OPERATORS: dict[str, Operation] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "**": torch.pow,
}

FUNCTIONS: dict[str, Operation] = {
    "abs": torch.abs,
    "sqrt": torch.sqrt,
    "exp": torch.exp,
    "log": torch.log,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "min": torch.minimum,
    "max": torch.maximum,
}

_NEED_TENSORS = frozenset({"min", "max"})


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One operation on earlier slots; its value takes the next free slot."""

    operation: Operation
    operands: tuple[int, ...]


class Program:
    """A compiled expression.

    The first slots hold the variables, then come the constants, then one slot for each instruction. No gradient is
    computed for a constant exponent, so x**4 takes a negative x.
    """

    def __init__(self, expression: Expression, variables: Sequence[str], layout: Layout) -> None:
        self._constants: list[float | Tensor] = []
        self._instructions: list[_Instruction] = []
        self._layout = layout
        nodes = list(expression.postfix())
        constants = sum(isinstance(node, Constant) for node in nodes)
        stack: list[int] = []
        for node in nodes:
            self._compile(node, stack, variables, len(variables) + constants)
        self._result = stack.pop()

    def __call__(self, variables: Sequence[Tensor]) -> Tensor:
        """The value for variables of shape [rows] each, in the order given at compilation; shape [rows]."""
        slots: list[Any] = [*variables, *self._constants]
        for instruction in self._instructions:
            slots.append(instruction.operation(*[slots[operand] for operand in instruction.operands]))
        value: Tensor = slots[self._result]
        # An expression that is a variable alone must not share its memory.
        return value if self._instructions else value.clone()

    def _compile(self, node: Node, stack: list[int], variables: Sequence[str], first_result: int) -> None:
        match node:
            case Variable(name):
                stack.append(variables.index(name))
            case Constant(value):
                stack.append(len(variables) + len(self._constants))
                self._constants.append(value)
            case Negate():
                self._append(torch.neg, 1, stack, first_result)
            case Binary(operator, _, exponent):
                if operator == "**" and _is_high_power(exponent):
                    self._constants_to_tensors(stack[-1:], len(variables))
                self._append(OPERATORS[operator], 2, stack, first_result)
            case Call(function, arguments):
                if function in _NEED_TENSORS:
                    self._constants_to_tensors(stack[-len(arguments) :], len(variables))
                self._append(FUNCTIONS[function], len(arguments), stack, first_result)

    def _append(self, operation: Operation, arity: int, stack: list[int], first_result: int) -> None:
        operands = tuple(stack[-arity:])
        del stack[-arity:]
        stack.append(first_result + len(self._instructions))
        self._instructions.append(_Instruction(operation, operands))

    def _constants_to_tensors(self, operands: Sequence[int], variables: int) -> None:
        for place in (operand - variables for operand in operands):
            if 0 <= place < len(self._constants):
                value = self._constants[place]
                self._constants[place] = torch.as_tensor(value, dtype=self._layout.dtype, device=self._layout.device)


def _is_high_power(exponent: Node) -> bool:
    """Whether PyTorch is more exact with this exponent as a tensor: for the number 3 it multiplies, rounding twice.

    Near a minimum a gradient is a small difference of such powers, and that rounding is what is left of it.
    """
    return isinstance(exponent, Constant) and exponent.value.is_integer() and abs(exponent.value) >= 3
