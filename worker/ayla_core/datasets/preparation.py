"""From the numbers of a table to samples: targets or labels, parts to train and to test on, scale."""

from dataclasses import replace

import numpy as np
from ayla_spec.datasets import FileDataset, UploadDataset

from ayla_core.datasets.dataset import Array, Dataset, Floats
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.labels import as_labels, count_classes
from ayla_core.datasets.raw import RawData
from ayla_core.datasets.split import split_dataset
from ayla_core.datasets.standardize import standardize
from ayla_core.progress import got_on

TableSettings = FileDataset | UploadDataset


def prepared(settings: TableSettings, data: RawData, title: str) -> Dataset:
    """The samples, split and, where the settings say so, standardized.

    Args:
        settings: of the dataset.
        data: its numbers; a test part is taken as it is.
        title: what messages call the table.

    Raises:
        DatasetError: when nothing can be trained on what is left, or the targets are no labels.
    """
    dataset = _split(settings, data)
    got_on()
    if dataset.samples < 2:
        raise DatasetError(
            f"{title} leaves {dataset.samples} sample to train on; at least 2 are needed. "
            "Add rows or choose a smaller test_fraction."
        )
    if settings.has_classes:
        classes = count_classes(dataset.targets, dataset.test_targets, data.target_name)
        dataset = replace(dataset, classes=classes)
    if settings.standardize:
        inputs, test_inputs = standardize(dataset.inputs, dataset.test_inputs, data.input_name, data.precision)
        dataset = replace(dataset, inputs=inputs, test_inputs=test_inputs)
    return dataset


def _split(settings: TableSettings, data: RawData) -> Dataset:
    targets = _targets(settings, data.targets, data)
    if data.test_inputs is None or data.test_targets is None:
        return split_dataset(data.inputs, targets, settings, np.random.default_rng(settings.data_seed))
    return Dataset(data.inputs, targets, data.test_inputs, _targets(settings, data.test_targets, data), None)


def _targets(settings: TableSettings, targets: Floats, data: RawData) -> Array:
    return as_labels(targets, data.target_name) if settings.has_classes else targets
