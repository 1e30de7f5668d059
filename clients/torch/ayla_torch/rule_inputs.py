"""Inputs of an update rule: its hyper-parameters and the numbers of each update."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from ayla_torch import floats
from ayla_torch.foreach import DeviceNumber, Program
from ayla_torch.settings import TransformSettings
from ayla_torch.translation import RuleSettings


class Kept:
    """What the batches of one group, type and device keep from step to step.

    A program whose only number of the device is v is right as long as the other numbers stay: v is written into one
    tensor.

    Args:
        dtype: the type of v.
        device: where it lies.

    Attributes:
        scale: v, a tensor of shape [].
        written: the numbers of a program, whether v is one of the host, and the program, where it can be run again.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self.scale = torch.ones((), dtype=dtype, device=device)
        self.written: tuple[dict[str, float | Tensor], bool, Program] | None = None


class RuleInputs:
    """A rule with the numbers of its updates, for as long as the hyper-parameters stay.

    Args:
        rule_settings: which rule.
        group: of torch.optim, as it is now.
        settings: of AYLA.

    Attributes:
        rule_settings: as given.
        rule: what it names.
        fixed: the numbers that are the same in every update.
        decay: whether weight decay is added to the gradient, and whether it shrinks the parameters apart from it.
    """

    def __init__(self, rule_settings: RuleSettings, group: dict[str, Any], settings: TransformSettings) -> None:
        self.rule_settings = rule_settings
        rule, fields = rule_settings
        self._settings = SimpleNamespace(ayla=settings, **fields)
        self.rule = rule
        self.fixed = rule.numbers(self._settings)
        decays, decoupled = group["weight_decay"] != 0, bool(group.get("decoupled_weight_decay"))
        self.decay = {"penalised": decays and not decoupled, "decoupled": decays and decoupled}
        self._weight_decay = float(group["weight_decay"])
        self._kept: dict[tuple[torch.dtype, torch.device], Kept] = {}

    def kept_for(self, dtype: torch.dtype, device: torch.device) -> Kept:
        """What is kept for parameters that are updated in this type and place."""
        kept = self._kept.get((dtype, device))
        if kept is None:
            kept = self._kept[dtype, device] = Kept(dtype, device)
        return kept

    def memory_before(self, name: str) -> float:
        """Value of every element of a memory before the first update."""
        return self.rule.initial(self._settings).get(name, 0.0)

    def numbers(self, t: int, group: dict[str, Any]) -> dict[str, float | Tensor]:
        """The numbers of update t, which counts from 1; the learning rate may be a tensor."""
        lr = group["lr"]
        now: dict[str, float | Tensor] = self.rule.step_numbers(self._settings, float(t), floats)
        now["lr"] = lr if isinstance(lr, Tensor) else float(lr)
        now["weight_decay"] = self._weight_decay
        return {**self.fixed, **now}


def for_lists(
    numbers: dict[str, float | Tensor], dtype: torch.dtype, device: torch.device
) -> dict[str, float | DeviceNumber]:
    """Numbers for a formula over lists."""
    if not isinstance(numbers["lr"], Tensor):
        return numbers  # type: ignore[return-value]  # no other number is a tensor
    return {
        name: DeviceNumber(_moved(value, dtype, device)) if isinstance(value, Tensor) else value
        for name, value in numbers.items()
    }


def as_tensors(numbers: dict[str, float | Tensor], dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
    """Numbers as tensors of shape []; those on the host travel together and are not waited for."""
    host = {name: value for name, value in numbers.items() if not isinstance(value, Tensor)}
    packed = torch.tensor(list(host.values()), dtype=dtype).to(device, non_blocking=True)
    moved = {name: _moved(value, dtype, device) for name, value in numbers.items() if isinstance(value, Tensor)}
    return dict(zip(host, packed.unbind(), strict=True)) | moved


def _moved(value: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
    return value.detach().to(device, dtype, non_blocking=True).reshape(())
