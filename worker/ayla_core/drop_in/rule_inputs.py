"""Inputs of an update rule: its hyper-parameters and the numbers of each update."""

import numpy as np
import torch
from ayla_spec.optimizers import Ayla
from torch import Tensor

from ayla_core.drop_in.translation import RuleSettings
from ayla_core.optimizers import rule_of
from ayla_core.optimizers.base import Floats

_AHEAD = 256
"""Updates whose numbers are made at once: NumPy takes as long for one."""

_KEPT = 8


class RuleInputs:
    """A rule with the numbers of its updates, for as long as the hyper-parameters stay.

    Args:
        rule_settings: which rule.
        ayla: settings of AYLA.

    Attributes:
        rule_settings: as given.
        rule: what it names.
        fixed: the numbers that are the same in every update.
    """

    def __init__(self, rule_settings: RuleSettings, ayla: Ayla) -> None:
        self.rule_settings = rule_settings
        kind, fields = rule_settings
        # Not validated: PyTorch allows more than the contract, epsilon = 0 for example. The learning rate comes apart.
        self._settings = kind.model_construct(learning_rate=1.0, ayla=ayla, **fields)
        self.rule = rule_of(self._settings)
        self.fixed = self.rule.numbers(self._settings)
        self._step_numbers: dict[int, dict[str, Floats]] = {}

    def memory_before(self, name: str) -> float:
        """Value of every element of a memory before the first update."""
        return self.rule.initial(self._settings).get(name, 0.0)

    def numbers(self, t: int) -> dict[str, float]:
        """The numbers of update t, which counts from 1."""
        block, place = divmod(t - 1, _AHEAD)
        step_numbers = self._step_numbers.get(block)
        if step_numbers is None:
            step_numbers = self._prepare(block)
        return self.fixed | {name: float(values[place]) for name, values in step_numbers.items()}

    def _prepare(self, block: int) -> dict[str, Floats]:
        if len(self._step_numbers) == _KEPT:
            self._step_numbers.clear()
        first = block * _AHEAD + 1
        self._step_numbers[block] = self.rule.step_numbers(self._settings, np.arange(first, first + _AHEAD))
        return self._step_numbers[block]


def on_device(numbers: dict[str, float | Tensor], dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
    """Numbers as tensors of shape []; those on the host travel together and are not waited for."""
    host = {name: value for name, value in numbers.items() if not isinstance(value, Tensor)}
    packed = torch.tensor(list(host.values()), dtype=dtype).to(device, non_blocking=True)
    tensors = {name: value for name, value in numbers.items() if isinstance(value, Tensor)}
    moved = {name: value.to(device, dtype, non_blocking=True).reshape(()) for name, value in tensors.items()}
    return dict(zip(host, packed.unbind(), strict=True)) | moved
