"""AYLA beside what else a training loop has: schedulers, groups, mixed precision, torch.compile."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ayla_torch import AYLA
from ayla_torch.batch import ParameterBatch
from torch import Tensor, nn, optim
from torch.optim import lr_scheduler
from torch.utils._python_dispatch import TorchDispatchMode

from tests.cases import each
from tests.core.optimizers.cases import CASES
from tests.core.optimizers.training import Network, backward, flat, loss_of, model, one_step, train

SCHEDULERS: dict[str, Callable[[optim.Optimizer], lr_scheduler.LRScheduler]] = {
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 20),
    "one cycle, with its momentum": lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.05, total_steps=25),
    "rising from 0": lambda o: lr_scheduler.LambdaLR(o, lambda step: step / 10),
}


@pytest.mark.parametrize("on", ["ayla", "inside"])
@pytest.mark.parametrize("lr", [0.01, torch.tensor(0.01, dtype=torch.float64)], ids=["float", "tensor"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers_of_torch(name: str, lr: Any, on: str) -> None:
    """On AYLA or, made before, on the optimizer inside."""
    left, right = model(), model()
    plain = optim.Adam(left.parameters(), lr=lr if isinstance(lr, float) else lr.clone())
    inner = optim.Adam(right.parameters(), lr=lr if isinstance(lr, float) else lr.clone())
    inside = SCHEDULERS[name](inner) if on == "inside" else None
    ayla = AYLA(inner)
    schedulers = [SCHEDULERS[name](plain), inside or SCHEDULERS[name](ayla)]
    for step in range(20):
        one_step(left, plain, step)
        one_step(right, ayla, step)
        for scheduler in schedulers:
            scheduler.step()
    torch.testing.assert_close(flat(right), flat(left), rtol=1e-9, atol=1e-11)
    assert plain.param_groups[0]["lr"] == ayla.param_groups[0]["lr"] != lr


def test_groups_have_settings_of_their_own() -> None:
    def optimizers(network: Network) -> optim.Optimizer:
        groups = [
            {"params": network.first.parameters(), "lr": 0.1, "weight_decay": 0.3},
            {"params": network.last.parameters(), "betas": (0.5, 0.9), "amsgrad": True},
        ]
        return optim.Adam(groups, lr=0.02)

    left, right = model(), model()
    expected = train(left, optimizers(left), 20)
    ayla = AYLA(optimizers(right))
    torch.testing.assert_close(train(right, ayla, 20), expected, rtol=1e-10, atol=1e-12)
    assert "largest" in ayla.state[right.last.weight]
    assert "largest" not in ayla.state[right.first.weight]


def test_a_group_can_be_added() -> None:
    left, right = model(), model()
    plain, ayla = (optim.SGD(network.first.parameters(), lr=0.1, momentum=0.9) for network in (left, right))
    wrapped = AYLA(ayla)
    train(left, plain, 3)
    train(right, wrapped, 3)
    plain.add_param_group({"params": left.last.parameters(), "lr": 0.05})
    wrapped.add_param_group({"params": right.last.parameters(), "lr": 0.05})
    assert wrapped.inner.param_groups is wrapped.param_groups
    torch.testing.assert_close(train(right, wrapped, 3), train(left, plain, 3), rtol=1e-12, atol=1e-13)


def test_named_parameters() -> None:
    network = model()
    optimizer = AYLA(optim.Adam(network.named_parameters()), n1=1.5)
    one_step(network, optimizer, 0)
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == [
        "first.weight",
        "first.bias",
        "last.weight",
        "last.bias",
    ]


def test_a_changed_hyper_parameter_counts_from_the_next_step() -> None:
    left, right = model(), model()
    plain, ayla = optim.AdamW(left.parameters()), AYLA(optim.AdamW(right.parameters()))
    for step in range(12):
        for group in (plain.param_groups[0], ayla.param_groups[0]):
            group.update(lr=0.001 * (step + 1), betas=(0.9 - 0.02 * step, 0.99), weight_decay=0.1 * (step % 2))
        one_step(left, plain, step)
        one_step(right, ayla, step)
    torch.testing.assert_close(flat(right), flat(left), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_parameters_of_other_types(dtype: torch.dtype) -> None:
    """Beside a run in float64: they do what the digits of the type allow."""
    wide, network = model(torch.float64), model(dtype)
    expected = train(wide, AYLA(optim.Adam(wide.parameters(), lr=0.01), n1=1.5, n2=0.8), 60)
    optimizer = AYLA(optim.Adam(network.parameters(), lr=0.01), n1=1.5, n2=0.8)
    reached = train(network, optimizer, 60)
    assert reached.dtype == dtype
    assert optimizer.scale is not None
    assert optimizer.scale.dtype == torch.float32
    digits = {torch.float32: 1e-4, torch.bfloat16: 0.1, torch.float16: 0.02}[dtype]
    torch.testing.assert_close(reached.double(), expected, rtol=0, atol=digits)


def test_a_small_gradient_in_float16_still_counts() -> None:
    """Its square, 1e-8, is 0 in float16, where torch.optim.Adam divides by ε only, which is 0 there as well."""
    x = torch.ones(1, dtype=torch.float16, requires_grad=True)
    optimizer = AYLA(optim.Adam([x], lr=0.25))
    x.grad = torch.full_like(x, 1e-4)
    optimizer.step(0.5)
    assert x.item() == pytest.approx(0.75, abs=1e-3)


def test_mixed_types_and_a_scalar_parameter() -> None:
    parameters = [
        torch.ones(3, dtype=torch.float32, requires_grad=True),
        torch.ones((), dtype=torch.float64, requires_grad=True),
        torch.ones(2, dtype=torch.bfloat16, requires_grad=True),
    ]
    optimizer = AYLA(optim.Adam(parameters, lr=0.1), n1=1.5)
    for one in parameters:
        one.grad = torch.ones_like(one)
    optimizer.step(torch.tensor(0.5, dtype=torch.float64))
    assert [one.dtype for one in parameters] == [torch.float32, torch.float64, torch.bfloat16]
    assert [round(one.detach().mean().item(), 2) for one in parameters] == [0.9, 0.9, 0.9]


def scaled_course(make: Callable[[nn.Module], optim.Optimizer], poisoned: int | None) -> tuple[Tensor, optim.Optimizer]:
    """A mixed-precision loop; the gradients of one step are made infinite."""
    network = model(torch.float32)
    optimizer, scaler = make(network), torch.amp.GradScaler("cpu", init_scale=1024.0)
    for step in range(8):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(network, step)
        backward(scaler.scale(loss))
        if step == poisoned:
            next(network.parameters()).grad.fill_(float("inf"))  # type: ignore[union-attr]
        scaler.step(optimizer, loss) if isinstance(optimizer, AYLA) else scaler.step(optimizer)
        scaler.update()
    return flat(network), optimizer


@pytest.mark.parametrize("poisoned", [None, 3])
def test_gradient_scaling(poisoned: int | None) -> None:
    expected, _ = scaled_course(lambda network: optim.Adam(network.parameters()), poisoned)
    reached, optimizer = scaled_course(lambda network: AYLA(optim.Adam(network.parameters())), poisoned)
    torch.testing.assert_close(reached, expected, rtol=1e-5, atol=1e-6)
    assert {state["step"] for state in optimizer.state.values()} == {8 if poisoned is None else 7}


def test_gradient_scaling_leaves_the_scale_that_of_the_loss() -> None:
    network = model(torch.float32)
    optimizer, scaler = AYLA(optim.SGD(network.parameters(), lr=0.1), n1=1.5, n2=2.0), torch.amp.GradScaler("cpu")
    loss = loss_of(network)
    backward(scaler.scale(loss))
    scaler.step(optimizer, loss)
    assert optimizer.scale is not None
    assert optimizer.scale.item() == pytest.approx(2.0 * loss.item() if loss > 1 else 1.5 * loss.item() ** 0.5)


INSIDE: dict[str, Callable[[Any], optim.Optimizer]] = {
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adamw, lr a tensor": lambda p: optim.AdamW(p, lr=torch.tensor(0.01)),
    "sgd, momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "radam": lambda p: optim.RAdam(p, lr=0.01),
}


WATCHED: dict[str, Callable[[Any], optim.Optimizer]] = {name: make for name, (_, make) in CASES.items()} | {
    "adamw, lr a tensor": INSIDE["adamw, lr a tensor"],
    "sgd, lr a tensor": lambda p: optim.SGD(p, lr=torch.tensor(0.01), momentum=0.9),
}


class NoWaiting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's
    """Fails where a number of a tensor is asked for on the host, which would wait for a device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func is not torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@each("name", WATCHED)
