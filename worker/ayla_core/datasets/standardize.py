"""Inputs scaled to mean 0 and variance 1."""

from collections.abc import Callable

import numpy as np

from ayla_core.datasets.dataset import Floats
from ayla_core.datasets.errors import DatasetError

ROUNDINGS = 8
"""A deviation of so many eps times the mean, or less, is rounding. A rounded result is off by up to half an eps of its
size, so that values which should be equal differ by some eps after a handful of operations. Eight leave room for that;
it is a matter of the last four bits of a number, in which there is hardly anything to learn."""


def standardize(
    train: Floats, test: Floats | None, name: Callable[[int], str], precision: Floats | None = None
) -> tuple[Floats, Floats | None]:
    """Both parts with the mean and standard deviation of each input over the training part, [samples, *shape].

    An input that is constant in the training part has no scale: it is only shifted, by its first value. So is one whose
    deviation is rounding, at most ``ROUNDINGS`` * eps * abs(mean) with the eps of the type in which it was stored; if
    its mean is above 1 in size, it is also divided by that, as the rounding of large numbers is large itself. Whole
    numbers below 1/eps in size are no results of rounding, however close to each other they are.

    Args:
        train: the training part, shape [samples, *shape].
        test: the test part, or None.
        name: what messages call an input, by its place in a flattened sample.
        precision: eps of the type in which each input was stored, shape [features]; default: that of float64.

    Raises:
        DatasetError: when values are so large or far apart that scaling overflows.
    """
    samples = train.reshape(len(train), -1)
    mean, scale = _moments(samples, np.full(samples.shape[1], np.finfo(float).eps) if precision is None else precision)
    return _scaled(train, mean, scale, name), None if test is None else _scaled(test, mean, scale, name)


def _moments(samples: Floats, precision: Floats) -> tuple[Floats, Floats]:
    with np.errstate(all="ignore"):
        mean, deviation = samples.mean(axis=0), samples.std(axis=0)
        # Adding n numbers up can be off by n * eps / 2, which would be taken for a deviation; squares can overflow.
        largest_error = (len(samples) + ROUNDINGS) * precision * np.abs(mean)
        is_doubtful = (deviation <= largest_error) | ~np.isfinite(deviation)
    # Asked of the values: rounding gives a constant a deviation that is not quite 0.
    is_constant = samples.min(axis=0) == samples.max(axis=0)
    is_rounding = np.zeros_like(is_constant)
    for place in np.flatnonzero(is_doubtful & ~is_constant):
        mean[place], deviation[place] = _close_moments(samples[:, place])
        is_rounding[place] = _is_rounding(samples[:, place], mean[place], deviation[place], precision[place])
    scale = np.where(is_constant | (deviation == 0), 1.0, deviation)
    scale = np.where(is_rounding, np.maximum(1.0, np.abs(mean)), scale)
    return np.where(is_constant | is_rounding, samples[0], mean), scale


def _close_moments(values: Floats) -> tuple[float, float]:
    """Mean and standard deviation of values that are close to each other: their differences have no rounding error."""
    with np.errstate(all="ignore"):
        differences = values - values[0]
        size = np.abs(differences).max()
        return float(values[0] + differences.mean()), float(size * (differences / size).std())


def _is_rounding(values: Floats, mean: float, deviation: float, precision: float) -> bool:
    is_whole = bool(((values == np.floor(values)) & (np.abs(values) < 1 / precision)).all())
    return not is_whole and deviation <= ROUNDINGS * precision * abs(mean)


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
