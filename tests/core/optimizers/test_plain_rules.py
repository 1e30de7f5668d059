"""Every rule with v = 1 is the optimizer of that name in torch.optim."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.core.optimizers.cases import CASES
from tests.core.optimizers.driving import Driver
from tests.core.optimizers.problems import network, network_start, rosenbrock

STEPS = 100
RTOL = 1e-12
LOSSES: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
    "network 0": (network(0), network_start(0)),
    "network 1": (network(1), network_start(1)),
    "rosenbrock": (rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64)),
}


def trajectories(name: str, problem: str) -> tuple[Tensor, Tensor]:
    """The parameters after each step of the rule and of torch.optim, both given the gradients of torch's trajectory.

    With gradients of their own, two trajectories that differ in the last bit can part: some of these are chaotic.
    """
    settings, make = CASES[name]
    loss, start = LOSSES[problem]
    x = start.clone().requires_grad_()
    optimizer, driver = make([x]), Driver([settings], start.clone().unsqueeze(0))
    pairs = []
    for _ in range(STEPS):
        (x.grad,) = torch.autograd.grad(loss(x), x)
        driver.step(x.grad.clone().unsqueeze(0), [1.0])
        optimizer.step()
        pairs.append((driver.x[0], x.detach().clone()))
    mine, theirs = zip(*pairs, strict=True)
    return torch.stack(mine), torch.stack(theirs)


@pytest.mark.usefixtures("float64_by_default")
@pytest.mark.parametrize("problem", LOSSES)
@pytest.mark.parametrize("name", CASES)
def test_with_scale_1_a_rule_is_the_optimizer_of_torch(name: str, problem: str) -> None:
    mine, theirs = trajectories(name, problem)
    assert not torch.equal(theirs[-1], theirs[0])
    np.testing.assert_allclose(mine, theirs, rtol=RTOL, atol=1e-13)
