"""Checks and types of a saved state that is loaded."""

from itertools import chain
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from ayla_torch.translation import rule_settings_of
from ayla_torch.update import working_type


def check_state(kind: type[Optimizer], state_dict: dict[str, Any]) -> None:
    """Whether a state is of AYLA on an optimizer of this class.

    Raises:
        ValueError: where it is not.
    """
    if settings_of(state_dict) is None:
        raise ValueError(f"this is no state of AYLA on {kind.__name__}: it has no 'ayla'")
    for group in state_dict["param_groups"]:
        expected = {"step", *rule_settings_of(kind, group)[0].memory}
        for number in group["params"]:
            missing = expected - state_dict["state"].get(number, dict.fromkeys(expected)).keys()
            if missing:
                raise ValueError(f"this is no state of AYLA on {kind.__name__}: it has no {', '.join(sorted(missing))}")


def settings_of(state_dict: dict[str, Any]) -> dict[str, Any] | None:
    """AYLA's settings in a state; None where it is no state of AYLA.

    They stand under "ayla": at the top or, where a tool kept nothing but memory and groups, in one of the groups.
    """
    groups = state_dict["param_groups"]
    found: dict[str, Any] | None = state_dict.get("ayla", groups[0].get("ayla") if groups else None)
    return found


def with_working_types(optimizer: Optimizer, state_dict: dict[str, Any]) -> None:
    """Put memories back in the type they are kept in, as tensors of this optimizer's own.

    PyTorch loads them in the type of the parameter, and shares those that have it with whatever was loaded.
    """
    numbers = chain.from_iterable(group["params"] for group in state_dict["param_groups"])
    parameters = chain.from_iterable(group["params"] for group in optimizer.param_groups)
    for number, parameter in zip(numbers, parameters, strict=True):
        for name, value in state_dict["state"].get(number, {}).items():
            if isinstance(value, Tensor):
                kept = value.to(parameter.device, working_type(parameter.dtype), copy=True)
                optimizer.state[parameter][name] = kept
