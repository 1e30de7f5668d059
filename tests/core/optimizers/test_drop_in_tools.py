"""AYLA under tools that store optimizers or make the steps themselves."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ayla_torch import AYLA
from torch import Tensor, nn, optim
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)

from tests.cases import each
from tests.core.optimizers.test_drop_in import INNER
from tests.core.optimizers.training import backward, flat, loss_of, model, one_step, train

OPTIONS = {
    "plain": StateDictOptions(),
    "flat": StateDictOptions(flatten_optimizer_state_dict=True),
    "full": StateDictOptions(full_state_dict=True, cpu_offload=True),
}


def make(name: str, parameters: Any) -> AYLA:
    return AYLA(INNER[name](parameters), n1=1.5, n2=0.7, max_scale=1.2)


def everything(optimizer: AYLA) -> Any:
    """What an optimizer keeps, apart from memory that is as before the first update."""
    groups = [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
    return copy.deepcopy((groups, optimizer.capped_steps.item(), optimizer.scale, repr(optimizer)))


@pytest.mark.parametrize("name", INNER)
def test_asking_a_fresh_one_for_its_state_changes_nothing(name: str) -> None:
    """PyTorch makes a step without a loss at rates of 0 to see what there is to store."""
    left, right = model(), model()
    asked, other = make(name, left.parameters()), make(name, right.parameters())
    before = everything(asked)
    state = get_optimizer_state_dict(left, asked)
    assert everything(asked) == before
    assert torch.equal(flat(left), flat(right))
    assert {kept["step"] for kept in state["state"].values()} == {0}  # type: ignore[union-attr,index,call-overload]
    assert torch.equal(train(left, asked, 6), train(right, other, 6))
    assert torch.equal(asked.capped_steps, other.capped_steps)


@each("options", OPTIONS)
@each("name", INNER)
def test_a_state_through_pytorchs_checkpoints_goes_on_bit_for_bit(name: str, options: str) -> None:
    network, other = model(), model(seed=8)
    optimizer = make(name, network.parameters())
    train(network, optimizer, 5)
    if options == "full" and optimizer.state[network.last.bias].keys() == {"step"}:
        pytest.skip("PyTorch refuses a full state without a tensor, that of its own SGD too")
    state = get_optimizer_state_dict(network, optimizer, options=OPTIONS[options])
    resumed = AYLA(INNER[name](other.parameters()))
    other.load_state_dict(network.state_dict())
    set_optimizer_state_dict(other, resumed, copy.deepcopy(state), options=OPTIONS[options])
    assert resumed.inner.param_groups is resumed.param_groups
    assert optimizer.capped_steps > 0
    for first in (5, 10):
        assert torch.equal(train(network, optimizer, 5, first), train(other, resumed, 5, first))
        assert torch.equal(optimizer.capped_steps, resumed.capped_steps)


@pytest.mark.filterwarnings("ignore:torch.distributed is:UserWarning")  # there is one process
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_checkpoint_on_disk(dtype: torch.dtype, tmp_path: Path) -> None:
    network, other = model(dtype), model(dtype, seed=8)
    optimizer = make("adam", network.parameters())
    train(network, optimizer, 5)
    kept = {"model": network.state_dict(), "optimizer": get_optimizer_state_dict(network, optimizer)}
    state_dict_saver.save(kept, checkpoint_id=tmp_path, no_dist=True)
    resumed = AYLA(optim.Adam(other.parameters()))
    read = {"model": other.state_dict(), "optimizer": get_optimizer_state_dict(other, resumed)}
    state_dict_loader.load(read, checkpoint_id=tmp_path, no_dist=True)
    other.load_state_dict(read["model"])
    set_optimizer_state_dict(other, resumed, read["optimizer"])
    assert torch.equal(train(network, optimizer, 5, first=5), train(other, resumed, 5, first=5))
    assert torch.equal(optimizer.capped_steps, resumed.capped_steps)


def test_a_state_saved_before_the_groups_held_the_settings() -> None:
    network, other = model(), model()
    optimizer = make("adam", network.parameters())
    train(network, optimizer, 5)
    state = optimizer.state_dict()
    for group in state["param_groups"]:
        del group["ayla"]
    resumed = AYLA(optim.Adam(other.parameters()))
    other.load_state_dict(network.state_dict())
    resumed.load_state_dict(state)
    assert torch.equal(train(network, optimizer, 5, first=5), train(other, resumed, 5, first=5))


class StepsByItself:
    """A loop that knows ordinary optimizers only, as accelerate wraps them and the trainers of others do."""

    def __init__(self, optimizer: optim.Optimizer) -> None:
        state: dict[str, Any] = optimizer.state_dict()
        optimizer.load_state_dict(state)
        self.optimizer = optimizer
        self.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def update(self, loss: Tensor, poisoned: bool) -> None:
        backward(self.scaler.scale(loss))
        if poisoned:
            self.optimizer.param_groups[0]["params"][0].grad.fill_(float("inf"))
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()


@pytest.mark.parametrize("poisoned", [None, 2])
def test_a_loop_that_steps_without_a_loss(poisoned: int | None) -> None:
    left, right = model(torch.float32), model(torch.float32)
    plain, other = make("adam", left.parameters()), make("adam", right.parameters())
    loop = StepsByItself(other)
    scheduler = optim.lr_scheduler.StepLR(other, 100)
    for step in range(6):
        loss = loss_of(right, step)
        other.set_loss(loss)
        loop.update(loss, step == poisoned)
        scheduler.step()
        if step != poisoned:
            one_step(left, plain, step)
    torch.testing.assert_close(flat(right), flat(left), rtol=1e-6, atol=1e-7)
    assert plain.capped_steps == other.capped_steps


def test_a_closure_that_steps_inside_a_trainer() -> None:
    """As Lightning does: the closure clears, evaluates, differentiates and returns the loss, or keeps it to itself."""
    left, right, silent = model(), model(), model()
    plain, other, third = (make("adam", network.parameters()) for network in (left, right, silent))

    def closure(network: nn.Module, optimizer: AYLA, step: int) -> Callable[[], Any]:
        def run() -> Tensor | None:
            optimizer.zero_grad()
            loss = loss_of(network, step)
            optimizer.set_loss(loss if optimizer is third else 1e9)
            backward(loss)
            return None if optimizer is third else loss

        return run

    for step in range(5):
        one_step(left, plain, step)
        other.step(closure=closure(right, other, step))
        third.step(closure=closure(silent, third, step))
    assert torch.equal(flat(right), flat(left))
    assert torch.equal(flat(silent), flat(left))


def test_a_loss_set_ahead_is_for_one_step() -> None:
    x = torch.ones(1, requires_grad=True)
    x.grad = torch.ones(1)
    optimizer = AYLA(optim.SGD([x], lr=0.0), n2=2.0)

    def scale() -> float:
        assert optimizer.scale is not None
        return optimizer.scale.item()

    optimizer.set_loss(3.0)
    optimizer.step()  # at a rate of 0, as the first step of a warm-up: a step all the same
    assert (scale(), optimizer.state[x]["step"]) == (6.0, 1)
    with pytest.raises(TypeError, match="set_loss"):
        optimizer.step()
    optimizer.set_loss(3.0)
    optimizer.step(5.0)
    assert scale() == 10.0
    with pytest.raises(TypeError, match="set_loss"):
        optimizer.step()
    with pytest.raises(ValueError, match="one real number"):
        optimizer.set_loss(torch.ones(3))
    with pytest.raises(TypeError, match="loss"):
        optimizer.set_loss(None)  # type: ignore[arg-type]
    assert optimizer.state[x]["step"] == 2


def test_a_forgotten_loss_is_told_where_a_step_could_move_something() -> None:
    x = torch.ones(1, requires_grad=True)
    x.grad = torch.ones(1)
    for rate in (0.1, torch.tensor(0.1)):
        optimizer = AYLA(optim.Adam([x], lr=rate))
        with pytest.raises(TypeError, match="loss"):
            optimizer.step()
        with pytest.raises(TypeError, match="loss"):
            AYLA(optim.Adam([x], lr=0.0)).step(closure=lambda: None)  # type: ignore[arg-type,return-value]
        assert not optimizer.state
