"""What AYLA cannot do it says, by name, and before it changes anything."""

from typing import Any

import numpy as np
import pytest
import torch
from ayla_core.drop_in import AYLA
from torch import Tensor, nn, optim


def parameter(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.ones(2, dtype=dtype, requires_grad=True)


@pytest.mark.parametrize("loss", [None, "0.5", [0.5], True])
def test_a_step_needs_a_loss(loss: Any) -> None:
    x = parameter()
    x.grad = torch.ones_like(x)
    optimizer = AYLA(optim.SGD([x], lr=0.1))
    with pytest.raises(TypeError, match="loss"):
        optimizer.step(loss)
    assert x.tolist() == [1.0, 1.0]


def test_a_closure_has_to_return_the_loss() -> None:
    with pytest.raises(TypeError, match="closure"):
        AYLA(optim.SGD([parameter()], lr=0.1)).step(lambda: None)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("loss", [torch.ones(3), torch.ones((), dtype=torch.complex64)])
def test_a_loss_is_one_real_number(loss: Tensor) -> None:
    with pytest.raises(ValueError, match="one real number"):
        AYLA(optim.SGD([parameter()], lr=0.1)).step(loss)


@pytest.mark.parametrize("option", ["maximize", "differentiable", "capturable"])
def test_options_that_are_not_supported(option: str) -> None:
    inner = optim.Adam([parameter()])
    inner.param_groups[0][option] = True
    with pytest.raises(ValueError, match=option):
        AYLA(inner)
    later = AYLA(optim.Adam([parameter()]))
    with pytest.raises(ValueError, match=option):
        later.add_param_group({"params": [parameter()], option: True})
    assert len(later.param_groups) == 1
    later.param_groups[0][option] = True
    with pytest.raises(ValueError, match=option):
        later.step(0.5)


def test_tensors_other_than_the_learning_rate() -> None:
    with pytest.raises(ValueError, match="betas"):
        AYLA(optim.Adam([parameter()], betas=(torch.tensor(0.9), torch.tensor(0.99))))
    with pytest.raises(ValueError, match="weight_decay"):
        AYLA(optim.SGD([parameter()], lr=0.1, weight_decay=torch.tensor(0.1)))


class Own(optim.Adam):
    """An optimizer of the user's."""


@pytest.mark.parametrize(
    "inner",
    [
        lambda: optim.ASGD([parameter()]),
        lambda: optim.LBFGS([parameter()]),
        lambda: Own([parameter()]),
        lambda: AYLA(optim.SGD([parameter()], lr=0.1)),
        lambda: [parameter()],
    ],
    ids=["asgd", "lbfgs", "subclass", "ayla", "parameters"],
)
def test_other_classes_are_refused_with_the_supported_ones(inner: Any) -> None:
    with pytest.raises(TypeError, match="SGD, Adam, AdamW, NAdam, RAdam, RMSprop, Adagrad, Adadelta, Adamax"):
        AYLA(inner())


def test_an_optimizer_that_has_made_steps() -> None:
    for inner in (optim.Adam([x := parameter()]), optim.SGD([x], lr=0.1, momentum=0.9), optim.Adagrad([x])):
        x.grad = torch.ones_like(x)
        inner.step()
        with pytest.raises(ValueError, match="fresh"):
            AYLA(inner)


def test_complex_parameters() -> None:
    with pytest.raises(ValueError, match="complex64"):
        AYLA(optim.Adam([parameter(torch.complex64)]))


def test_sparse_gradients_are_refused_before_anything_moves() -> None:
    dense, table = nn.Linear(2, 1), nn.Embedding(5, 2, sparse=True)
    optimizer = AYLA(optim.SGD([*dense.parameters(), *table.parameters()], lr=0.1))
    loss = dense(table(torch.tensor([1, 3]))).sum()
    loss.backward()
    before = dense.weight.detach().clone()
    with pytest.raises(ValueError, match="sparse"):
        optimizer.step(loss)
    assert torch.equal(dense.weight, before)
    assert not optimizer.state


@pytest.mark.parametrize("wrong", [{"n1": 0.0}, {"n2": -1.0}, {"n1": 101.0}, {"max_scale": 0.0}])
def test_exponents_and_bound_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AYLA(optim.SGD([parameter()], lr=0.1), **wrong)  # type: ignore[arg-type]


def test_a_plain_state_is_refused_even_where_it_remembers_the_same() -> None:
    """Adagrad's own state has the names of ours, but counts its steps in another way."""
    x, y = parameter(), parameter()
    plain = optim.Adagrad([x])
    x.grad = torch.ones_like(x)
    plain.step()
    with pytest.raises(ValueError, match="no state of AYLA on Adagrad"):
        AYLA(optim.Adagrad([y])).load_state_dict(plain.state_dict())


def test_numpy_losses_are_numbers() -> None:
    x = parameter()
    x.grad = torch.ones_like(x)
    optimizer = AYLA(optim.SGD([x], lr=0.1), n2=2.0)
    loss: Any = np.float32(3.0)
    optimizer.step(loss)
    assert optimizer.scale is not None
    assert optimizer.scale.item() == 6.0
