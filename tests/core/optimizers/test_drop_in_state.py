"""AYLA's state can be saved, loaded, copied and pickled, and training goes on as if nothing had happened."""

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from ayla_torch import AYLA
from torch import optim
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tests.core.optimizers.test_drop_in import INNER
from tests.core.optimizers.training import model, one_step, train


def make(name: str, parameters: Any) -> AYLA:
    return AYLA(INNER[name](parameters), n1=1.5, n2=0.7, max_scale=1.2)


def through_a_file(state: dict[str, Any], path: Path) -> dict[str, Any]:
    torch.save(state, path)
    loaded: dict[str, Any] = torch.load(path, weights_only=True)
    return loaded


@pytest.mark.parametrize("name", INNER)
def test_a_loaded_state_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    network = model()
    optimizer = make(name, network.parameters())
    train(network, optimizer, 5)
    saved = through_a_file({"model": network.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "state.pt")
    other = model(seed=8)
    resumed = AYLA(INNER[name](other.parameters()))
    other.load_state_dict(saved["model"])
    resumed.load_state_dict(saved["optimizer"])
    assert torch.equal(train(network, optimizer, 5, first=5), train(other, resumed, 5, first=5))
    assert optimizer.capped_steps > 0
    assert torch.equal(optimizer.capped_steps, resumed.capped_steps)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_types_are_remembered_in_float32_after_loading_too(dtype: torch.dtype, tmp_path: Path) -> None:
    network = model(dtype)
    optimizer = make("adam", network.parameters())
    train(network, optimizer, 5)
    saved = through_a_file(optimizer.state_dict(), tmp_path / "state.pt")
    other = copy.deepcopy(network)
    resumed = AYLA(optim.Adam(other.parameters()))
    resumed.load_state_dict(saved)
    memories = [state["s"] for state in resumed.state.values()]
    assert {memory.dtype for memory in memories} == {torch.float32}
    assert torch.equal(train(network, optimizer, 5, first=5), train(other, resumed, 5, first=5))


def test_a_loaded_state_takes_the_type_of_the_parameters() -> None:
    network, wide = model(torch.float32), model(torch.float64)
    optimizer, other = make("adam", network.parameters()), make("adam", wide.parameters())
    train(network, optimizer, 2)
    other.load_state_dict(optimizer.state_dict())
    assert {state["m"].dtype for state in other.state.values()} == {torch.float64}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["copy", "pickle"])
def test_a_copy_goes_on_bit_for_bit(copied: Any) -> None:
    network = model()
    optimizer = make("adagrad", network.parameters())
    train(network, optimizer, 5)
    other, resumed = copied((network, optimizer))
    assert resumed.inner.param_groups is resumed.param_groups
    assert torch.equal(train(network, optimizer, 5, first=5), train(other, resumed, 5, first=5))


def test_loading_keeps_the_groups_shared_and_takes_the_hyper_parameters() -> None:
    network, other = model(), model()
    optimizer = AYLA(optim.Adam(network.parameters(), lr=0.5), n1=1.5, cap_weights=False)
    train(network, optimizer, 1)
    resumed = AYLA(optim.Adam(other.parameters()))
    resumed.load_state_dict(optimizer.state_dict())
    assert resumed.inner.param_groups is resumed.param_groups
    assert resumed.param_groups[0]["lr"] == 0.5
    assert "n1=1.5, n2=1.0, max_scale=None, cap_weights=False" in repr(resumed)


def test_a_state_of_another_optimizer_is_refused_and_changes_nothing() -> None:
    network = model()
    optimizer = AYLA(optim.Adam(network.parameters()), n1=1.5)
    train(network, optimizer, 3)
    before = io.BytesIO()
    torch.save(optimizer.state_dict(), before)
    for inner in (optim.SGD, optim.RMSprop):
        other = AYLA(inner(model().parameters()))
        one_step(model(), other, 0)
        with pytest.raises(ValueError, match="Adam"):
            optimizer.load_state_dict(other.state_dict())
    plain_network = model()
    plain = optim.Adam(plain_network.parameters())
    train(plain_network, plain, 1)
    with pytest.raises(ValueError, match="no state of AYLA on Adam: it has no 'ayla'"):
        optimizer.load_state_dict(plain.state_dict())
    after = io.BytesIO()
    torch.save(optimizer.state_dict(), after)
    assert before.getvalue() == after.getvalue()


def test_the_hooks_of_torch_are_called() -> None:
    network = model()
    optimizer = AYLA(optim.SGD(network.parameters(), lr=0.1))
    seen: list[str] = []
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.register_load_state_dict_pre_hook(lambda *_: seen.append("load"))
    handle = optimizer.register_state_dict_post_hook(lambda _, state: {**state, "mine": 1})
    one_step(network, optimizer, 0)
    assert seen == ["before", "after"]
    state = optimizer.state_dict()
    assert state["mine"] == 1
    handle.remove()
    optimizer.load_state_dict(state)
    optimizer.load_state_dict(state)
    assert seen == ["before", "after", "load", "load"]


def test_hooks_of_all_optimizers_and_the_profiler_see_its_steps() -> None:
    network = model()
    optimizer = AYLA(optim.SGD(network.parameters(), lr=0.1))
    seen: list[Any] = []
    before = register_optimizer_step_pre_hook(lambda one, *_: seen.append(one))
    after = register_optimizer_step_post_hook(lambda one, *_: seen.append(one))
    one_step(network, optimizer, 0)
    before.remove()
    after.remove()
    assert seen == [optimizer, optimizer]
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        one_step(network, optimizer, 1)
    assert "Optimizer.step#AYLA.step" in {event.key for event in profile.key_averages()}
    one_step(network, optimizer, 2)
    assert len(seen) == 2


def test_a_process_group_is_copied_and_not_pickled() -> None:
    group = object()
    optimizer = AYLA(optim.SGD(model().parameters(), lr=0.1), process_group=group)
    ranks = copy.deepcopy(optimizer)._ranks
    assert ranks is not None
    assert ranks.process_group is group
    with pytest.raises(TypeError, match="process group cannot be pickled"):
        pickle.dumps(optimizer)


def test_a_state_holds_the_tensors_themselves_as_in_torch_optim() -> None:
    """A step writes into them: no memory is taken anew, and what is to stay as it is has to be copied."""
    network = model()
    optimizer = make("adam", network.parameters())
    train(network, optimizer, 1)
    state = copy.copy(optimizer.state_dict()["state"][0])
    before, address = state["m"].clone(), state["m"].data_ptr()
    train(network, optimizer, 3)
    assert optimizer.state[network.first.weight]["m"] is state["m"]
    assert state["m"].data_ptr() == address
    assert not torch.equal(state["m"], before)
