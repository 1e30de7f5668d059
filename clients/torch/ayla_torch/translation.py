"""From parameter groups of torch.optim to the rule that does the same, and its settings."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import torch
from torch import Tensor, optim

from ayla_torch.rules import Rule
from ayla_torch.rules.adagrad import AdadeltaRule, AdagradRule
from ayla_torch.rules.adam import AdamRule, AmsGradRule
from ayla_torch.rules.adamax import AdamaxRule
from ayla_torch.rules.nadam import NAdamRule, RAdamRule
from ayla_torch.rules.rmsprop import RmsPropRule
from ayla_torch.rules.sgd import MomentumRule, SgdRule

ParameterGroup = Mapping[str, Any]
RuleSettings = tuple[Rule, dict[str, Any]]
"""A rule, and those of its settings that decide about the formula."""

_REFUSED = ("maximize", "differentiable", "capturable")


_ADAM, _AMSGRAD, _NADAM, _RADAM = AdamRule(), AmsGradRule(), NAdamRule(), RAdamRule()
_ADAGRAD, _ADADELTA, _ADAMAX = AdagradRule(), AdadeltaRule(), AdamaxRule()
_SGD = {False: SgdRule(), True: MomentumRule()}
_RMSPROP = {(c, m): RmsPropRule(c, m) for c in (False, True) for m in (False, True)}


def _moments(group: ParameterGroup) -> dict[str, Any]:
    beta1, beta2 = group["betas"]
    return {"beta1": beta1, "beta2": beta2, "epsilon": group["eps"]}


def _adam(group: ParameterGroup) -> RuleSettings:
    return _AMSGRAD if group["amsgrad"] else _ADAM, _moments(group)


def _sgd(group: ParameterGroup) -> RuleSettings:
    fields = {name: group[name] for name in ("momentum", "dampening", "nesterov")}
    return _SGD[bool(fields["momentum"])], fields


def _nadam(group: ParameterGroup) -> RuleSettings:
    return _NADAM, _moments(group) | {"momentum_decay": group["momentum_decay"]}


def _rmsprop(group: ParameterGroup) -> RuleSettings:
    fields = {name: group[name] for name in ("alpha", "momentum", "centered")}
    return _RMSPROP[bool(fields["centered"]), fields["momentum"] > 0], fields | {"epsilon": group["eps"]}


def _adagrad(group: ParameterGroup) -> RuleSettings:
    start, decay = group["initial_accumulator_value"], group["lr_decay"]
    return _ADAGRAD, {"initial_accumulator": start, "learning_rate_decay": decay, "epsilon": group["eps"]}


_RULE_SETTINGS: dict[type[optim.Optimizer], Callable[[ParameterGroup], RuleSettings]] = {
    optim.SGD: _sgd,
    optim.Adam: _adam,
    optim.AdamW: _adam,
    optim.NAdam: _nadam,
    optim.RAdam: lambda group: (_RADAM, _moments(group)),
    optim.RMSprop: _rmsprop,
    optim.Adagrad: _adagrad,
    optim.Adadelta: lambda group: (_ADADELTA, {"rho": group["rho"], "epsilon": group["eps"]}),
    optim.Adamax: lambda group: (_ADAMAX, _moments(group)),
}


def rule_settings_of(kind: type[optim.Optimizer], group: ParameterGroup) -> RuleSettings:
    """The rule that a parameter group takes, with its settings, weight decay aside.

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


def check_processes(group: ParameterGroup) -> None:
    """Whether one process alone has the parameters of a group.

    Raises:
        ValueError: where they are shared out over several.
    """
    for parameter in group["params"]:
        mesh = getattr(parameter, "device_mesh", None)
        if mesh is not None and mesh.size() > 1:
            raise ValueError(
                "the parameters are shared out over several processes: name them with process_group=, for example "
                "torch.distributed.group.WORLD, as every part has to be moved by the same loss"
            )
