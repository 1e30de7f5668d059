"""From parameter groups of torch.optim to the settings whose rule does the same."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import torch
from ayla_spec import optimizers as spec
from torch import Tensor, optim

ParameterGroup = Mapping[str, Any]
RuleSettings = tuple[type[spec.Optimizer], dict[str, Any]]
"""A settings class, and its fields that decide about the formula."""

_REFUSED = ("maximize", "differentiable", "capturable")


def _moments(group: ParameterGroup) -> dict[str, Any]:
    beta1, beta2 = group["betas"]
    return {"beta1": beta1, "beta2": beta2, "epsilon": group["eps"]}


def _adam(group: ParameterGroup) -> RuleSettings:
    return spec.AmsGrad if group["amsgrad"] else spec.Adam, _moments(group)


def _sgd(group: ParameterGroup) -> RuleSettings:
    return spec.Sgd, {name: group[name] for name in ("momentum", "dampening", "nesterov")}


def _nadam(group: ParameterGroup) -> RuleSettings:
    return spec.NAdam, _moments(group) | {"momentum_decay": group["momentum_decay"]}


def _rmsprop(group: ParameterGroup) -> RuleSettings:
    fields = {name: group[name] for name in ("alpha", "momentum", "centered")}
    return spec.RmsProp, fields | {"epsilon": group["eps"]}


def _adagrad(group: ParameterGroup) -> RuleSettings:
    start, decay = group["initial_accumulator_value"], group["lr_decay"]
    return spec.Adagrad, {"initial_accumulator": start, "learning_rate_decay": decay, "epsilon": group["eps"]}


_RULE_SETTINGS: dict[type[optim.Optimizer], Callable[[ParameterGroup], RuleSettings]] = {
    optim.SGD: _sgd,
    optim.Adam: _adam,
    optim.AdamW: _adam,
    optim.NAdam: _nadam,
    optim.RAdam: lambda group: (spec.RAdam, _moments(group)),
    optim.RMSprop: _rmsprop,
    optim.Adagrad: _adagrad,
    optim.Adadelta: lambda group: (spec.Adadelta, {"rho": group["rho"], "epsilon": group["eps"]}),
    optim.Adamax: lambda group: (spec.Adamax, _moments(group)),
}


def rule_settings_of(kind: type[optim.Optimizer], group: ParameterGroup) -> RuleSettings:
    """Settings of the rule that a parameter group takes, weight decay aside.

    Raises:
        ValueError: where an option has no counterpart, or is missing.
    """
    check_options(group)
    try:
        return _RULE_SETTINGS[kind](group)
    except KeyError as missing:
        raise ValueError(f"this is no parameter group of {kind.__name__}: it has no {missing}") from None


def check_optimizer(optimizer: optim.Optimizer) -> None:
    """Whether AYLA can go around this optimizer.

    Raises:
        TypeError: where it is none of the supported classes. A subclass may do something else, so it counts as another.
        ValueError: where it has made steps, since what it remembers of them would be lost.
    """
    if type(optimizer) not in _RULE_SETTINGS:
        supported = ", ".join(kind.__name__ for kind in _RULE_SETTINGS)
        raise TypeError(f"AYLA goes around torch.optim's {supported}; this is {type(optimizer).__qualname__}")
    if any(float(state.get("step", 1)) > 0 for state in optimizer.state.values() if state):
        raise ValueError(f"this {type(optimizer).__name__} has made steps already; AYLA goes around a fresh optimizer")


def check_options(group: ParameterGroup) -> None:
    """Whether AYLA can follow the options of a parameter group.

    Raises:
        ValueError: naming the option, where it cannot.
    """
    for option in _REFUSED:
        if group.get(option):
            raise ValueError(f"AYLA does not support {option}=True")
    for option, value in group.items():
        parts = value if isinstance(value, tuple) else (value,)
        if option not in ("params", "lr", "initial_lr") and any(isinstance(part, Tensor) for part in parts):
            raise ValueError(f"AYLA takes a tensor as lr only; {option} is one too")


def check_group(kind: type[optim.Optimizer], group: ParameterGroup) -> None:
    """Whether AYLA can take a parameter group of an optimizer of this class.

    Raises:
        ValueError: naming what is wrong, where it cannot.
    """
    check_options(group)
    check_parameters(group)
    # Without "nesterov": a constructor wants momentum with it, a group may do without and steps plainly.
    names = [name for name in signature(kind).parameters if name not in ("params", "nesterov") and name in group]
    values = {name: group[name] for name in names}
    refusal = _refusal(kind, values)
    if refusal is not None:
        # The option without which the constructor is content is the one to name.
        without = ({one: values[one] for one in names if one != name} for name in names)
        guilty = [name for name, rest in zip(names, without, strict=True) if _refusal(kind, rest) is None]
        named = f"{guilty[0]}={values[guilty[0]]!r}" if guilty else ", ".join(names)
        raise ValueError(f"{kind.__name__} does not take {named}: {refusal}") from refusal


def _refusal(kind: type[optim.Optimizer], values: Mapping[str, Any]) -> Exception | None:
    """Error of the optimizer's own constructor for some values; None without one."""
    try:
        kind([torch.zeros(1)], **values)
    except (TypeError, ValueError, LookupError, RuntimeError) as error:
        return error
    return None


def check_parameters(group: ParameterGroup) -> None:
    """Whether AYLA can move the parameters of a group.

    Raises:
        ValueError: where it cannot.
    """
    for parameter in group["params"]:
        if not parameter.is_floating_point():
            raise ValueError(f"AYLA does not support parameters of type {parameter.dtype}")


def check_gradients(group: ParameterGroup) -> None:
    """Whether AYLA can use the gradients of a group.

    Raises:
        ValueError: where it cannot.
    """
    if any(one.grad is not None and one.grad.layout != torch.strided for one in group["params"]):
        raise ValueError("AYLA does not support sparse gradients")
