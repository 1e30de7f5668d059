"""AYLA in a loop of one's own makes the steps it should."""

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ayla_core import transform_reference
from ayla_core.optimizers import reference_of
from ayla_spec.optimizers import Ayla
from ayla_torch import AYLA
from torch import Tensor, nn, optim

from tests.cases import each
from tests.core.optimizers.cases import CASES
from tests.core.optimizers.problems import PROBLEMS, Problem
from tests.core.optimizers.training import Make, backward, descend, flat, loss_of, model, one_step, train

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "paper.json").read_text(encoding="utf-8")
)
INNER: dict[str, Make] = {name: make for name, (_, make) in CASES.items()} | {
    "adam, decoupled": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
    "adamw, amsgrad": lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1, amsgrad=True),
    "nadam, decoupled": lambda p: optim.NAdam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
    "radam, decoupled": lambda p: optim.RAdam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
    "adam, lr a tensor": lambda p: optim.Adam(p, lr=torch.tensor(0.01), foreach=False),
    "adam, foreach": lambda p: optim.Adam(p, lr=0.01, foreach=True),
    "adam, fused": lambda p: optim.Adam(p, lr=0.01, fused=True),
    "sgd, fused": lambda p: optim.SGD(p, lr=0.01, momentum=0.9, fused=True),
    "adam, no epsilon": lambda p: optim.Adam(p, lr=0.01, eps=0.0),
}


@pytest.mark.usefixtures("float64_by_default")
@pytest.mark.parametrize("name", INNER)
def test_with_exponents_1_it_is_the_optimizer_inside(name: str) -> None:
    """Both get the gradients of torch's trajectory, for which see the tests of the plain rules."""
    left, right = model(), model()
    plain, ayla = INNER[name](left.parameters()), AYLA(INNER[name](right.parameters()))
    before = flat(left)
    for step in range(80):
        one_step_alike(left, right, plain, ayla, step)
        torch.testing.assert_close(flat(right), flat(left), rtol=1e-11, atol=1e-12)
    assert not torch.equal(flat(left), before)
    assert ayla.capped_steps.item() == 0


def one_step_alike(left: nn.Module, right: nn.Module, plain: optim.Optimizer, ayla: AYLA, step: int) -> None:
    plain.zero_grad()
    loss = loss_of(left, step)
    backward(loss)
    for mine, theirs in zip(right.parameters(), left.parameters(), strict=True):
        mine.grad = None if theirs.grad is None else theirs.grad.clone()
    plain.step()
    ayla.step(loss)


@each("cap", [True, False])
@each("problem", PROBLEMS.values(), ids=PROBLEMS)
@each("name", CASES)
def test_its_steps_are_those_of_the_reference(name: str, problem: Problem, cap: bool) -> None:
    settings, make = CASES[name]
    ayla = Ayla(n1=1.3, n2=0.8, max_scale=5.0, cap_weights=cap)
    points, _ = descend(problem, lambda p: AYLA(make(p), 1.3, 0.8, max_scale=5.0, cap_weights=cap), 40)
    reference = reference_of(settings.model_copy(update={"ayla": ayla}), len(points[0]))
    x = points[0]
    for at, after in itertools.pairwise(points):
        v = transform_reference.scale(problem.value(at), 1.3, 0.8, 5.0)
        x = reference.update(x, problem.gradient(at), v)
        assert after == pytest.approx(x, rel=1e-12, abs=1e-14)


PAPER: dict[tuple[str, str], tuple[int, Callable[[list[Tensor]], AYLA]]] = {
    ("poly-sgd", "sgd"): (50, lambda p: AYLA(optim.SGD(p, lr=0.03))),
    ("poly-sgd", "ayla-sgd"): (50, lambda p: AYLA(optim.SGD(p, lr=0.03), n2=1.4)),
    ("poly-adam", "adam"): (800, lambda p: AYLA(optim.Adam(p, lr=0.01))),
    ("poly-adam", "ayla-adam"): (800, lambda p: AYLA(optim.Adam(p, lr=0.01), n2=0.57)),
}


@pytest.mark.parametrize(("experiment", "method"), PAPER)
def test_the_papers_polynomial_at_every_listed_step(experiment: str, method: str) -> None:
    steps, make = PAPER[experiment, method]
    points, optimizer = descend(PROBLEMS["quartic"], make, steps)
    for row in REFERENCE[experiment][method]:
        assert points[int(row["step"])][0] == pytest.approx(row["x"], rel=1e-12, abs=1e-13)
    assert optimizer.inner.state == {}


def test_ayla_on_adam_leaves_the_saddle() -> None:
    points, _ = descend(PROBLEMS["quartic"], PAPER["poly-adam", "ayla-adam"][1], 800)
    assert points[-1][0] == pytest.approx(2.25, abs=0.01)


