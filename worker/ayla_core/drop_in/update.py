"""One update of one parameter tensor."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ayla_core.optimizers import Rule
from ayla_core.optimizers.base import shrunk


class Update(NamedTuple):
    """Arguments of an update. A tuple, so that torch.compile takes it apart.

    Attributes:
        rule: the formula.
        parameter: x; changed in place.
        gradient: ∇l.
        memory: of the rule, among the optimizer's state of this parameter; its entries are replaced.
        v: the scale.
        numbers: ``h`` of the rule, with ``weight_decay``.
        penalised: whether weight decay is added to the gradient.
        decoupled: whether it shrinks x apart from the gradient.
    """

    rule: Rule
    parameter: Tensor
    gradient: Tensor
    memory: dict[str, Any]
    v: Tensor
    numbers: dict[str, Tensor]
    penalised: bool
    decoupled: bool


def make(update: Update) -> None:
    """Move the parameter and what is remembered of it."""
    x = update.parameter.to(update.v.dtype)
    u = update.gradient.to(update.v.dtype)
    if update.penalised:
        u = u + update.numbers["weight_decay"] * x
    if update.decoupled:
        x = shrunk(x, update.numbers)
    after, memory = update.rule.update(x, u, update.v, update.memory, update.numbers)
    update.parameter.copy_(after)
    update.memory.update(memory)


def working_type(parameter: Tensor) -> torch.dtype:
    """The type a parameter is updated and remembered in.

    Its own, but at least float32: in bfloat16 the weight 1 - 0.999 of a moving average is lost, and in float16 the
    square of a gradient is 0.
    """
    return torch.promote_types(parameter.dtype, torch.float32)
