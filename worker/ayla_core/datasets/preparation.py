"""From the numbers of a table to samples: targets or labels, parts to train and to test on, scale."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from ayla_spec.datasets import FileDataset, UploadDataset

from ayla_core.datasets.dataset import Array, Floats, Labels, LoadedDataset
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.split import split_dataset
from ayla_core.datasets.standardize import standardize
from ayla_core.progress import report_progress

TableSettings = FileDataset | UploadDataset

MAX_CLASSES = 1000
"""As many as generated data may have."""


@dataclass(frozen=True, slots=True, eq=False)
class RawData:
    """Finite numbers of a file.

    Attributes:
        inputs: shape [samples, *shape].
        targets: shape [samples, outputs].
        test_inputs: the file's own test part, as ``inputs``; None where the samples are to be split.
        test_targets: as ``targets``.
        input_name: what messages call an input, by its place in a flattened sample.
        target_name: what messages call the target.
        precision: eps of the type in which each input was stored, shape [features].
    """

    inputs: Floats
    targets: Floats
    test_inputs: Floats | None
    test_targets: Floats | None
    input_name: Callable[[int], str]
    target_name: str
    precision: Floats


def prepared(settings: TableSettings, data: RawData, title: str) -> LoadedDataset:
    """The samples, split and, where the settings say so, standardized.

    Args:
        settings: of the dataset.
        data: its numbers; a test part is taken as it is.
        title: what messages call the table.

    Raises:
        DatasetError: when nothing can be trained on what is left, or the targets are no labels.
    """
    dataset = _split(settings, data)
    report_progress()
    if dataset.samples < 2:
        raise DatasetError(
            f"{title} leaves {dataset.samples} sample to train on; at least 2 are needed. "
            "Add rows or choose a smaller test_fraction."
        )
    if settings.has_classes:
        classes = _count_classes(dataset.targets, dataset.test_targets, data.target_name)
        dataset = replace(dataset, classes=classes)
    if settings.standardize:
        inputs, test_inputs = standardize(dataset.inputs, dataset.test_inputs, data.input_name, data.precision)
        dataset = replace(dataset, inputs=inputs, test_inputs=test_inputs)
    return dataset


def _split(settings: TableSettings, data: RawData) -> LoadedDataset:
    targets = _targets(settings, data.targets, data)
    if data.test_inputs is None or data.test_targets is None:
        return split_dataset(data.inputs, targets, settings, np.random.default_rng(settings.data_seed))
    return LoadedDataset(data.inputs, targets, data.test_inputs, _targets(settings, data.test_targets, data), None)


def _targets(settings: TableSettings, targets: Floats, data: RawData) -> Array:
    return _as_labels(targets, data.target_name) if settings.has_classes else targets


def _as_labels(targets: Floats, what: str) -> Labels:
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


def _count_classes(train: Labels, test: Labels | None, what: str) -> int:
    """Number of classes, k.

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
