"""Points of a polynomial with Gaussian noise (AYLA.md section 4, curve fitting)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ayla_spec.datasets import CurveDataset

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Evenly spaced points x, both ends included; the true curve there; the noisy target. Shape [samples] each."""

    x: Floats
    truth: Floats
    target: Floats


def draw_curve(dataset: CurveDataset, generator: np.random.RandomState) -> Curve:
    """Draw the noise, the only random part; the generator goes on to the model's weights."""
    noise = generator.normal(0.0, dataset.noise, dataset.samples)
    x = np.linspace(dataset.low, dataset.high, dataset.samples)
    truth: Floats = np.polyval(np.array(dataset.coefficients), x)
    return Curve(x, truth, truth + noise)
