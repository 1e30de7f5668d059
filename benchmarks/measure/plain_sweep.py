"""A sweep as anyone would write it in PyTorch: all trials in one tensor, Adam with AYLA, the best loss kept."""

from collections.abc import Callable
from typing import Any

import torch

from measure.expressions import LEARNING_RATE

BETA1, BETA2, EPSILON, CEILING = 0.9, 0.999, 1e-8, 1 - 1e-12

State = tuple[torch.Tensor, ...]


def begin(trials: int, device: torch.device) -> State:
    """x, both moments and the best loss of each trial."""
    zero = torch.zeros(trials, dtype=torch.float64, device=device)
    return zero - 1.0, zero, zero, zero + torch.inf


def step(state: State, n1: torch.Tensor, n2: torch.Tensor, gain1: torch.Tensor, gain2: torch.Tensor) -> State:
    """One step of the polynomial with its derivative by hand."""
    x, m, s, best = state
    loss, u = x**4 - 3 * x**3 + 2, 4 * x**3 - 9 * x**2
    a = loss.abs()
    n = torch.where(a < 1, n1, n2)
    v = n * a ** (n - 1)
    w1, w2 = (v * (1 - BETA1)).clamp(max=CEILING), (v * v * (1 - BETA2)).clamp(max=CEILING)
    m, s = m * (1 - w1) + u * w1, s * (1 - w2) + u * u * w2
    return x - m * gain1 / (s.sqrt() * gain2 + EPSILON * v), m, s, torch.minimum(best, loss)


def sweep(trials: int, device: torch.device, one_step: Callable[..., State]) -> Callable[[int], Any]:
    """A function that makes the next steps of all trials."""
    side = torch.linspace(0.5, 1.5, trials, dtype=torch.float64, device=device)
    state, t = begin(trials, device), 0

    def run(steps: int) -> None:
        nonlocal state, t
        times = torch.arange(t + 1.0, t + steps + 1.0, dtype=torch.float64, device=device)
        gains1, gains2 = LEARNING_RATE / (1 - BETA1**times), 1 / (1 - BETA2**times).sqrt()
        for place in range(steps):
            state = one_step(state, side, side.flip(0), gains1[place], gains2[place])
        t += steps

    return run
