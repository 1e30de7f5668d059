"""Programs as instructions on slots, for the interpreter in ``native/interpreter.c``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ayla_core.program.graph import CONSTANT, INPUT, OPERATIONS, Graph, Value

_COPY = "copy"

_FUSED = {
    ("mul", "add"): "mul_add",
    ("mul", "sub"): "mul_sub",
    ("mul", "mul"): "mul_mul",
    ("add", "add"): "add_add",
    ("add", "sub"): "add_sub",
}
"""Two operations in one instruction, each rounded as if alone: one trip through the cache instead of two."""

_TURNED = {"mul_sub": "sub_mul", "add_sub": "sub_add"}
"""The same where the first operation is what is subtracted."""

CODES = {name: number for number, name in enumerate((*OPERATIONS, _COPY, *_FUSED.values(), *_TURNED.values()))}
"""The number of each operation; the C source is built with the same table."""


@dataclass(frozen=True, slots=True)
class Bytecode:
    """A program ready for the interpreter.

    Attributes:
        instructions: int32, shape [instructions, 5]: operation, target slot, operand slots (or the exponent of
            ``powi`` in the second).
        slots: how many there are.
        constants: the numbers that are put into the first slots before anything runs.
        inputs: the slot of each input.
        results: the slot of each result.
    """

    instructions: npt.NDArray[np.int32]
    slots: int
    constants: tuple[float, ...]
    inputs: tuple[int, ...]
    results: tuple[int, ...]


def assemble(graph: Graph, inputs: Sequence[int], results: Sequence[int]) -> Bytecode:
    """Give every value a slot; a slot is used again once its value is no longer needed.

    A result that is itself an input, as the derivatives of x*y are, gets a slot of its own: the kernels move one input
    after the other while they still read the results.
    """
    needed = graph.needed([*inputs, *results])
    values = _fused(graph, needed, results)
    constants = [place for place in needed if graph.values[place].operation == CONSTANT]
    slot_of = {place: slot for slot, place in enumerate([*constants, *inputs])}
    inputs_at = tuple(slot_of[place] for place in inputs)
    last_use = {operand: place for place, value in values.items() for operand in value.operands}
    kept = {*constants, *inputs, *results}
    free: list[int] = []
    slots = len(slot_of)
    instructions = []
    for place, value in values.items():
        operands = [slot_of[operand] for operand in value.operands]
        # An operand that ends here may give its slot to the result: the interpreter works element by element.
        free += [slot_of[item] for item in set(value.operands) if last_use[item] == place and item not in kept]
        if not free:
            free.append(slots)
            slots += 1
        slot_of[place] = free.pop()
        instructions.append(_instruction(value, slot_of[place], operands))
    copies = {place: slots + number for number, place in enumerate(sorted(set(results) & set(inputs)))}
    instructions += [[CODES[_COPY], target, slot_of[place], 0, 0] for place, target in copies.items()]
    slot_of |= copies
    return Bytecode(
        instructions=np.array(instructions, dtype=np.int32).reshape(-1, 5),
        slots=slots + len(copies),
        constants=tuple(graph.values[place].number for place in constants),
        inputs=inputs_at,
        results=tuple(slot_of[place] for place in results),
    )


def _fused(graph: Graph, needed: Sequence[int], results: Sequence[int]) -> dict[int, Value]:
    """The operations in order, two in one where the first one's value is asked for by the second alone."""
    values = {place: graph.values[place] for place in needed}
    values = {place: value for place, value in values.items() if value.operation not in (CONSTANT, INPUT)}
    uses = Counter(operand for value in values.values() for operand in value.operands)
    uses.update(results)
    for place, value in list(values.items()):
        for at, operand in enumerate(value.operands):
            inner = values.get(operand)
            name = _FUSED.get((inner.operation, value.operation)) if inner and uses[operand] == 1 else None
            if inner and name:
                name = _TURNED.get(name, name) if at == 1 else name
                values[place] = Value(name, (*inner.operands, value.operands[1 - at]))
                del values[operand]
                break
    return values


def _instruction(value: Value, target: int, operands: list[int]) -> list[int]:
    if value.operation == "powi":
        operands = [*operands, int(value.number)]
    return [CODES[value.operation], target, *operands, *[0] * (3 - len(operands))]
