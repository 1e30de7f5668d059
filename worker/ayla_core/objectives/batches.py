"""Mini-batches: the order of an epoch follows from seed and epoch alone, so nothing is remembered.

``MiniBatches`` are on the device, for PyTorch; ``SampleOrder`` is on the host, for the compiled kernels.
"""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Places = npt.NDArray[np.int32]


def epoch_order(seed: int, epoch: int, samples: int) -> npt.NDArray[np.int64]:
    """The order in which a trial with this seed visits the samples in an epoch, counted from 0."""
    return np.random.default_rng([seed, epoch]).permutation(samples)


class MiniBatches:
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


class SampleOrder:
    """The mini-batches of every step, as places of samples.

    Epoch e of a trial with seed s visits the samples in the order of ``epoch_order``, cut into batches; the last one
    may be smaller. Full batch: all samples in their own order.

    Args:
        seeds: of the trials.
        samples: to train on.
        batch_size: None takes all of them in every step.

    Attributes:
        steps_per_epoch: how many batches one pass has.
        largest_batch: samples of a full batch.
        of_trial: which of the orders each trial follows, int32, shape [trials].
    """

    def __init__(self, seeds: npt.ArrayLike, samples: int, batch_size: int | None) -> None:
        self._samples = samples
        self._is_full = batch_size is None
        self.largest_batch = min(batch_size or samples, samples)
        self.steps_per_epoch = -(-samples // self.largest_batch)
        distinct, places = np.unique(np.array(seeds, dtype=np.uint32), return_inverse=True)
        self._seeds = [int(seed) for seed in distinct]
        self.of_trial: Places = places.astype(np.int32)
        self._epoch = functools.lru_cache(maxsize=2)(self._draw)

    @property
    def numbers_per_step(self) -> int:
        """Places of one step's samples, in all orders."""
        return 0 if self._is_full else len(self._seeds) * self.largest_batch

    def of_steps(self, first: int, count: int) -> tuple[Places | None, Places]:
        """The samples of some consecutive steps.

        Returns:
            Their places, shape [orders, count, largest_batch], or None for all in their own order; and how many there
            are in each step, shape [count].
        """
        steps = np.arange(first, first + count) % self.steps_per_epoch
        sizes = np.minimum(self._samples - steps * self.largest_batch, self.largest_batch).astype(np.int32)
        if self._is_full:
            return None, sizes
        orders = np.zeros((len(self._seeds), count, self.largest_batch), dtype=np.int32)
        place = 0
        while place < count:
            epoch, step = divmod(first + place, self.steps_per_epoch)
            part = min(count - place, self.steps_per_epoch - step)
            orders[:, place : place + part] = self._epoch(epoch)[:, step : step + part]
            place += part
        return orders, sizes

    def _draw(self, epoch: int) -> Places:
        """Every order of an epoch in batches, shape [orders, steps_per_epoch, largest_batch]; 0 fills up the last."""
        whole = np.zeros((len(self._seeds), self.steps_per_epoch * self.largest_batch), dtype=np.int32)
        for row, seed in enumerate(self._seeds):
            whole[row, : self._samples] = epoch_order(seed, epoch, self._samples)
        return whole.reshape(len(self._seeds), self.steps_per_epoch, self.largest_batch)
