"""The power-law transformation of the loss (AYLA.md section 1, eq. 1), for a batch of trials."""

from collections.abc import Sequence

import torch
from ayla_spec.optimizers import Ayla
from ayla_torch.transform import Exponents, Factors
from torch import Tensor

from ayla_core.layout import Layout, padded

_IDENTITY = Ayla()


class PowerTransform:
    """Eq. 1 with exponents of its own for each trial.

    Args:
        settings: one per trial; None leaves that trial's loss as it is (n = 1, v exactly 1).
        layout: type and device.
        per_sample: whether magnitudes have shape [trials, samples] rather than [trials].
    """

    def __init__(self, settings: Sequence[Ayla | None], layout: Layout, *, per_sample: bool = False) -> None:
        rows = [ayla or _IDENTITY for ayla in settings]
        place = layout.column if per_sample else layout.vector
        below, above = place(ayla.n1 for ayla in rows), place(ayla.n2 for ayla in rows)
        max_scale: Tensor | None = None
        if any(ayla.max_scale is not None for ayla in rows):
            max_scale = place(float("inf") if ayla.max_scale is None else ayla.max_scale for ayla in rows)
        unknown: Tensor | None = None
        if any(ayla.n2 == 1 != ayla.n1 for ayla in rows):
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
