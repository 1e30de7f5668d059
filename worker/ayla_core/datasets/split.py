"""Split of samples into a training part and a part for the test metrics."""

from typing import Protocol

import numpy as np

from ayla_core.datasets.dataset import Array, Labels, LoadedDataset


class Split(Protocol):
    """The settings a split follows from."""

    def kept(self, samples: int) -> int:
        """Samples of ``samples`` that are trained on."""


def split_rows(samples: int, split: Split, generator: np.random.Generator) -> tuple[Labels, Labels]:
    """The rows of the training and of the test part, each ascending: parts keep the order of the data.

    Together they are 0 to ``samples`` - 1, each once. The generator draws one permutation; the training part is its
    first rows.
    """
    order = generator.permutation(samples)
    count = split.kept(samples)
    return np.sort(order[:count]), np.sort(order[count:])


def split_dataset(
    inputs: Array,
    targets: Array,
    split: Split,
    generator: np.random.Generator,
    *,
    classes: int | None = None,
    input_scale: float = 1.0,
) -> LoadedDataset:
    """A dataset of all samples, split; without a test part where the split leaves none."""
    train, test = split_rows(len(inputs), split, generator)
    has_test = len(test) > 0
    return LoadedDataset(
        inputs[train],
        targets[train],
        inputs[test] if has_test else None,
        targets[test] if has_test else None,
        classes,
        input_scale,
    )
