"""The expressions of the sweeps, each beside the same written by hand for PyTorch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from ayla_spec import ResolvedJobSpec

from measure.jobs import job
from measure.timing import seconds

LEARNING_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Case:
    """An expression as a user writes it, and as PyTorch code.

    Attributes:
        title: in tables.
        expression: of the job.
        start: of the job: numbers and vectors.
        loss: of the same variables as tensors, written in the way that PyTorch computes fastest.
    """

    title: str
    expression: str
    start: dict[str, Any]
    loss: Callable[..., torch.Tensor]

    def spec(self, steps: int, every: int) -> ResolvedJobSpec:
        """A job on this expression."""
        return job({"type": "expression", "expression": self.expression, "start": self.start}, steps, every)

    def variables(self) -> list[torch.Tensor]:
        """Its variables at the start, float64."""
        return [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in self.start.values()]


def _polynomial(x: torch.Tensor) -> torch.Tensor:
    return x**4 - 3 * x**3 + 2


def _rosenbrock(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _ackley(x: torch.Tensor) -> torch.Tensor:
    near = -20 * torch.exp(-0.2 * torch.sqrt((x**2).mean()))
    return near - torch.exp(torch.cos(2 * math.pi * x).mean()) + 20 + math.e


def _styblinski_tang(x: torch.Tensor) -> torch.Tensor:
    return (x**4 - 16 * x**2 + 5 * x).sum() / 2


_ACKLEY = (
    "20 + e - 20*exp(-0.2*sqrt(mean(x[i]**2 for i in range(len(x)))))"
    " - exp(mean(cos(2*pi*x[i]) for i in range(len(x))))"
)
_STYBLINSKI_TANG = "sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))/2"

CASES = {
    "polynomial": Case("polynomial", "x**4 - 3*x**3 + 2", {"x": -1.0}, _polynomial),
    "rosenbrock": Case("Rosenbrock, 2-D", "(1 - x)**2 + 100*(y - x**2)**2", {"x": -1.2, "y": 1.0}, _rosenbrock),
    "ackley": Case("Ackley, 2-D", _ACKLEY, {"x": [2.5, -1.7]}, _ackley),
    "styblinski-tang": Case(
        "Styblinski-Tang, 10-D", _STYBLINSKI_TANG, {"x": [0.1 * (place + 1) for place in range(10)]}, _styblinski_tang
    ),
}


def loop_run(case: Case, optimizer: str, steps: int) -> Callable[[], None]:
    """A plain ``torch.optim`` loop in float64 of one trial, without AYLA, which records nothing."""
    variables = case.variables()
    kind = torch.optim.Adam if optimizer == "adam" else torch.optim.SGD
    stepper = kind(variables, lr=LEARNING_RATE if optimizer == "adam" else 1e-3)

    def run() -> None:
        for _ in range(steps):
            stepper.zero_grad()
            case.loss(*variables).backward()
            stepper.step()

    return run


def loop_seconds(case: Case, trials: int, steps: int) -> float:
    """Seconds per step of the plain Adam loop: the best of some trials, one after the other."""
    return min(seconds(loop_run(case, "adam", steps)) for _ in range(trials)) / steps
