"""Trajectories of trials: the paper's polynomial computed in plain Python, curve fitting as made-up decays."""

import math
from collections.abc import Callable
from typing import Any

Columns = dict[str, list[float]]

NAMES = ("step", "loss", "transformed_loss", "scale", "effective_lr", "grad_norm", "param.x")


def polynomial(optimizer: dict[str, Any], steps: int) -> Columns:
    """The trajectory of x⁴ - 3x³ + 2 from -1 (AYLA.md sections 1 to 3)."""
    columns: Columns = {name: [] for name in NAMES}
    rule = _adam(optimizer) if optimizer["name"] == "adam" else _sgd(optimizer)
    settings = optimizer.get("ayla") or {"n1": 1.0, "n2": 1.0}
    x = -1.0
    for step in range(steps + 1):
        if not abs(x) < 1e30:
            columns["loss"][-1] = math.inf
            break
        loss, gradient = x**4 - 3 * x**3 + 2, 4 * x**3 - 9 * x**2
        exponent = settings["n1"] if abs(loss) < 1 else settings["n2"] if abs(loss) > 1 else 1.0
        scale = exponent * abs(loss) ** (exponent - 1)
        transformed = math.copysign(abs(loss) ** exponent, loss)
        rate = optimizer["learning_rate"] * scale * gradient
        row = (step, loss, transformed, scale, rate, abs(gradient), x)
        for name, value in zip(NAMES, row, strict=True):
            columns[name].append(value)
        x -= rule(step + 1, scale, gradient)
    return columns


def decay(end: float, rate: float, steps: int = 400, start: float = 0.346) -> Columns:
    """A loss that falls from ``start`` towards ``end``."""
    loss = [end + (start - end) * math.exp(-rate * step) for step in range(steps + 1)]
    return {"step": [*range(steps + 1)], "loss": loss, "transformed_loss": loss}


def _sgd(optimizer: dict[str, Any]) -> Callable[[int, float, float], float]:
    return lambda _step, scale, gradient: float(optimizer["learning_rate"]) * scale * gradient


def _adam(optimizer: dict[str, Any]) -> Callable[[int, float, float], float]:
    first = second = 0.0

    def change(step: int, scale: float, gradient: float) -> float:
        nonlocal first, second
        first = (1 - scale * 0.1) * first + scale * 0.1 * gradient
        second = (1 - scale**2 * 0.001) * second + scale**2 * 0.001 * gradient**2
        mean = first / (scale * (1 - 0.9**step))
        square = second / (scale**2 * (1 - 0.999**step))
        return float(optimizer["learning_rate"] * mean / (math.sqrt(square) + 1e-8))

    return change
