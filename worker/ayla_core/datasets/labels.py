"""Class labels: 0 to k-1, each of them among the training samples."""

import numpy as np

from ayla_core.datasets.dataset import Floats, Labels
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.sizes import MAX_CLASSES


def as_labels(targets: Floats, what: str) -> Labels:
    """Targets of shape [samples, 1] as labels, shape [samples].

    Raises:
        DatasetError: when there is more than one column, or a value is not an integer from 0.
    """
    if targets.shape[1] != 1:
        raise DatasetError(f"{what} has {targets.shape[1]} values per sample; a class is a single number.")
    values = targets[:, 0]
    faults = np.flatnonzero((values != np.floor(values)) | (values < 0) | (values >= MAX_CLASSES))
    if len(faults):
        row = int(faults[0])
        raise DatasetError(
            f"{what}, row {row + 1} is {values[row]:g}; classes are the integers 0, 1, ..., k-1 with k up to "
            f"{MAX_CLASSES}. For a number as target use the task 'regression'."
        )
    return values.astype(np.int64)


def count_classes(train: Labels, test: Labels | None, what: str) -> int:
    """How many classes there are, k.

    Raises:
        DatasetError: when there is only one class, or a class has no training sample.
    """
    highest = max(int(part.max()) for part in (train, test) if part is not None)
    if highest < 1:
        raise DatasetError(f"{what} has only the class 0; a classification needs two classes or more.")
    missing = np.setdiff1d(np.arange(highest + 1), train)
    if len(missing):
        raise DatasetError(
            f"{what} goes up to class {highest}, but class {missing[0]} has no training sample. Number the classes "
            "without gaps, or choose a smaller test_fraction or another data_seed."
        )
    return highest + 1
