"""The power-law transformation of the loss (eq. 1 of the paper), for one loss or many."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Factors(NamedTuple):
    """Power and scale of eq. 1 at some magnitudes |l|; all of their shape.

    Attributes:
        power: |l|^(n-1), so that the transformed loss is l·power. Not affected by max_scale.
        scale: v = n·|l|^(n-1), at most max_scale, at |l| = 0 and 1 too.
        limited: where max_scale lowered the scale; None where there is no max_scale.
    """

    power: Tensor
    scale: Tensor
    limited: Tensor | None


class Exponents:
    """The exponents of eq. 1, tensors that broadcast with the magnitudes.

    Args:
        below: n where |l| < 1.
        above: n where |l| > 1.
        max_scale: upper bound of v; None: none.
        unknown: n where |l| is no number, where that is not ``above``: an exponent other than 1, if there is one.
    """

    def __init__(
        self, below: Tensor, above: Tensor, max_scale: Tensor | None = None, unknown: Tensor | None = None
    ) -> None:
        self.below = below
        self.above = above
        self.max_scale = max_scale
        self.unknown = unknown
        # As tensors: a number of the host is made one at each use, which takes longer than the operation.
        self.zero, self.one = below.new_zeros(()), below.new_ones(())

    def exponent(self, magnitude: Tensor) -> Tensor:
        """N at |l| >= 0. At |l| = 0 and |l| = 1 there is no scaling: n = 1.

        A magnitude that is no number is on neither side of 1.
        """
        exponent = torch.where(magnitude < self.one, self.below, self.above)
        if self.unknown is not None:
            exponent = torch.where(magnitude.isnan(), self.unknown, exponent)
        return exponent.masked_fill_((magnitude == self.zero).logical_or_(magnitude == self.one), 1.0)

    def factors(self, magnitude: Tensor, power_of: Callable[[Tensor, Tensor], Tensor] = torch.pow) -> Factors:
        """Power and scale at |l| >= 0; v = 1, or max_scale below it, where n = 1.

        Where |l| is no number, power and scale are none wherever an exponent is not 1.

        Args:
            magnitude: |l|.
            power_of: takes base and exponents of one shape to their power.
        """
        exponent = self.exponent(magnitude)
        power = power_of(magnitude, exponent - self.one)
        scale = exponent.mul_(power)
        if self.max_scale is None:
            return Factors(power, scale, None)
        return Factors(power, torch.minimum(scale, self.max_scale), scale > self.max_scale)


class ExponentTable(Exponents):
    """The exponents of one loss, each of shape [], looked up: two operations where there would be eight."""

    def __init__(
        self, below: Tensor, above: Tensor, max_scale: Tensor | None = None, unknown: Tensor | None = None
    ) -> None:
        super().__init__(below, above, max_scale, unknown)
        largest_below_1 = 1 - torch.finfo(below.dtype).eps / 2
        # A magnitude takes the place of the first of them that is not smaller, and what is no number the one after.
        self._bounds = below.new_tensor([0.0, largest_below_1, 1.0, torch.inf])
        self._exponents = super().exponent(below.new_tensor([0.0, 0.5, 1.0, 2.0, torch.nan]))

    def exponent(self, magnitude: Tensor) -> Tensor:
        """N at |l| >= 0, as in the class above."""
        return self._exponents.take(torch.bucketize(magnitude, self._bounds))
