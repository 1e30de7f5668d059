"""What AYLA cannot do it says, by name, and before it changes anything."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from ayla_torch import AYLA
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


BAD_VALUES: list[tuple[Any, dict[str, Any], str]] = [
    (optim.Adam, {"betas": None}, "betas"),
    (optim.Adam, {"betas": 0.9}, "betas"),
    (optim.Adam, {"betas": (0.9,)}, "betas"),
    (optim.Adam, {"betas": (0.9, 0.99, 0.999)}, "too many values"),
    (optim.Adam, {"betas": (0.9, 1.5)}, "beta"),
    (optim.Adam, {"eps": "1e-8"}, "eps"),
    (optim.AdamW, {"lr": None}, "lr"),
    (optim.AdamW, {"lr": -0.1}, "lr"),
    (optim.AdamW, {"lr": float("nan")}, "lr"),
    (optim.NAdam, {"momentum_decay": None}, "momentum_decay"),
    (optim.SGD, {"momentum": "0.9"}, "momentum"),
    (optim.SGD, {"momentum": 0.9, "dampening": "none"}, "parameter group"),
    (optim.SGD, {"lr": torch.tensor([0.1, 0.2])}, "lr"),
    (optim.RMSprop, {"alpha": [0.9]}, "alpha"),
    (optim.Adagrad, {"lr_decay": -1.0}, "lr_decay"),
    (optim.Adadelta, {"rho": 7.0}, "rho"),
    (optim.Adamax, {"weight_decay": None}, "weight_decay"),
    (optim.Adam, {"capturable": True}, "capturable"),
    (optim.Adam, {"weight_decay": torch.tensor(0.1)}, "weight_decay"),
]


@pytest.mark.parametrize(("kind", "options", "named"), BAD_VALUES, ids=str)
def test_a_group_that_is_refused_leaves_everything_as_it_was(kind: Any, options: dict[str, Any], named: str) -> None:
    check_nothing_added(kind, {"params": [parameter()], **options}, ValueError, named)


def check_nothing_added(kind: Any, group: Any, error: type[Exception], named: str) -> None:
    x = parameter()
    optimizer = AYLA(kind([x], lr=0.1), n1=1.5)
    before, given = copy.deepcopy(optimizer.state_dict()), dict(group) if isinstance(group, dict) else group
    with pytest.raises(error, match=named):
        optimizer.add_param_group(group)
    assert optimizer.state_dict() == before
    assert optimizer.inner.param_groups is optimizer.param_groups
    assert len(optimizer.param_groups) == 1
    assert group == given
    x.grad = torch.ones_like(x)
    optimizer.step(0.5)
    assert x.tolist() != [1.0, 1.0]


def test_parameters_that_are_refused_leave_everything_as_it_was() -> None:
    x = parameter()
    taken = AYLA(optim.Adam([x]))
    for params in (x, [parameter(), x]):
        with pytest.raises(ValueError, match="more than one parameter group"):
            taken.add_param_group({"params": params})
    assert len(taken.param_groups) == 1
    check_nothing_added(optim.Adam, {"params": [parameter() * 2]}, ValueError, "non-leaf")
    check_nothing_added(optim.Adam, {"params": [parameter(torch.complex64)]}, ValueError, "complex64")
    check_nothing_added(optim.Adam, {"params": ["weight"]}, TypeError, "Tensors")
    check_nothing_added(optim.Adam, {"params": {x}}, TypeError, "ordered")
    check_nothing_added(optim.Adam, {"params": [("bias", parameter())]}, ValueError, "names")
    check_nothing_added(optim.Adam, {"lr": 0.1}, KeyError, "params")
    check_nothing_added(optim.Adam, [parameter()], TypeError, "dict")


def test_a_group_that_is_added_is_the_one_given_with_options_of_ones_own() -> None:
    optimizer = AYLA(optim.Adam([parameter()]))
    group: dict[str, Any] = {"params": iter([parameter()]), "lr": 0.5, "layer": "head"}
    optimizer.add_param_group(group)
    assert optimizer.param_groups[1] is group
    assert (group["layer"], group["lr"], group["betas"]) == ("head", 0.5, (0.9, 0.999))


def test_a_group_may_do_without_the_momentum_of_nesterov() -> None:
    x, y = parameter(), parameter()
    plain, inner = (
        optim.SGD([{"params": [one], "momentum": 0}], lr=0.1, momentum=0.9, nesterov=True) for one in (x, y)
    )
    x.grad, y.grad = torch.ones_like(x), torch.ones_like(y)
    plain.step()
    AYLA(inner).step(0.5)
    assert torch.equal(x, y)


def test_a_value_that_no_step_can_be_made_with_is_refused_before_anything_is_counted() -> None:
    first, second = parameter(), parameter()
    optimizer = AYLA(optim.SGD([{"params": [first]}, {"params": [second]}], lr=0.1, momentum=0.9))
    for x in (first, second):
        x.grad = torch.ones_like(x)
    optimizer.step(0.5)
    before = copy.deepcopy(optimizer.state_dict()["state"])
    for option in ("lr", "momentum"):
        kept = optimizer.param_groups[1][option]
        optimizer.param_groups[1][option] = "much"
        with pytest.raises((TypeError, ValueError)):
            optimizer.step(0.5)
        optimizer.param_groups[1][option] = kept
    after = optimizer.state_dict()["state"]
    assert [(state["step"], state["momentum_buffer"].tolist()) for state in after.values()] == [
        (state["step"], state["momentum_buffer"].tolist()) for state in before.values()
    ]
    assert first.tolist() == second.tolist()
