"""The parameters of a group that a step moves by the same numbers, as lists."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ayla_torch.foreach import DeviceNumber, FunctionOfScale, Program
from ayla_torch.rule_inputs import Kept, RuleInputs, for_lists
from ayla_torch.update import Update, formula, working_type

Columns = list[list[Tensor]]

_MODERATE = 1e12
"""A scale between this and its inverse has a square that, like its product with a gradient, fits in float32."""

_PIECE_BYTES = 1 << 21
"""Of one tensor of a piece, at most: memory for results in between stays near the core, and calls are few."""


def _itself(v: float) -> float:
    return v


class ParameterBatch:
    """Parameters of one group, type and device with the same number of updates.

    Args:
        inputs: the rule of the group.
        group: of torch.optim.
        t: number of the coming update, from 1.
        kept: what remains from step to step; holds v.

    Attributes:
        scale: v, a tensor of shape [] where the parameters lie, in the type that they are updated in.
        parameters: with a gradient.
        gradients: theirs.
        states: what is remembered of them; empty where that is nothing yet.
        numbers: of the update, by name.
    """

    def __init__(self, inputs: RuleInputs, group: dict[str, Any], t: int, kept: Kept) -> None:
        self.inputs = inputs
        self.parameters: list[Tensor] = []
        self.gradients: list[Tensor] = []
        self.states: list[dict[str, Any]] = []
        self.scale = kept.scale
        self._kept = kept
        self._v: float | None = None
        self.numbers = inputs.numbers(t, group)

    def program(self) -> Program:
        """The update of lists of them.

        Raises:
            TypeError, ValueError: for numbers that no step can be made with.
        """
        self._v = self._moderate_scale()
        written, on_host = self._kept.written, self._v is not None
        if written is not None and written[:2] == (self.numbers, on_host):
            return written[2]
        rule, scale = self.inputs.rule, self.scale
        program = Program(("x", "u", *rule.memory), "u", scale.dtype)
        x, u, *before = (program.input(name) for name in ("x", "u", *rule.memory))
        known = FunctionOfScale(_itself) if on_host else scale
        v, h = DeviceNumber(known, is_magnitude=True), for_lists(self.numbers, scale.dtype, scale.device)
        after, memory = formula(rule, x, u, v, dict(zip(rule.memory, before, strict=True)), h, **self.inputs.decay)
        program.finish({"x": after, **memory})
        fixed = not isinstance(self.numbers["lr"], Tensor) and program.depends_on(scale)
        self._kept.written = (self.numbers, on_host, program) if fixed else None
        return program

    def _moderate_scale(self) -> float | None:
        """The scale where what follows from it is calculated on the host, which then waits for nothing; else None."""
        if self.scale.device.type != "cpu" or isinstance(self.numbers["lr"], Tensor):
            return None
        v = float(self.scale)
        return v if 1 / _MODERATE <= v <= _MODERATE else None

    def run(self, program: Program, states: Sequence[dict[str, Any]]) -> None:
        """Move the parameters and what is remembered of them.

        Args:
            program: of this batch.
            states: of the parameters.
        """
        memory = [[state[name] for state in states] for name in self.inputs.rule.memory]
        columns = [self.parameters, self.gradients, *memory]
        if hasattr(self.parameters[0], "to_local"):
            self._place_gradients()
            # This process's parts: rules know no neighbours.
            columns = [[tensor.to_local() for tensor in column] for column in columns]
        dtype, in_cache = self.scale.dtype, self.scale.device.type == "cpu" and program.makes_tensors
        cut = pieces(columns, _PIECE_BYTES // dtype.itemsize) if in_cache else iter([columns])
        program.run(
            cut if self.parameters[0].dtype == dtype else _widened(cut, dtype), math.nan if self._v is None else self._v
        )

    def _place_gradients(self) -> None:
        """Share gradients out over the processes as their parameters are."""
        for place, parameter in enumerate(self.parameters):
            gradient: Any = self.gradients[place]
            if gradient.placements != parameter.placements:  # type: ignore[attr-defined]
                self.gradients[place] = gradient.redistribute(placements=parameter.placements)  # type: ignore[attr-defined]

    def updates(self, numbers: dict[str, Tensor], states: Sequence[dict[str, Any]]) -> list[Update]:
        """The same for torch.compile: one update for each parameter.

        Args:
            numbers: of this batch, as tensors.
            states: of the parameters.
        """
        rule = self.inputs.rule
        memories = [{name: state[name] for name in rule.memory} for state in states]
        return [
            Update(rule, parameter, gradient, memory, self.scale, numbers, **self.inputs.decay)
            for parameter, gradient, memory in zip(self.parameters, self.gradients, memories, strict=True)
        ]


def batches_of(
    inputs: RuleInputs, group: dict[str, Any], states: Mapping[Tensor, dict[str, Any]], scale: Tensor
) -> Iterable[ParameterBatch]:
    """The parameters of a group that have a gradient, by what their updates have in common.

    Args:
        inputs: the rule of the group.
        group: of torch.optim.
        states: what is remembered of parameters.
        scale: v, a tensor of shape [].

    Raises:
        ValueError: for a sparse gradient.
    """
    found: dict[Any, ParameterBatch] = {}
    dense = torch.strided
    for parameter in group["params"]:
        gradient = parameter.grad
        if gradient is None:
            continue
        if gradient.layout is not dense:
            raise ValueError("AYLA does not support sparse gradients")
        state = states.get(parameter)
        t = state["step"] + 1 if state else 1
        key = (t, parameter.dtype, parameter.device, type(parameter))
        batch = found.get(key)
        if batch is None:
            kept = inputs.kept_for(working_type(parameter.dtype), parameter.device)
            kept.scale.copy_(scale, non_blocking=True)
            batch = found[key] = ParameterBatch(inputs, group, t, kept)
        batch.parameters.append(parameter)
        batch.gradients.append(gradient)
        batch.states.append(state or {})
    return found.values()


def pieces(columns: Columns, size: int) -> Iterator[Columns]:
    """Columns of tensors as columns of about ``size`` elements; long ones are cut evenly, short ones put together."""
    first = count = 0
    for place, tensor in enumerate(columns[0]):
        elements = tensor.numel()
        if elements > size and all(column[place].is_contiguous() for column in columns):
            if count:
                yield [column[first:place] for column in columns]
            count = -(-elements // size)
            for parts in zip(*(column[place].view(-1).chunk(count) for column in columns), strict=True):
                yield [[part] for part in parts]
            first, count = place + 1, 0
            continue
        count += elements
        if count >= size:
            yield [column[first : place + 1] for column in columns]
            first, count = place + 1, 0
    if first < len(columns[0]):
        yield [column[first:] for column in columns]


def _widened(cut: Iterable[Columns], dtype: torch.dtype) -> Iterator[Columns]:
    """Pieces whose parameters and gradients are of a wider type; what becomes of the parameters is put back."""
    for parameters, gradients, *memory in cut:
        wide = [parameter.to(dtype) for parameter in parameters]
        yield [wide, [gradient.to(dtype) for gradient in gradients], *memory]
        torch._foreach_copy_(parameters, wide)
