"""What the step loop leaves behind: tensors while it runs, arrays on the host once a block is over.

The loop never waits for the device; everything that can be derived later is derived in ``Trace.collect``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ayla_core.scaling import Scaled

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Course:
    """Some consecutive steps of every trial, on the host; arrays of shape [steps, trials].

    Attributes:
        first_step: number of the first.
        loss: l.
        transformed_loss: L.
        scale: v.
        effective_lr: lr·G, signed where there is one parameter, else its norm.
        grad_norm: norm of ∇l.
        finite: whether the loss and every parameter is a finite number.
        capped: whether max_scale or the weight cap changes the update of this step.
        parameters: shape [steps, trials, parameters]; None where parameters are not recorded.
    """

    first_step: int
    loss: Floats
    transformed_loss: Floats
    scale: Floats
    effective_lr: Floats
    grad_norm: Floats
    finite: Flags
    capped: Flags
    parameters: Floats | None


@dataclass(slots=True)
class Trace:
    """Tensors of the steps of one block, each of shape [rows], in order.

    Attributes:
        keep_parameters: whether every parameter of every step is kept.
        reads_samples: whether G can be other than v·∇l.
    """

    keep_parameters: bool
    reads_samples: bool
    _loss: list[Tensor] = field(default_factory=list)
    _transformed: list[Tensor] = field(default_factory=list)
    _scale: list[Tensor] = field(default_factory=list)
    _slope: list[Tensor] = field(default_factory=list)
    _unscaled: list[Tensor] = field(default_factory=list)
    _limited: list[Tensor] = field(default_factory=list)
    _parameters: list[Tensor] = field(default_factory=list)

    def append(self, loss: Tensor, scaled: Scaled, parameters: Tensor) -> None:
        """Keep one step, before its update."""
        self._loss.append(loss)
        self._transformed.append(scaled.transformed_loss)
        self._scale.append(scaled.scale)
        self._slope.append(_size(scaled.plain))
        if self.reads_samples:
            self._unscaled.append(_size(scaled.slope))
        if scaled.limited is not None:
            self._limited.append(scaled.limited)
        # Of many parameters the largest tells whether all are finite: the maximum norm hands NaN on.
        largest = parameters.clone() if self.keep_parameters else torch.linalg.vector_norm(parameters, torch.inf, dim=1)
        self._parameters.append(largest)

    def scales(self) -> Tensor:
        """The scale v of every step so far, shape [steps, rows]."""
        return torch.stack(self._scale)

    def collect(self, first_step: int, capped: Tensor, places: Sequence[int], learning_rates: Floats) -> Course:
        """Fetch everything. The only point at which the host waits for the device.

        Args:
            first_step: number of the first step kept.
            capped: where the weight cap acts, shape [steps, rows].
            places: the row of each trial.
            learning_rates: lr of each trial.
        """
        if self._limited:
            capped = capped | torch.stack(self._limited)
        loss, scale, slope = (_fetch(item, places) for item in (self._loss, self._scale, self._slope))
        parameters = _fetch(self._parameters, places)
        # A diverging trial is a result: inf·0 and overflow are no reason to warn.
        with np.errstate(all="ignore"):
            steepness = scale * (_fetch(self._unscaled, places) if self.reads_samples else slope)
            effective_lr = learning_rates * steepness
        finite_parameters = np.isfinite(parameters)
        return Course(
            first_step=first_step,
            loss=loss,
            transformed_loss=_fetch(self._transformed, places),
            scale=scale,
            effective_lr=effective_lr,
            grad_norm=np.abs(slope),
            finite=np.isfinite(loss) & (finite_parameters.all(-1) if self.keep_parameters else finite_parameters),
            capped=capped.cpu().numpy()[:, places],
            parameters=parameters if self.keep_parameters else None,
        )


def _size(gradient: Tensor) -> Tensor:
    """The gradient itself where there is one parameter, else its Euclidean norm; shape [rows]."""
    return gradient.squeeze(1) if gradient.shape[1] == 1 else torch.linalg.vector_norm(gradient, dim=1)


def _fetch(steps: Sequence[Tensor], places: Sequence[int]) -> Floats:
    whole: Floats = torch.stack(tuple(steps)).to("cpu", torch.float64).numpy()
    return whole[:, places]
