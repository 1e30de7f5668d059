"""One update of one parameter tensor, as torch.compile traces it; ``batch`` is what runs without it."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ayla_torch.rules import Rule
from ayla_torch.rules.base import shrunk


class Update(NamedTuple):
    """Arguments of an update. A tuple, so that torch.compile takes it apart.

    Attributes:
        rule: the formula.
        parameter: x; changed in place.
        gradient: ∇l.
        memory: of the rule, among the optimizer's state of this parameter; changed in place.
        v: the scale.
        numbers: ``h`` of the rule, with ``weight_decay``.
        penalised: whether weight decay is added to the gradient.
        decoupled: whether it shrinks x apart from the gradient.
    """

    rule: Rule
    parameter: Tensor
    gradient: Tensor
    memory: dict[str, Tensor]
    v: Tensor
    numbers: dict[str, Tensor]
    penalised: bool
    decoupled: bool


def make(update: Update) -> None:
    """Move the parameter and what is remembered of it."""
    x = update.parameter.to(update.v.dtype)
    u = update.gradient.to(update.v.dtype)
    after, memory = formula(
        update.rule,
        x,
        u,
        update.v,
        update.memory,
        update.numbers,
        penalised=update.penalised,
        decoupled=update.decoupled,
    )
    update.parameter.copy_(after)
    for name, value in memory.items():
        update.memory[name].copy_(value)


def formula(
    rule: Rule, x: Any, u: Any, v: Any, memory: Any, h: Any, *, penalised: bool, decoupled: bool
) -> tuple[Any, dict[str, Any]]:
    """The rule with weight decay, for whatever its numbers are."""
    if penalised:
        u = u + x * h["weight_decay"]
    if decoupled:
        x = shrunk(x, h)
    return rule.update(x, u, v, memory, h)


def working_type(dtype: torch.dtype) -> torch.dtype:
    """The type that parameters of a type are updated and remembered in.

    Its own, but at least float32: in bfloat16 the weight 1 - 0.999 of a moving average is lost, and in float16 the
    square of a gradient is 0.
    """
    return torch.float64 if dtype == torch.float64 else torch.float32
