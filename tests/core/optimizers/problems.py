"""Functions to optimize, as plain floats with gradients worked out by hand and as small networks of PyTorch."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Point = list[float]


@dataclass(frozen=True, slots=True)
class Problem:
    """A function of a few variables.

    Attributes:
        starts: a starting point for each of some rows.
        value: l.
        gradient: ∇l.
    """

    starts: list[Point]
    value: Callable[[Point], float]
    gradient: Callable[[Point], Point]


def _rosenbrock_gradient(point: Point) -> Point:
    x, y = point
    return [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]


PROBLEMS = {
    "quadratic": Problem(
        [[3.0, -1.0], [0.4, 2.0], [-0.2, 0.1]],
        lambda p: p[0] ** 2 + 4 * (p[1] - 1) ** 2,
        lambda p: [2 * p[0], 8 * (p[1] - 1)],
    ),
    "quartic": Problem(
        [[-1.0], [0.7], [1.9]],
        lambda p: p[0] ** 4 - 3 * p[0] ** 3 + 2,
        lambda p: [4 * p[0] ** 3 - 9 * p[0] ** 2],
    ),
    "rosenbrock": Problem(
        [[-1.2, 1.0], [0.5, 0.2], [0.9, 0.7]],
        lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2,
        _rosenbrock_gradient,
    ),
}


def network(seed: int) -> Callable[[Tensor], Tensor]:
    """The loss of a small random network with random data, as a function of its flat parameters."""
    draw = torch.Generator().manual_seed(seed)
    inputs, targets = (torch.randn(16, size, generator=draw, dtype=torch.float64) for size in (3, 2))

    def loss(flat: Tensor) -> Tensor:
        hidden = torch.tanh(inputs @ flat[:15].view(3, 5) + flat[15:20])
        return nn.functional.mse_loss(hidden @ flat[20:].view(5, 2), targets)

    return loss


def network_start(seed: int) -> Tensor:
    """Random flat parameters for ``network``."""
    return torch.randn(30, generator=torch.Generator().manual_seed(1000 + seed), dtype=torch.float64) * 0.5


def rosenbrock(flat: Tensor) -> Tensor:
    """The function of Rosenbrock, with autograd."""
    return (1 - flat[0]) ** 2 + 100 * (flat[1] - flat[0] ** 2) ** 2
