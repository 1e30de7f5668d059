"""The power-law transformation of the loss (AYLA.md section 1, eq. 1), for a batch of trials."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from ayla_torch.transform import Exponents, Factors
from torch import Tensor

from ayla_core.layout import Layout, padded


@dataclass(frozen=True, slots=True, eq=False)
class AylaSettings:
    """AYLA of each trial, shape [trials]; one without it has exponents 1 and no bound.

    Attributes:
        n1: the exponent below 1, float64.
        n2: the exponent above 1.
        max_scale: the bound of the scale, infinite where there is none.
        on_loss: whether the loss is transformed, bool.
        on_samples: whether each sample is.
    """

    n1: npt.NDArray[np.float64]
    n2: npt.NDArray[np.float64]
    max_scale: npt.NDArray[np.float64]
    on_loss: npt.NDArray[np.bool_]
    on_samples: npt.NDArray[np.bool_]

    def take(self, trials: npt.NDArray[Any]) -> Self:
        """Of some trials, by their places."""
        columns = (self.n1, self.n2, self.max_scale, self.on_loss, self.on_samples)
        return type(self)(*(column[trials] for column in columns))

    def only(self, mask: npt.NDArray[np.bool_]) -> Self:
        """The same, with no AYLA where the mask is false."""
        return type(self)(
            np.where(mask, self.n1, 1.0),
            np.where(mask, self.n2, 1.0),
            np.where(mask, self.max_scale, np.inf),
            self.on_loss & mask,
            self.on_samples & mask,
        )


class PowerTransform:
    """Eq. 1 with exponents of its own for each trial.

    Args:
        ayla: of each trial; exponents of 1 leave its loss as it is (n = 1, v exactly 1).
        layout: type and device.
        per_sample: whether magnitudes have shape [trials, samples] rather than [trials].
    """

    def __init__(self, ayla: AylaSettings, layout: Layout, *, per_sample: bool = False) -> None:
        place = layout.column if per_sample else layout.vector
        below, above = place(ayla.n1), place(ayla.n2)
        max_scale = place(ayla.max_scale) if np.isfinite(ayla.max_scale).any() else None
        unknown: Tensor | None = None
        if ((ayla.n2 == 1) & (ayla.n1 != 1)).any():
            unknown = torch.where(above == 1, below, above)
        self._exponents = Exponents(below, above, max_scale, unknown)

    def factors(self, magnitude: Tensor) -> Factors:
        """Power and scale at |l| >= 0 (``Exponents.factors``)."""
        return self._exponents.factors(magnitude, _power)


def _power(base: Tensor, exponent: Tensor) -> Tensor:
    """``base ** exponent`` by the same routine for every element (see ``layout.padded``)."""
    missing = padded(base.numel()) - base.numel()
    if missing == 0 or base.is_cuda:
        return base.pow(exponent)
    filler = base.new_ones(missing)
    whole = torch.cat((base.flatten(), filler)).pow(torch.cat((exponent.flatten(), filler)))
    return whole[: base.numel()].view_as(base)
