"""The gradient an optimizer sees, in plain Python floats."""

import math

from ayla_spec.optimizers import Optimizer
from ayla_spec.optimizers.base import WithWeightDecay

_NORM_OFFSET = 1e-6
"""What ``torch.nn.utils.clip_grad_norm_`` adds to the norm before it divides by it."""

_LONG = 2.0**512
"""The square of this norm is infinite."""


def seen_gradient(settings: Optimizer, x: list[float], slope: list[float]) -> list[float]:
    """∇l after clip_norm, then clip_value, then with the L2 penalty added."""
    gradient = slope
    if settings.clip_norm is not None:
        gradient = _norm_clipped(gradient, settings.clip_norm)
    if settings.clip_value is not None:
        gradient = [max(-settings.clip_value, min(settings.clip_value, u)) for u in gradient]
    penalty = settings.weight_decay if isinstance(settings, WithWeightDecay) else 0.0
    return [u + penalty * x_i for u, x_i in zip(gradient, x, strict=True)]


def _norm_clipped(gradient: list[float], longest: float) -> list[float]:
    norm = math.hypot(*gradient)
    if norm < _LONG or math.inf in map(abs, gradient):
        factor = min(1.0, longest / (norm + _NORM_OFFSET))
        return [u * factor for u in gradient]
    # Beside such a norm the offset is nothing; the norm itself may be infinite, and its share in the bound 0.
    largest = max(map(abs, gradient))
    direction = [u / largest for u in gradient]
    norm = math.hypot(*direction)
    return gradient if longest / largest >= norm else [u * (longest / norm) for u in direction]