@pytest.mark.parametrize("loss", [0.25, -0.25, 4.0, -4.0, 0.0, 1.0])
def test_scale_and_transformed_loss(loss: float) -> None:
    x = torch.zeros(2, requires_grad=True)
    optimizer = AYLA(optim.SGD([x], lr=0.1), n1=1.5, n2=0.5)
    assert optimizer.scale is None
    optimizer.step(torch.tensor(loss, dtype=torch.float64))
    assert optimizer.scale is not None
    assert optimizer.scale.shape == torch.Size()
    assert optimizer.scale.item() == pytest.approx(transform_reference.scale(loss, 1.5, 0.5))
    assert optimizer.transformed_loss is not None
    assert optimizer.transformed_loss.item() == pytest.approx(transform_reference.transformed_loss(loss, 1.5, 0.5))


@each("name", CASES)
def test_a_loss_that_is_no_number_makes_the_parameters_so(name: str) -> None:
    """Wherever an exponent is not 1; with both 1 the loss changes nothing."""

    def moved(**settings: float) -> list[float]:
        x = torch.ones(2, dtype=torch.float64, requires_grad=True)
        x.grad = torch.tensor([0.5, -2.0], dtype=torch.float64)
        AYLA(INNER[name]([x]), **settings).step(math.nan)  # type: ignore[arg-type]
        return x.tolist()

    for exponents in ({"n1": 2.0}, {"n2": 2.0}, {"n1": 0.5, "n2": 0.5}):
        assert moved(**exponents) == pytest.approx([math.nan] * 2, nan_ok=True)
        assert moved(**exponents, max_scale=3.0) == pytest.approx([math.nan] * 2, nan_ok=True)
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    x.grad = torch.tensor([0.5, -2.0], dtype=torch.float64)
    INNER[name]([x]).step()
    assert moved() == pytest.approx(x.tolist(), rel=1e-9)


def test_capped_steps_are_counted() -> None:
    """With n2 = 2, v = 2·loss: 18 caps v(1-β1) = 1.8, 8 does not; max_scale acts above 5."""

    def capped(inner: Any, losses: list[float], **more: Any) -> int:
        optimizer = AYLA(inner([torch.zeros(1, requires_grad=True)]), n2=2.0, **more)
        for loss in losses:
            optimizer.step(loss)
        return int(optimizer.capped_steps)

    assert capped(optim.Adam, [9.0, 4.0, 9.0]) == 2
    assert capped(optim.Adam, [9.0, 4.0, 9.0], cap_weights=False) == 0
    assert capped(optim.Adam, [9.0, 4.0, 2.0], max_scale=5.0) == 2
    assert capped(optim.SGD, [9.0, 4.0, 9.0]) == 0
    assert capped(optim.SGD, [9.0, 4.0, 2.0], max_scale=5.0) == 2


def test_a_closure_gives_the_same_steps() -> None:
    left, right = model(), model()
    expected = train(left, AYLA(optim.Adam(left.parameters()), n1=1.5), 10)
    optimizer = AYLA(optim.Adam(right.parameters()), n1=1.5)
    for step in range(10):

        def closure(step: int = step) -> Tensor:
            optimizer.zero_grad()
            loss = loss_of(right, step)
            backward(loss)
            return loss

        returned = optimizer.step(closure) if step % 2 else optimizer.step(closure=closure)
        assert isinstance(returned, Tensor)
    assert torch.equal(flat(right), expected)


def test_a_loss_may_be_a_number_or_of_another_type() -> None:
    trajectories = []
    conversions: list[Callable[[Tensor], Any]] = [
        lambda loss: loss,
        lambda loss: loss.item(),
        lambda loss: loss.reshape(1, 1),
    ]
    for convert in conversions:
        network = model()
        optimizer = AYLA(optim.Adam(network.parameters()), n1=1.5)
        for step in range(5):
            optimizer.zero_grad()
            loss = loss_of(network, step)
            backward(loss)
            assert optimizer.step(convert(loss)) is None
        trajectories.append(flat(network))
    assert torch.equal(trajectories[0], trajectories[1])
    assert torch.equal(trajectories[0], trajectories[2])


def test_parameters_without_gradient_stay() -> None:
    network = model()
    frozen = network.first.weight
    frozen.requires_grad_(False)
    before = frozen.detach().clone()
    optimizer = AYLA(optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.5), n1=1.5)
    train(network, optimizer, 3)
    assert torch.equal(frozen, before)
    assert frozen not in optimizer.state
    frozen.requires_grad_()
    one_step(network, optimizer, 3)
    assert not torch.equal(frozen, before)
    assert {state["step"] for state in optimizer.state.values()} == {1, 4}


def test_the_step_makes_no_graph_and_no_gradients() -> None:
    network = model()
    optimizer = AYLA(optim.Adam(network.parameters()), n1=1.5)
    one_step(network, optimizer, 0)
    assert optimizer.scale is not None
    assert not optimizer.scale.requires_grad
    kept = [value for state in optimizer.state.values() for value in state.values() if isinstance(value, Tensor)]
    assert not any(value.requires_grad for value in kept)
    assert all(one.is_leaf for one in network.parameters())
