"""Which samples a step sees: the order of an epoch follows from seed and epoch alone, so nothing is remembered."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def epoch_order(seed: int, epoch: int, samples: int) -> npt.NDArray[np.int64]:
    """The order in which a trial with this seed visits the samples in an epoch, counted from 0."""
    return np.random.default_rng([seed, epoch]).permutation(samples)


class Batches:
    """The mini-batches of some seeds; the last batch of an epoch is smaller if the size does not divide.

    Step k is batch k mod ``steps_per_epoch`` of epoch k div ``steps_per_epoch``. An epoch's order is uploaded when its
    first step comes; within an epoch the host does not wait for the device.

    Args:
        seeds: one order of the samples each.
        samples: how many there are to train on.
        size: samples of a batch; None is all of them in their natural order.
        device: where the indices are needed.
    """

    def __init__(self, seeds: Sequence[int], samples: int, size: int | None, device: torch.device) -> None:
        self._seeds = seeds
        self._samples = samples
        self._size = size
        self._device = device
        self.steps_per_epoch = 1 if size is None else -(-samples // size)
        self._epoch: int | None = None
        self._batches: tuple[Tensor, ...] = ()

    def at(self, step: int) -> Tensor | None:
        """Indices of the samples of a step, shape [seeds, samples of the batch]; None for all in natural order."""
        if self._size is None:
            return None
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._batches = self._upload(epoch, self._size)
            self._epoch = epoch
        return self._batches[place]

    def _upload(self, epoch: int, size: int) -> tuple[Tensor, ...]:
        order = np.stack([epoch_order(seed, epoch, self._samples) for seed in self._seeds])
        return torch.split(torch.from_numpy(order).to(self._device), size, dim=1)
