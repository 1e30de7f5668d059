"""The numbers that an update rule is given, update by update."""

import numpy as np
import torch
from ayla_spec.optimizers import Ayla
from torch import Tensor

from ayla_core.drop_in.translation import Recipe
from ayla_core.optimizers import rule_of
from ayla_core.optimizers.base import Floats

_AHEAD = 256
"""Updates whose numbers are made at once: NumPy takes as long for one."""

_KEPT = 8


class Course:
    """A rule with the numbers of its updates, for as long as the hyper-parameters stay.

    Args:
        recipe: which rule.
        ayla: settings of AYLA.

    Attributes:
        recipe: as given.
        rule: what it names.
        fixed: the numbers that are the same in every update.
    """

    def __init__(self, recipe: Recipe, ayla: Ayla) -> None:
        self.recipe = recipe
        kind, fields = recipe
        # Not validated: PyTorch allows more than the contract, epsilon = 0 for example. The learning rate comes apart.
        self._settings = kind.model_construct(learning_rate=1.0, ayla=ayla, **fields)
        self.rule = rule_of(self._settings)
        self.fixed = self.rule.numbers(self._settings)
        self._clocks: dict[int, dict[str, Floats]] = {}

    def memory_before(self, name: str) -> float:
        """What every element of a memory is before the first update."""
        return self.rule.initial(self._settings).get(name, 0.0)

    def numbers(self, t: int) -> dict[str, float]:
        """The numbers of update t, which counts from 1."""
        block, place = divmod(t - 1, _AHEAD)
        clock = self._clocks.get(block)
        if clock is None:
            clock = self._prepare(block)
        return self.fixed | {name: float(values[place]) for name, values in clock.items()}

    def _prepare(self, block: int) -> dict[str, Floats]:
        if len(self._clocks) == _KEPT:
            self._clocks.clear()
        first = block * _AHEAD + 1
        self._clocks[block] = self.rule.clock(self._settings, np.arange(first, first + _AHEAD))
        return self._clocks[block]


def on_device(numbers: dict[str, float | Tensor], dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
    """Numbers as tensors of shape []; those on the host travel together and are not waited for."""
    host = {name: value for name, value in numbers.items() if not isinstance(value, Tensor)}
    packed = torch.tensor(list(host.values()), dtype=dtype).to(device, non_blocking=True)
    tensors = {name: value for name, value in numbers.items() if isinstance(value, Tensor)}
    moved = {name: value.to(device, dtype, non_blocking=True).reshape(()) for name, value in tensors.items()}
    return dict(zip(host, packed.unbind(), strict=True)) | moved
