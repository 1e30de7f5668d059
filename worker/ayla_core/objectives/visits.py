"""In which order trials see their samples, worked out on the host for the compiled kernels."""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ayla_core.objectives.batches import epoch_order

Places = npt.NDArray[np.int32]


class Visits:
    """The mini-batches of every step.

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

    def __init__(self, seeds: Sequence[int], samples: int, batch_size: int | None) -> None:
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
