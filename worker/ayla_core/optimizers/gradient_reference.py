"""The gradient an optimizer sees, in plain Python floats."""

import math

from ayla_spec.optimizers import Optimizer
from ayla_spec.optimizers.base import WithWeightDecay

_NORM_OFFSET = 1e-6
"""What ``torch.nn.utils.clip_grad_norm_`` adds to the norm before it divides by it."""


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
    factor = min(1.0, longest / (math.hypot(*gradient) + _NORM_OFFSET))
    return [u * factor for u in gradient]
