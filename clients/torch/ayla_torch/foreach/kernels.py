"""The operations that a formula over lists is made of, each one call of PyTorch for a whole list.

Each takes the lists, whether the first may be overwritten, and its numbers, and returns the list of results.
"""

from typing import Any

import torch
from torch import Tensor

Tensors = list[Tensor]
Numeric = float | Tensor


def is_apart(number: Tensor) -> bool:
    """Whether a number lies on an accelerator, where each operation has to be launched."""
    return number.device.type != "cpu"


def multiply(first: Tensors, second: Tensors, *, in_place: bool) -> Tensors:
    """``first * second``."""
    if not in_place:
        return list(torch._foreach_mul(first, second))
    torch._foreach_mul_(first, second)
    return first


def divide(first: Tensors, second: Tensors, *, in_place: bool) -> Tensors:
    """``first / second``."""
    if not in_place:
        return list(torch._foreach_div(first, second))
    torch._foreach_div_(first, second)
    return first


def reciprocal(first: Tensors, *, in_place: bool) -> Tensors:
    """``1 / first``."""
    if not in_place:
        return list(torch._foreach_reciprocal(first))
    torch._foreach_reciprocal_(first)
    return first


def maximum(first: Tensors, second: Tensors, *, in_place: bool) -> Tensors:
    """The larger ones."""
    if not in_place:
        return list(torch._foreach_maximum(first, second))
    torch._foreach_maximum_(first, second)
    return first


def scale(first: Tensors, number: Numeric, *, in_place: bool) -> Tensors:
    """``first * number``."""
    if not in_place:
        return list(torch._foreach_mul(first, number))
    torch._foreach_mul_(first, number)
    return first


def shift(first: Tensors, number: Numeric, *, in_place: bool) -> Tensors:
    """``first + number``."""
    # Without alpha PyTorch takes a tensor for a number of the host, and waits for it.
    more = {"alpha": 1.0} if isinstance(number, Tensor) else {}
    if not in_place:
        return list(torch._foreach_add(first, number, **more))
    torch._foreach_add_(first, number, **more)
    return first


def add(first: Tensors, second: Tensors, factor: float, *, in_place: bool) -> Tensors:
    """``first + factor * second``."""
    if not in_place:
        return list(torch._foreach_add(first, second, alpha=factor))
    torch._foreach_add_(first, second, alpha=factor)
    return first


def add_scaled(first: Tensors, second: Tensors, factor: float, number: Tensor, *, in_place: bool) -> Tensors:
    """``first + factor * number * second``, with a number on the device."""
    if is_apart(number):
        # One kernel for many tensors, where a list of the number would take one for each.
        return add(first, list(torch._foreach_mul(second, number)), factor, in_place=in_place)
    numbers = [number] * len(first)
    if not in_place:
        return list(torch._foreach_addcmul(first, second, numbers, value=factor))
    torch._foreach_addcmul_(first, second, numbers, value=factor)
    return first


def add_quotient(first: Tensors, top: Tensors, bottom: Tensors, factor: float, *, in_place: bool) -> Tensors:
    """``first + factor * top / bottom``."""
    if not in_place:
        return list(torch._foreach_addcdiv(first, top, bottom, value=factor))
    torch._foreach_addcdiv_(first, top, bottom, value=factor)
    return first


def add_product(first: Tensors, second: Tensors, third: Tensors, factor: float, *, in_place: bool) -> Tensors:
    """``first + factor * second * third``."""
    if not in_place:
        return list(torch._foreach_addcmul(first, second, third, value=factor))
    torch._foreach_addcmul_(first, second, third, value=factor)
    return first


def average(first: Tensors, second: Tensors, weight: Numeric, *, in_place: bool) -> Tensors:
    """``(1 - weight) * first + weight * second``."""
    if isinstance(weight, Tensor) and is_apart(weight):
        return add(
            scale(first, 1.0 - weight, in_place=in_place), list(torch._foreach_mul(second, weight)), 1.0, in_place=True
        )
    weights: Any = [weight] * len(first) if isinstance(weight, Tensor) else weight
    if not in_place:
        return list(torch._foreach_lerp(first, second, weights))
    torch._foreach_lerp_(first, second, weights)
    return first


def root(first: Tensors, *, in_place: bool) -> Tensors:
    """Square roots."""
    if not in_place:
        return list(torch._foreach_sqrt(first))
    torch._foreach_sqrt_(first)
    return first


def absolute(first: Tensors, *, in_place: bool) -> Tensors:
    """Absolute values."""
    if not in_place:
        return list(torch._foreach_abs(first))
    torch._foreach_abs_(first)
    return first


def signs(first: Tensors, *, in_place: bool) -> Tensors:
    """1, 0 or -1."""
    if not in_place:
        return list(torch._foreach_sign(first))
    torch._foreach_sign_(first)
    return first


def at_least(first: Tensors, bound: float, *, in_place: bool) -> Tensors:
    """The numbers, but at least the bound."""
    if not in_place:
        return list(torch._foreach_clamp_min(first, bound))
    torch._foreach_clamp_min_(first, bound)
    return first
