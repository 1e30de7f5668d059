"""Scaling of a batch's steps by AYLA, of the loss or of each sample (AYLA.md section 1): scale and gradient."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.objectives import Evaluation, SampleLoss
from ayla_core.transform import AylaSettings, PowerTransform


@dataclass(frozen=True, slots=True)
class Scaled:
    """An evaluation after the transformation.

    Attributes:
        plain: ∇l, shape [rows, parameters].
        slope: G/v, same shape: ∇l itself, except in rows that transform each sample. Update rules work with it and v,
            because v² can leave the range of floating-point numbers where G/v does not.
        scale: v, shape [rows].
        transformed_loss: shape [rows].
        limited: where max_scale changed the step, shape [rows]; None where no row has a max_scale.
        passing: of how many samples the magnitude is above 0, at least 1 and above 1, float64 of shape [3, rows]; NaN
            in rows that do not transform their samples. None where no row does.
    """

    plain: Tensor
    slope: Tensor
    scale: Tensor
    transformed_loss: Tensor
    limited: Tensor | None
    passing: Tensor | None


class Scaling:
    """Applies AYLA as each row's settings say; rows without it keep loss and gradient bit for bit.

    Args:
        ayla: of each row.
        samples: of the objective, if it has any; needed where a setting transforms each sample.
        layout: type and device.
    """

    def __init__(self, ayla: AylaSettings, samples: SampleLoss | None, layout: Layout) -> None:
        self._ones = layout.vector(np.ones(len(ayla.n1)))
        self._on_loss = PowerTransform(ayla.only(ayla.on_loss), layout) if ayla.on_loss.any() else None
        self._on_samples = _SampleScaling(ayla, samples, layout) if samples and ayla.on_samples.any() else None
        self.scales_samples = self._on_samples is not None
        """Whether the transformed gradient of some row is not v·∇l."""

    def apply(self, evaluation: Evaluation) -> Scaled:
        """Scale, transformed loss and transformed gradient of one step."""
        samples = None if self._on_samples is None else self._on_samples.factors(evaluation)
        plain, slope = evaluation.gradients(None if samples is None else samples.weights)
        scale, transformed, limited = self._ones, evaluation.loss, None
        if self._on_loss is not None:
            factors = self._on_loss.factors(evaluation.loss.abs())
            scale, transformed, limited = factors.scale, evaluation.loss * factors.power, factors.limited
        if samples is not None:
            slope = samples.unscaled(slope)
            scale, transformed = samples.into(scale, samples.scale), samples.into(transformed, samples.transformed_loss)
            limited = samples.limits(limited, like=scale)
        return Scaled(plain, slope, scale, transformed, limited, None if samples is None else samples.passing)


@dataclass(frozen=True, slots=True)
class _SampleFactors:
    """Factors of one step in the rows that transform each sample."""

    rows: Tensor
    weights: Tensor
    scale: Tensor
    transformed_loss: Tensor
    limited: Tensor | None
    passing: Tensor

    def into(self, values: Tensor, mine: Tensor) -> Tensor:
        """``values`` of all rows with mine in place of theirs."""
        return values.index_copy(0, self.rows, mine)

    def unscaled(self, gradient: Tensor) -> Tensor:
        """G/v in my rows, in place; 0 where every c_i is 0, and with them G."""
        mine = gradient.index_select(0, self.rows) / self.scale.unsqueeze(1)
        return gradient.index_copy_(0, self.rows, mine.masked_fill_((self.scale == 0).unsqueeze(1), 0.0))

    def limits(self, limited: Tensor | None, *, like: Tensor) -> Tensor | None:
        """Where max_scale changed the step, in any row."""
        if self.limited is None:
            return limited
        return self.into(torch.zeros_like(like, dtype=torch.bool) if limited is None else limited, self.limited)


class _SampleScaling:
    """The exponent chosen on each |r_i|, c_i = n_i |r_i|^(n_i - 1), v = mean(c_i)."""

    def __init__(self, ayla: AylaSettings, samples: SampleLoss, layout: Layout) -> None:
        mine = np.flatnonzero(ayla.on_samples)
        self._samples = samples
        self._rows = torch.tensor(mine, device=layout.device)
        self._transform = PowerTransform(ayla.take(mine), layout, per_sample=True)
        # The largest number below 1, so that one comparison tells all three; each is a kernel to launch on a GPU.
        self._bounds = layout.vector([0.0, 1 - torch.finfo(layout.dtype).eps / 2, 1.0]).view(3, 1, 1)
        self._not_counted = torch.full((3, len(ayla.n1)), torch.nan, dtype=torch.float64, device=layout.device)

    def factors(self, evaluation: Evaluation) -> _SampleFactors:
        """c_i of the rows that transform each sample, 1 elsewhere; the rows' v and mean transformed sample loss."""
        everything = evaluation.magnitude
        if everything is None:
            raise ValueError("transform_on 'sample' needs an objective with samples.")
        magnitude = everything.index_select(0, self._rows)
        factors = self._transform.factors(magnitude)
        return _SampleFactors(
            rows=self._rows,
            weights=torch.ones_like(everything).index_copy_(0, self._rows, factors.scale),
            scale=factors.scale.mean(1),
            transformed_loss=self._samples.mean_loss(magnitude * factors.power),
            limited=None if factors.limited is None else factors.limited.any(1),
            passing=self._not_counted.index_copy(1, self._rows, self._counts(magnitude)),
        )

    def _counts(self, magnitude: Tensor) -> Tensor:
        """Samples above each bound, shape [rows, samples] to [3, rows]."""
        return (magnitude > self._bounds).sum(2, dtype=torch.float64)
