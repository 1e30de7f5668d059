"""Every rule against its reference in plain Python floats, step by step."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core import transform_reference
from ayla_core.optimizers import reference_of, rule_of
from ayla_spec.optimizers import Ayla, Optimizer

from tests.cases import each
from tests.core.optimizers.cases import SETTINGS
from tests.core.optimizers.driving import Driver
from tests.core.optimizers.problems import PROBLEMS, Point, Problem

AVERAGING = [name for name, one in SETTINGS.items() if "m" in rule_of(one).memory and "," not in name]
STEPS = 60
RTOL, ATOL = 1e-12, 1e-14
FAR = 1e4
"""Large scales make some trials diverge; what follows is not compared, and would overflow in Python."""


def without(t: int, row: int, loss: float) -> float:
    """No scale."""
    return 1.0


def low(t: int, row: int, loss: float) -> float:
    """Below 1, another one in each step and row."""
    return 0.55 + 0.4 * math.sin(1.7 * t + row)


def high(t: int, row: int, loss: float) -> float:
    """Up to 40: averaging weights of all kinds pass 1."""
    return 21.0 + 19.0 * math.sin(0.9 * t + 2 * row)


def moderate(t: int, row: int, loss: float) -> float:
    """Above 1, and no averaging weight at or above 1 with the decay rates of the cases."""
    return 1.6 + 0.5 * math.sin(1.3 * t + row)


def overshooting(t: int, row: int, loss: float) -> float:
    """Around 11: v(1-0.9) passes 1, v²(1-0.999) does not."""
    return 11.0 + 2.0 * math.sin(0.9 * t + 2 * row)


def from_loss(t: int, row: int, loss: float) -> float:
    """Eq. 1 with other exponents in each row."""
    return transform_reference.scale(loss, [1.4, 0.6, 1.1][row], [0.57, 1.4, 0.9][row])


SCALES = {
    "plain": (None, without),
    "below 1": (Ayla(), low),
    "capped": (Ayla(), high),
    "uncapped": (Ayla(cap_weights=False), moderate),
    "from the loss": (Ayla(), from_loss),
}


def rows_of(settings: Optimizer, rows: int, **more: Any) -> list[Optimizer]:
    """The settings once for each row, with learning rates of their own."""
    return [
        settings.model_copy(update={"learning_rate": settings.learning_rate * (1 + row / 2), **more})
        for row in range(rows)
    ]


def check(settings: Sequence[Optimizer], problem: Problem, scale: Any, steps: int = STEPS) -> None:
    """All rows in one driver; each of them as its reference.

    Both get the gradient at the driver's point, so that a difference is the rule's and is not amplified.
    """
    width = len(problem.starts[0])
    driver = Driver(settings, torch.tensor(problem.starts, dtype=torch.float64), budget=steps)
    references = [reference_of(row, width, steps) for row in settings]
    points: list[Point] = [list(start) for start in problem.starts]
    for t in range(steps):
        at = driver.x.tolist()
        slopes = [problem.gradient(point) for point in at]
        scales = [scale(t, row, problem.value(point)) for row, point in enumerate(at)]
        driver.step(torch.tensor(slopes, dtype=torch.float64), scales)
        points = [
            one.update(point, slope, v) for one, point, slope, v in zip(references, points, slopes, scales, strict=True)
        ]
        np.testing.assert_allclose(driver.x, points, rtol=RTOL, atol=ATOL, err_msg=f"step {t}")
        if np.abs(points).max() > FAR:
            break
    assert np.isfinite(points).all()


@pytest.mark.parametrize("problem", PROBLEMS)
@each("scale", SCALES)
@each("name", SETTINGS)
def test_a_rule_agrees_with_its_reference(name: str, scale: str, problem: str) -> None:
    ayla, v = SCALES[scale]
    check(rows_of(SETTINGS[name], 3, ayla=ayla), PROBLEMS[problem], v)


@pytest.mark.parametrize(
    "name", [name for name in SETTINGS if "," not in name and "m" in rule_of(SETTINGS[name]).memory]
)
def test_an_average_that_overshoots(name: str) -> None:
    check(rows_of(SETTINGS[name], 3, ayla=Ayla(cap_weights=False)), PROBLEMS["rosenbrock"], overshooting)


CLIPPING = {"norm": {"clip_norm": 0.7}, "value": {"clip_value": 0.3}, "both": {"clip_norm": 2.0, "clip_value": 1.5}}


@pytest.mark.parametrize("clipping", CLIPPING.values(), ids=CLIPPING)
@pytest.mark.parametrize("name", ["sgd, weight decay", "adam, other settings", "lion", "adadelta"])
def test_clipping_comes_before_weight_decay(name: str, clipping: dict[str, float]) -> None:
    """The driver clips with PyTorch's functions, the reference by itself."""
    rows = rows_of(SETTINGS[name], 3, ayla=Ayla(), **clipping)
    check(rows, PROBLEMS["rosenbrock"], low)