def test_a_step_does_not_wait_for_the_loss(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an accelerator: for parameters of a CPU v is read, which there is nothing to wait for."""
    monkeypatch.setattr(ParameterBatch, "_moderate_scale", lambda _: None)
    network, watch = model(torch.float32), NoWaiting()  # type: ignore[no-untyped-call]  # PyTorch's
    optimizer = AYLA(WATCHED[name](network.parameters()), n1=1.5, n2=0.8, max_scale=2.0)
    for step in range(3):
        loss = loss_of(network, step)
        backward(loss)
        with watch:
            optimizer.step(loss)
    with pytest.raises(AssertionError), watch:
        loss.item()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # from inside torch.compile
@pytest.mark.parametrize("name", INSIDE)
def test_a_compiled_step_is_the_eager_one(name: str) -> None:
    torch.compiler.reset()
    left, right = model(), model()
    eager = AYLA(INSIDE[name](left.parameters()), n1=1.5, n2=0.8)
    other = AYLA(INSIDE[name](right.parameters()), n1=1.5, n2=0.8)

    @torch.compile(backend="aot_eager", fullgraph=False)
    def compiled(step: Tensor) -> Tensor:
        other.zero_grad()
        loss = nn.functional.mse_loss(right(step), torch.zeros(4, 2, dtype=torch.float64))
        backward(loss)
        other.step(loss)
        return loss

    for step in range(10):
        inputs = torch.full((4, 3), 0.1 * step, dtype=torch.float64)
        loss = nn.functional.mse_loss(left(inputs), torch.zeros(4, 2, dtype=torch.float64))
        eager.zero_grad()
        backward(loss)
        eager.step(loss)
        compiled(inputs)
    torch.testing.assert_close(flat(right), flat(left), rtol=1e-13, atol=1e-14)
    assert torch.equal(eager.capped_steps, other.capped_steps)
