"""The power-law transformation of the loss (AYLA.md section 1, eq. 1), for a batch of trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from ayla_spec.optimizers import Ayla
from torch import Tensor

from ayla_core.layout import Layout, padded

_IDENTITY = Ayla()


@dataclass(frozen=True, slots=True)
class Factors:
    """Power and scale of eq. 1 at some magnitudes |l|; all of their shape.

    Attributes:
        power: |l|^(n-1), so that the transformed loss is l·power. Not affected by max_scale.
        scale: v = n·|l|^(n-1), at most max_scale, at |l| = 0 and 1 too.
        limited: where max_scale lowered the scale; None where no trial has a max_scale.
    """

    power: Tensor
    scale: Tensor
    limited: Tensor | None


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
        self._below = place(ayla.n1 for ayla in rows)
        self._above = place(ayla.n2 for ayla in rows)
        self._unknown: Tensor | None = None
        if any(ayla.n2 == 1 != ayla.n1 for ayla in rows):
            self._unknown = torch.where(self._above == 1, self._below, self._above)
        self._max_scale: Tensor | None = None
        if any(ayla.max_scale is not None for ayla in rows):
            self._max_scale = place(float("inf") if ayla.max_scale is None else ayla.max_scale for ayla in rows)

    def factors(self, magnitude: Tensor) -> Factors:
        """Power and scale at |l| >= 0. At |l| = 0 and |l| = 1 there is no scaling: n = 1, v = 1 or max_scale below it.

        A magnitude that is no number is on neither side of 1: power and scale are none wherever an exponent is not 1.
        """
        exponent = torch.where(magnitude < 1, self._below, self._above)
        if self._unknown is not None:
            exponent = torch.where(magnitude.isnan(), self._unknown, exponent)
        exponent.masked_fill_((magnitude == 0).logical_or_(magnitude == 1), 1.0)
        power = _power(magnitude, exponent - 1)
        scale = exponent.mul_(power)
        if self._max_scale is None:
            return Factors(power, scale, None)
        return Factors(power, torch.minimum(scale, self._max_scale), scale > self._max_scale)


def _power(base: Tensor, exponent: Tensor) -> Tensor:
    """``base ** exponent`` by the same routine for every element (see ``layout.padded``)."""
    missing = padded(base.numel()) - base.numel()
    if missing == 0 or base.is_cuda:
        return base.pow(exponent)
    filler = base.new_ones(missing)
    whole = torch.cat((base.flatten(), filler)).pow(torch.cat((exponent.flatten(), filler)))
    return whole[: base.numel()].view_as(base)
