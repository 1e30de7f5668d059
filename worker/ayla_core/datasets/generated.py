"""Samples drawn from a distribution; the same for the same settings."""

import numpy as np
from ayla_spec.datasets import ClassificationDataset, RegressionDataset

from ayla_core.datasets.dataset import Dataset, Floats
from ayla_core.datasets.sizes import check_size
from ayla_core.datasets.split import split_dataset
from ayla_core.progress import got_on

_ROWS_AT_ONCE = 10_000


def draw_regression(settings: RegressionDataset) -> Dataset:
    """Targets w·x + noise with x ~ N(0, 1) and |w| = 1, so that w·x has variance 1.

    Draws, in this order: the inputs, which features are informative, their weights, the noise, the split.

    Raises:
        DatasetError: when the data would be too large.
    """
    check_size("The generated dataset", settings.samples, settings.feature_count)
    generator = np.random.default_rng(settings.data_seed)
    inputs = _normals(generator, settings.samples, settings.feature_count)
    informative = settings.informative or settings.feature_count
    chosen = generator.permutation(settings.feature_count)[:informative]
    weights = np.zeros(settings.feature_count)
    weights[chosen] = generator.standard_normal(informative)
    weights /= np.linalg.norm(weights)
    targets = inputs @ weights + settings.noise * generator.standard_normal(settings.samples)
    return split_dataset(inputs, targets[:, np.newaxis], settings, generator)


def draw_classification(settings: ClassificationDataset) -> Dataset:
    """One cloud N(centre, 1) per class, centres in random directions; class sizes differ by one at most.

    Draws, in this order: the centres, the order of the labels, the samples around their centres, the split.

    Raises:
        DatasetError: when the data would be too large.
    """
    check_size("The generated dataset", settings.samples, settings.feature_count)
    generator = np.random.default_rng(settings.data_seed)
    centres = generator.standard_normal((settings.class_count, settings.feature_count))
    centres *= settings.separation / np.linalg.norm(centres, axis=1, keepdims=True)
    labels = generator.permutation(np.arange(settings.samples) % settings.class_count).astype(np.int64)
    inputs = _normals(generator, settings.samples, settings.feature_count)
    inputs += centres[labels]
    return split_dataset(inputs, labels, settings, generator, classes=settings.class_count)


def _normals(generator: np.random.Generator, rows: int, columns: int) -> Floats:
    """Draws of N(0, 1), row by row; the same in any number of pieces."""
    values = np.empty((rows, columns))
    for first in range(0, rows, _ROWS_AT_ONCE):
        generator.standard_normal(out=values[first : first + _ROWS_AT_ONCE])
        got_on()
    return values
