"""Datasets without a file: drawn from a distribution, the same for the same settings, or part of scikit-learn."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np
from ayla_spec.datasets import BuiltInDataset, ClassificationDataset, CurveDataset, DigitsDataset, RegressionDataset
from ayla_spec.limits import MAX_FEATURES, MAX_INPUT_VALUES, MAX_SAMPLES

from ayla_core.datasets.dataset import Floats, LoadedDataset
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.split import split_dataset
from ayla_core.progress import report_progress, reporting_imports

_ROWS_AT_ONCE = 10_000


def built_in_dataset(settings: BuiltInDataset) -> LoadedDataset:
    """The samples of a dataset without a file.

    Raises:
        DatasetError: when the data would be too large.
    """
    match settings:
        case DigitsDataset():
            return load_digits(settings)
        case RegressionDataset():
            return draw_regression(settings)
        case ClassificationDataset():
            return draw_classification(settings)
        case _:
            assert_never(settings)


def draw_regression(settings: RegressionDataset) -> LoadedDataset:
    """Targets w·x + noise with x ~ N(0, 1) and |w| = 1, so that w·x has variance 1.

    Draws, in this order: the inputs, which features are informative, their weights, the noise, the split.

    Raises:
        DatasetError: when the data would be too large.
    """
    _check_size("The generated dataset", settings.samples, settings.feature_count)
    generator = np.random.default_rng(settings.data_seed)
    inputs = _normals(generator, settings.samples, settings.feature_count)
    informative = settings.informative or settings.feature_count
    chosen = generator.permutation(settings.feature_count)[:informative]
    weights = np.zeros(settings.feature_count)
    weights[chosen] = generator.standard_normal(informative)
    weights /= np.linalg.norm(weights)
    targets = inputs @ weights + settings.noise * generator.standard_normal(settings.samples)
    return split_dataset(inputs, targets[:, np.newaxis], settings, generator)


def draw_classification(settings: ClassificationDataset) -> LoadedDataset:
    """One cloud N(centre, 1) per class, centres in random directions; class sizes differ by one at most.

    Draws, in this order: the centres, the order of the labels, the samples around their centres, the split.

    Raises:
        DatasetError: when the data would be too large.
    """
    _check_size("The generated dataset", settings.samples, settings.feature_count)
    generator = np.random.default_rng(settings.data_seed)
    centres = generator.standard_normal((settings.class_count, settings.feature_count))
    centres *= settings.separation / np.linalg.norm(centres, axis=1, keepdims=True)
    labels = generator.permutation(np.arange(settings.samples) % settings.class_count).astype(np.int64)
    inputs = _normals(generator, settings.samples, settings.feature_count)
    inputs += centres[labels]
    return split_dataset(inputs, labels, settings, generator, classes=settings.class_count)


def load_digits(settings: DigitsDataset) -> LoadedDataset:
    """1 797 images of 8 x 8 with values 0 to 16, scaled by 1/16, split by ``data_seed``."""
    # Imported here because it takes a second, which every other worker would wait for.
    with reporting_imports():
        from sklearn.datasets import load_digits as bundled

    digits = bundled()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.int64)
    generator = np.random.default_rng(settings.data_seed)
    return split_dataset(images, labels, settings, generator, classes=10, input_scale=1 / 16)


@dataclass(frozen=True, slots=True)
class CurvePoints:
    """Evenly spaced points x, both ends included; the true curve there; the noisy target. Shape [samples] each."""

    x: Floats
    truth: Floats
    target: Floats


def draw_curve(dataset: CurveDataset, generator: np.random.RandomState) -> CurvePoints:
    """Points of a polynomial with Gaussian noise (AYLA.md section 4, curve fitting).

    Draws the noise, the only random part; the generator goes on to the model's weights.
    """
    noise = generator.normal(0.0, dataset.noise, dataset.samples)
    x = np.linspace(dataset.low, dataset.high, dataset.samples)
    truth: Floats = np.polyval(np.array(dataset.coefficients), x)
    return CurvePoints(x, truth, truth + noise)


def _check_size(what: str, samples: int, features: int) -> None:
    """Refuse data that a worker has no room for.

    Args:
        what: what the message calls them.
        samples: number of samples.
        features: numbers in one sample.

    Raises:
        DatasetError: when there are none or too many.
    """
    if not samples:
        raise DatasetError(f"{what} has no rows; a dataset needs samples.")
    if not features:
        raise DatasetError(f"{what} has no inputs; a sample needs at least one feature.")
    for count, limit, unit in (
        (samples, MAX_SAMPLES, "samples"),
        (features, MAX_FEATURES, "features"),
        (samples * features, MAX_INPUT_VALUES, "values (samples times features)"),
    ):
        if count > limit:
            raise DatasetError(f"{what} has more {unit} than the {limit} allowed; make it smaller.")


def _normals(generator: np.random.Generator, rows: int, columns: int) -> Floats:
    """Draws of N(0, 1), row by row; the same in any number of pieces."""
    values = np.empty((rows, columns))
    for first in range(0, rows, _ROWS_AT_ONCE):
        generator.standard_normal(out=values[first : first + _ROWS_AT_ONCE])
        report_progress()
    return values
