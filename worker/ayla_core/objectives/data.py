"""The samples of a dataset on the device, and those of one step."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ayla_core.datasets import LoadedDataset
from ayla_core.layout import Layout
from ayla_core.progress import report_progress


@dataclass(frozen=True, slots=True)
class DeviceSamples:
    """Training or test samples.

    Attributes:
        inputs: scaled, shape [1, samples, features].
        targets: class labels [1, samples], or numbers [1, samples, outputs]; with a number of sets of targets in
            front instead of 1 where seeds have targets of their own.
    """

    inputs: Tensor
    targets: Tensor

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.inputs.shape[1]

    def chosen(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs [seeds, batch, features] and targets [seeds, batch, ...] at ``index``, shape [seeds, batch]."""
        flat = index.flatten()
        inputs = self.inputs[0].index_select(0, flat).view(*index.shape, -1)
        if len(self.targets) == 1:
            return inputs, self.targets[0].index_select(0, flat).view(*index.shape, *self.targets.shape[2:])
        return inputs, self.targets.gather(1, index.unsqueeze(-1).expand(-1, -1, self.targets.shape[2]))


# Jobs of several shards ask for the same dataset one after the other; more than one would hold memory for nothing.
@lru_cache(maxsize=1)
def upload(dataset: LoadedDataset, layout: Layout) -> tuple[DeviceSamples, DeviceSamples | None]:
    """Training and test samples on the device; a process keeps those it made last."""
    train = _part(dataset.inputs, dataset.targets, dataset, layout)
    if dataset.test_inputs is None or dataset.test_targets is None:
        return train, None
    return train, _part(dataset.test_inputs, dataset.test_targets, dataset, layout)


def _part(inputs: npt.NDArray[Any], targets: npt.NDArray[Any], dataset: LoadedDataset, layout: Layout) -> DeviceSamples:
    # Bytes travel to the device as bytes and become numbers there.
    values = torch.tensor(inputs.reshape(len(inputs), -1), device=layout.device).to(layout.dtype)
    labels = torch.tensor(targets, device=layout.device)
    wanted = labels.to(layout.dtype) if dataset.classes is None else labels
    report_progress()
    return DeviceSamples(values.mul_(dataset.input_scale).unsqueeze(0), wanted.unsqueeze(0))


class RowSeeds:
    """Seed of each row of the batch: its samples are those of its seed.

    Args:
        seeds: one per row.
        device: where the samples lie.

    Attributes:
        seeds: those that differ, ascending.
        places: of each row's seed among them, shape [rows].
    """

    def __init__(self, seeds: npt.ArrayLike, device: torch.device) -> None:
        distinct, self.places = np.unique(np.array(seeds, dtype=np.int64), return_inverse=True)
        self.seeds: list[int] = distinct.tolist()
        self._identity = np.array_equal(self.places, np.arange(len(self.seeds)))
        self._index = torch.from_numpy(self.places).to(device)

    def spread(self, values: Tensor) -> Tensor:
        """Values of each seed, [seeds, ...], as [rows, ...]; what all rows share stays [1, ...]."""
        return values if len(values) == 1 or self._identity else values.index_select(0, self._index)
