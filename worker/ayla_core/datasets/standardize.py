"""Inputs scaled to mean 0 and variance 1."""

from collections.abc import Callable

import numpy as np

from ayla_core.datasets.dataset import Floats
from ayla_core.datasets.errors import DatasetError


def standardize(train: Floats, test: Floats | None, name: Callable[[int], str]) -> tuple[Floats, Floats | None]:
    """Both parts with the mean and standard deviation of each input over the training part, [samples, *shape].

    An input that is the same in all training samples is only shifted: it has no scale.

    Args:
        train: the training part, shape [samples, *shape].
        test: the test part, or None.
        name: what messages call an input, by its place in a flattened sample.

    Raises:
        DatasetError: when values are so large or far apart that scaling overflows.
    """
    mean, scale = _moments(train.reshape(len(train), -1))
    return _scaled(train, mean, scale, name), None if test is None else _scaled(test, mean, scale, name)


def _moments(samples: Floats) -> tuple[Floats, Floats]:
    with np.errstate(all="ignore"):
        mean, deviation = samples.mean(axis=0), samples.std(axis=0)
    # Asked of the values: rounding gives a constant a deviation that is not quite 0.
    is_constant = samples.min(axis=0) == samples.max(axis=0)
    scale = np.where(is_constant | (deviation == 0), 1.0, deviation)
    return np.where(is_constant, samples[0], mean), scale


def _scaled(part: Floats, mean: Floats, scale: Floats, name: Callable[[int], str]) -> Floats:
    samples = part.reshape(len(part), -1)
    with np.errstate(all="ignore"):
        scaled = (samples - mean) / scale
    # An infinite scale would give zeros, which look finite.
    fits = np.isfinite(scaled).all(axis=0) & np.isfinite(scale)
    if not fits.all():
        place = int(np.flatnonzero(~fits)[0])
        raise DatasetError(f"{name(place)} has values too large or too far apart to be standardized; rescale it.")
    return scaled.reshape(part.shape)
