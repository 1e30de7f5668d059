"""Runs a program with PyTorch, one tensor operation after the other; on any device."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.program.graph import CONSTANT, INPUT, Graph, Value

Operation = Callable[..., Tensor]

_OPERATIONS: dict[str, Operation] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
    "div": lambda left, right: left / right,
    "pow": torch.pow,
    "powi": torch.pow,
    "min": torch.minimum,
    "max": torch.maximum,
    "lt": lambda left, right: (left < right).to(left.dtype),
    "le": lambda left, right: (left <= right).to(left.dtype),
    "ne": lambda left, right: (left != right).to(left.dtype),
    "where": lambda condition, left, right: torch.where(condition > 0, left, right),
    "neg": torch.neg,
    "abs": torch.abs,
    "sign": torch.sign,
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
    "sigmoid": torch.sigmoid,
}

_TAKE_NUMBERS = frozenset({"add", "sub", "mul", "div"})
"""Operations that take a Python number as it is, at less cost than a tensor."""


class TensorProgram:
    """A program on tensors of shape [rows].

    Args:
        graph: the program.
        inputs: places whose values are given to a call, in order.
        results: places whose values a call returns.
        layout: type and device.
    """

    def __init__(self, graph: Graph, inputs: Sequence[int], results: Sequence[int], layout: Layout) -> None:
        self._layout = layout
        self._inputs = tuple(inputs)
        self._results = tuple(results)
        self._slots: list[Any] = [None] * len(graph.values)
        self._steps: list[tuple[Operation, int, tuple[int, ...]]] = []
        for place in graph.needed(results):
            self._add(graph.values[place], place)

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The results for inputs of shape [rows]; a result that is constant has shape []."""
        slots = self._slots.copy()
        for place, tensor in zip(self._inputs, inputs, strict=True):
            slots[place] = tensor
        for operation, place, operands in self._steps:
            slots[place] = operation(*[slots[operand] for operand in operands])
        return [self._tensor(slots[place]) for place in self._results]

    def _add(self, value: Value, place: int) -> None:
        if value.operation == CONSTANT:
            self._slots[place] = value.number
        elif value.operation != INPUT:
            self._steps.append((_OPERATIONS[value.operation], place, self._operands(value)))

    def _operands(self, value: Value) -> tuple[int, ...]:
        """Slots of the operands; constants become tensors in slots of their own where numbers are not taken."""
        if value.operation == "powi":
            return value.operands[0], self._spare(value.number)
        if value.operation in _TAKE_NUMBERS:
            return value.operands
        numbers = [self._slots[operand] for operand in value.operands]
        return tuple(
            self._spare(number) if isinstance(number, float) else operand
            for number, operand in zip(numbers, value.operands, strict=True)
        )

    def _spare(self, number: float) -> int:
        # As a number, an exponent of 3 would be multiplied out, which rounds twice; near a minimum, where a gradient
        # is the small difference of such powers, that rounding is what is left of it.
        self._slots.append(self._tensor(number))
        return len(self._slots) - 1

    def _tensor(self, value: float | Tensor) -> Tensor:
        return value if isinstance(value, Tensor) else self._layout.scalar(value)
