"""What is done with lists of tensors in a step, written down so that it can be run over pieces of them."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from ayla_torch.foreach.kernels import Numeric, Tensors
from ayla_torch.foreach.lists import ForeachList
from ayla_torch.foreach.numbers import FunctionOfScale

WORKING_TYPES = (torch.float32, torch.float64)


class Instruction:
    """One operation.

    Args:
        kernel: of ``kernels``.
        result: register of what it makes.
        operands: registers that it reads.
        numbers: of the kernel.

    Attributes:
        in_place: whether the first operand is needed no more and may be overwritten.
        last: registers that no later operation reads.
    """

    __slots__ = ("in_place", "kernel", "last", "numbers", "operands", "result")

    def __init__(
        self,
        kernel: Callable[..., Tensors],
        result: int,
        operands: tuple[int, ...],
        numbers: tuple[Numeric | FunctionOfScale, ...],
    ) -> None:
        self.kernel = kernel
        self.result = result
        self.operands = operands
        self.numbers = numbers
        self.in_place = False
        self.last: list[int] = []


class Program:
    """Operations on lists, one after the other; those whose result nobody needs are left out.

    Args:
        inputs: names of the lists that it is run over.
        given: which of them is never overwritten.
        dtype: floating-point type of all of them.

    Attributes:
        instructions: what was written down, or after ``finish`` what is left of it.
        least: the root of the smallest positive number. A root is 0 or at least that, so a bound of that size replaces
            zeros alone; and what is remembered of a gradient whose square is 0 is smaller, so its quotient is below 1.
        makes_tensors: whether it takes memory for something that it does not keep; known after ``finish``.
        magnitudes: registers of numbers that are not negative.
        positive: registers of numbers that are at least ``least``.
    """

    def __init__(self, inputs: Sequence[str], given: str, dtype: torch.dtype) -> None:
        self.instructions: list[Instruction] = []
        self.least = _LEAST[dtype]
        self.magnitudes: set[int] = set()
        self.positive: set[int] = set()
        self.makes_tensors = False
        self._inputs = {name: place for place, name in enumerate(inputs)}
        self._given = self._inputs[given]
        self._registers = len(inputs)
        self._known: dict[tuple[object, ...], int] = {}
        self._copies: list[tuple[int, int]] = []

    def input(self, name: str) -> ForeachList:
        """An input as something to calculate with."""
        return ForeachList(self, self._inputs[name])

    def emit(
        self, kernel: Callable[..., Tensors], operands: tuple[int, ...], *numbers: Numeric | FunctionOfScale
    ) -> int:
        """Write an operation down, once; returns the register of its result."""
        # Tensors and functions are compared by what they are, not by value; the instruction keeps them alive.
        known_late = (Tensor, FunctionOfScale)
        key = (kernel, operands, *[id(number) if isinstance(number, known_late) else number for number in numbers])
        place = self._known.get(key)
        if place is None:
            place = self._known[key] = self._registers
            self.instructions.append(Instruction(kernel, place, operands, numbers))
            self._registers += 1
        return place

    def finish(self, outputs: Mapping[str, ForeachList]) -> None:
        """Decide what is left out, what is overwritten, and what has to be copied into the inputs of these names."""
        ends = {self._inputs[name]: value.register() for name, value in outputs.items()}
        needed = set(ends.values())
        kept = []
        for instruction in reversed(self.instructions):
            if instruction.result in needed:
                self._allot(instruction, needed)
                kept.append(instruction)
        self.instructions = kept[::-1]
        home: dict[int, int] = {}
        for instruction in self.instructions:
            if instruction.in_place:
                first = instruction.operands[0]
                home[instruction.result] = home.get(first, first)
        self.makes_tensors = any(not instruction.in_place for instruction in self.instructions)
        self._copies = [(slot, end) for slot, end in ends.items() if home.get(end, end) != slot]

    def _allot(self, instruction: Instruction, needed: set[int]) -> None:
        operands = instruction.operands
        instruction.last = [place for place in operands if place not in needed]
        instruction.in_place = operands[0] != self._given and operands[0] not in needed
        needed.update(operands)

    def depends_on(self, number: Tensor) -> bool:
        """Whether that is the one number of the device that it has."""
        numbers = [one for instruction in self.instructions for one in instruction.numbers]
        return all(one is number for one in numbers if isinstance(one, Tensor))

    @property
    def copies(self) -> bool:
        """Whether an output comes to lie elsewhere than in its input, and is copied."""
        return bool(self._copies)

    def run(self, pieces: Iterable[Sequence[Tensors]], v: float = math.nan) -> None:
        """Do it with each piece: lists for the inputs, in their order; the outputs are written into them.

        Args:
            pieces: one after the other.
            v: where there are numbers that are functions of it.
        """
        late = FunctionOfScale
        nothing: list[Tensors] = [[]] * self._registers
        calls = [
            (one, one.kernel, one.operands, [each.of(v) if isinstance(each, late) else each for each in one.numbers])
            for one in self.instructions
        ]
        for piece in pieces:
            lists: list[Tensors] = [*piece, *nothing]
            for one, kernel, operands, known in calls:
                lists[one.result] = kernel(*[lists[place] for place in operands], *known, in_place=one.in_place)
                for place in one.last:
                    lists[place] = []
            for slot, end in self._copies:
                torch._foreach_copy_(piece[slot], lists[end])


_LEAST = {dtype: (torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps) ** 0.5 for dtype in WORKING_TYPES}
