"""scikit-learn's small handwritten digits, which come with its installation."""

import numpy as np
from ayla_spec.datasets import DigitsDataset

from ayla_core.datasets.dataset import Dataset
from ayla_core.datasets.split import split_dataset
from ayla_core.progress import telling_of_imports


def load_digits(settings: DigitsDataset) -> Dataset:
    """1 797 images of 8 x 8 with values 0 to 16, scaled by 1/16, split by ``data_seed``."""
    # Imported here because it takes a second, which every other worker would wait for.
    with telling_of_imports():
        from sklearn.datasets import load_digits as bundled

    digits = bundled()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.int64)
    generator = np.random.default_rng(settings.data_seed)
    return split_dataset(images, labels, settings, generator, classes=10, input_scale=1 / 16)
