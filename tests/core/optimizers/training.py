"""A small training loop to put AYLA and optimizers of torch.optim into."""

from collections.abc import Callable
from typing import Any

import torch
from ayla_torch import AYLA
from torch import Tensor, nn

from tests.core.optimizers.problems import Problem

Make = Callable[[Any], torch.optim.Optimizer]


class Network(nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.last = nn.Linear(8, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        output: Tensor = self.last(torch.tanh(self.first(inputs)))
        return output


def model(dtype: torch.dtype = torch.float64, seed: int = 3) -> Network:
    """A small network."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Network().to(dtype)


def loss_of(network: nn.Module, step: int = 0) -> Tensor:
    """The loss of one batch."""
    draw = torch.Generator().manual_seed(step)
    dtype = next(network.parameters()).dtype
    inputs, targets = (torch.randn(12, size, generator=draw, dtype=torch.float64).to(dtype) for size in (3, 2))
    output: Tensor = nn.functional.mse_loss(network(inputs), targets)
    return output


def backward(loss: Tensor) -> None:
    """Gradients of a loss."""
    loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's


def one_step(network: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> Tensor:
    """Clear, evaluate, differentiate, update."""
    optimizer.zero_grad()
    loss = loss_of(network, step)
    backward(loss)
    if isinstance(optimizer, AYLA):
        optimizer.step(loss)
    else:
        optimizer.step()
    return loss


def train(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int, first: int = 0) -> Tensor:
    """The flat parameters after some steps."""
    for step in range(first, first + steps):
        one_step(network, optimizer, step)
    return flat(network)


def flat(network: nn.Module) -> Tensor:
    """All parameters as one vector."""
    return torch.cat([one.detach().flatten() for one in network.parameters()])


def descend(problem: Problem, make: Callable[[list[Tensor]], AYLA], steps: int) -> tuple[list[list[float]], AYLA]:
    """The points of a trajectory from a problem's first start, the start and the end with them."""
    x = torch.tensor(problem.starts[0], dtype=torch.float64, requires_grad=True)
    optimizer = make([x])
    points = [x.tolist()]
    for _ in range(steps):
        at = x.tolist()
        x.grad = torch.tensor(problem.gradient(at), dtype=torch.float64)
        optimizer.step(problem.value(at))
        points.append(x.tolist())
    return points, optimizer
