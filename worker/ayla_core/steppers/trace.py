"""Results of steps: tensors while the step loop runs, arrays on the host once a block is over.

The loop never waits for the device; everything that can be derived later is derived in ``Trace.collect``.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ayla_core.norms import SPANS, norm_of
from ayla_core.scaling import Scaled
from ayla_core.trial_statistics import Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class Quantities:
    """Quantities of consecutive steps of every lane, on the host; arrays of shape [steps, lanes].

    Attributes:
        loss: l.
        transformed_loss: L.
        scale: v.
        effective_lr: lr·G, signed where there is one parameter, else its norm.
        grad_norm: norm of ∇l.
        finite: whether the loss and every parameter is a finite number.
        capped: whether max_scale or the weight cap changes the update of this step.
        loss_counts: how many losses are below and above 1, shape [steps, 2, lanes].
        parameters: shape [steps, lanes, parameters]; None where parameters are not recorded.
    """

    loss: Floats
    transformed_loss: Floats
    scale: Floats
    effective_lr: Floats
    grad_norm: Floats
    finite: Flags
    capped: Flags
    loss_counts: Integers | Flags
    parameters: Floats | None


class StepTensors(NamedTuple):
    """Tensors of one step, before its update; each of shape [rows].

    Attributes:
        loss: l.
        transformed: L.
        scale: v.
        slope: ∇l itself where there is one parameter, else its norm.
        unscaled: likewise of G/v; None where it is that of ∇l.
        reduced: ``Norm.reduced`` of G/v; None where there is one parameter as well.
        limited: where max_scale acted; None where no row has one.
        parameters: all of them, shape [rows, parameters], or the size of the largest.
        passing: of how many samples the loss is above 0, at least 1 and above 1, shape [3, rows] (see ``Scaled``).
    """

    loss: Tensor
    transformed: Tensor
    scale: Tensor
    slope: Tensor
    unscaled: Tensor | None
    reduced: Tensor | None
    limited: Tensor | None
    parameters: Tensor
    passing: Tensor | None


def step_tensors(
    loss: Tensor, scaled: Scaled, parameters: Tensor, *, keep_parameters: bool, scales_samples: bool
) -> StepTensors:
    """The tensors to keep of a step."""
    slope, reduced = _size_of(scaled.plain)
    unscaled = None
    if scales_samples:
        unscaled, reduced = _size_of(scaled.slope)
    return StepTensors(
        loss=loss,
        transformed=scaled.transformed_loss,
        scale=scaled.scale,
        slope=slope,
        unscaled=unscaled,
        reduced=reduced,
        limited=scaled.limited,
        # Of many parameters the largest tells whether all are finite: the maximum norm hands NaN on.
        parameters=parameters.clone() if keep_parameters else torch.linalg.vector_norm(parameters, torch.inf, dim=1),
        passing=scaled.passing,
    )


@dataclass(slots=True)
class Trace:
    """The steps of one block, in order.

    Attributes:
        keep_parameters: whether every parameter of every step is kept.
        steps: what they left behind.
    """

    keep_parameters: bool
    steps: list[StepTensors] = field(default_factory=list)

    def scales(self) -> Tensor:
        """The scale v of every step so far, shape [steps, rows]."""
        return torch.stack([step.scale for step in self.steps])

    def collect(self, capped: Tensor, learning_rates: Floats) -> Quantities:
        """Fetch everything. The only point at which the host waits for the device.

        Args:
            capped: where the weight cap acts, shape [steps, rows].
            learning_rates: shape [steps, rows].
        """
        limited = [step.limited for step in self.steps if step.limited is not None]
        if limited:
            capped = capped | torch.stack(limited)
        loss, transformed, scale, slope, parameters = (
            _fetch(torch.stack([getattr(step, name) for step in self.steps]))
            for name in ("loss", "transformed", "scale", "slope", "parameters")
        )
        unscaled, loss_counts = self._of_samples(slope, _loss_counts(loss))
        effective_lr = self._effective(learning_rates, scale, unscaled)
        finite_parameters = np.isfinite(parameters)
        return Quantities(
            loss=loss,
            transformed_loss=transformed,
            scale=scale,
            effective_lr=effective_lr,
            grad_norm=np.abs(slope),
            finite=np.isfinite(loss) & (finite_parameters.all(-1) if self.keep_parameters else finite_parameters),
            capped=capped.cpu().numpy(),
            loss_counts=loss_counts,
            parameters=parameters if self.keep_parameters else None,
        )

    def _effective(self, learning_rates: Floats, scale: Floats, size: Floats) -> Floats:
        """lr·v·size, also where the size alone is beyond the range of the type."""
        beyond = size == np.inf
        # A diverging trial is a result: inf·0 and overflow are no reason to warn.
        with np.errstate(all="ignore"):
            whole: Floats = learning_rates * (scale * size)
            if not beyond.any():
                return whole
            reduced = _fetch(torch.stack([step.slope if step.reduced is None else step.reduced for step in self.steps]))
            return np.where(beyond, learning_rates * (scale * reduced) / SPANS[self.steps[0].slope.dtype].shrink, whole)

    def _of_samples(self, slope: Floats, loss_counts: Flags) -> tuple[Floats, Integers | Flags]:
        """The slopes of G/v and the counts of all rows, given those of rows that do not transform their samples."""
        slopes = [step.unscaled for step in self.steps if step.unscaled is not None]
        passing = [step.passing for step in self.steps if step.passing is not None]
        if not passing:
            return slope, loss_counts
        # In one piece, as to fetch something is to wait; float64 holds slopes of either type and all counts.
        whole = _fetch(torch.cat((torch.stack(slopes).double().unsqueeze(1), torch.stack(passing)), dim=1))
        counts = np.stack((whole[:, 1] - whole[:, 2], whole[:, 3]), axis=1)
        return whole[:, 0], np.where(np.isnan(counts), loss_counts, counts).astype(np.int64)


def _loss_counts(loss: Floats) -> Flags:
    """Whether each loss is below 1, and above it; shape [steps, lanes] to [steps, 2, lanes]. 0 and 1 are neither."""
    size = np.abs(loss)
    return np.stack(((size > 0) & (size < 1), size > 1), axis=1)


def _size_of(gradient: Tensor) -> tuple[Tensor, Tensor | None]:
    """The gradient itself where there is one parameter, else its norm, whole and reduced; shape [rows]."""
    if gradient.shape[1] == 1:
        return gradient.squeeze(1), None
    norm = norm_of(gradient)
    return norm.whole, norm.reduced


def _fetch(steps: Tensor) -> Floats:
    whole: Floats = steps.to("cpu", torch.float64).numpy()
    return whole
