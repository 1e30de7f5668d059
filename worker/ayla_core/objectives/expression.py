"""Objectives written as expressions of named variables, computed with PyTorch."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from ayla_spec.arms import START
from ayla_spec.batch import TrialBatch
from ayla_spec.metrics import Part
from ayla_spec.problems import ExpressionProblem
from ayla_spec.starts import Normal, Uniform
from torch import Tensor

from ayla_core.draws import Stream, normal_quantile, normals, uniforms
from ayla_core.layout import Layout, padded
from ayla_core.objectives.base import SampleLoss
from ayla_core.program import ObjectiveProgram, TensorProgram
from ayla_core.trial_statistics import Floats

_NOISE_AT_ONCE = 1 << 18
"""Numbers of noise that are drawn together; as few steps as one."""


def start_points(problem: ExpressionProblem, seeds: npt.ArrayLike) -> Floats:
    """The start point of each seed, shape [seeds, variables].

    The number i of the start point in its order takes the draw i of the seed, whether or not it is drawn: u for a
    uniform distribution, low + (high - low)·u, and Φ⁻¹(u) for a normal one, mean + deviation·Φ⁻¹(u).
    """
    starts = list(problem.flat_start.values())
    seeds = np.asarray(seeds)
    points = np.empty((len(seeds), len(starts)))
    drawn = uniforms(Stream.START, seeds, [0], len(starts))[0] if problem.has_random_start else points
    for place, start in enumerate(starts):
        points[:, place] = _values(start, drawn[:, place])
    return points


def _values(start: float | Uniform | Normal, drawn: Floats) -> Floats | float:
    match start:
        case Uniform():
            low, high = start.uniform
            return np.clip(low + (high - low) * drawn, low, high)
        case Normal():
            mean, deviation = start.normal
            return mean + deviation * normal_quantile(drawn)
        case _:
            return start


@dataclass(frozen=True, slots=True)
class ExpressionTrials:
    """What the trials of an expression do not share.

    Attributes:
        starts: their start points, shape [trials, variables].
        seeds: from which the noise of their gradients follows, uint32.
        noise: its standard deviation; None where there is none.
    """

    starts: Floats
    seeds: npt.NDArray[np.uint32]
    noise: float | None

    @classmethod
    def of(cls, problem: ExpressionProblem, batch: TrialBatch) -> "ExpressionTrials":
        """The trials of a batch, with those numbers of the start that they have of their own."""
        starts = start_points(problem, batch.seeds)
        for place, name in enumerate(problem.flat_start):
            own = batch.columns.get(START + name.replace("[", ".").removesuffix("]"))
            if own is not None:
                starts[:, place] = np.where(np.isnan(own), starts[:, place], own)
        return cls(starts, batch.seeds, problem.noise)

    def take(self, places: npt.NDArray[np.int64]) -> "ExpressionTrials":
        """Some of the trials."""
        return ExpressionTrials(self.starts[places], self.seeds[places], self.noise)


class GradientNoise:
    """Gaussian noise of some rows, a function of seed and step: component i of a row takes the draw i.

    Args:
        deviation: standard deviation.
        seeds: of the rows.
        parameters: components of a row.
        layout: type and device of the noise.
    """

    def __init__(self, deviation: float, seeds: npt.NDArray[np.uint32], parameters: int, layout: Layout) -> None:
        self._deviation = deviation
        self._seeds, rows = np.unique(seeds.astype(np.uint64), return_inverse=True)
        self._rows = torch.from_numpy(rows).to(layout.device)
        self._parameters = parameters
        self._layout = layout
        self._steps = max(1, _NOISE_AT_ONCE // (len(self._seeds) * parameters))
        self._first = -1
        self._drawn: Tensor | None = None

    def at(self, step: int) -> Tensor:
        """The noise of a step, shape [rows, parameters]."""
        place = step % self._steps
        if self._drawn is None or step - place != self._first:
            self._first = step - place
            self._drawn = self._draw(np.arange(self._first, self._first + self._steps))
        return self._drawn[place].index_select(0, self._rows)

    def _draw(self, steps: npt.NDArray[np.int64]) -> Tensor:
        drawn = self._deviation * normals(Stream.NOISE, self._seeds, steps, self._parameters)
        return torch.from_numpy(drawn).to(self._layout.device, self._layout.dtype)


class ExpressionObjective:
    """One expression, each trial at a point of its own.

    Args:
        program: value and gradient of the expression.
        trials: of the batch; the rows are padded (see ``layout.padded``), those at the end repeat the last trial.
        layout: type and device.
    """

    samples: SampleLoss | None = None

    def __init__(self, program: ObjectiveProgram, trials: ExpressionTrials, layout: Layout) -> None:
        self._program = TensorProgram(program.graph, program.inputs, program.results, layout)
        count, parameters = trials.starts.shape
        rows = np.minimum(np.arange(padded(count)), count - 1)
        self._starts = torch.from_numpy(trials.starts[rows]).to(layout.device, layout.dtype)
        noise = trials.noise
        self._noise = None if noise is None else GradientNoise(noise, trials.seeds[rows], parameters, layout)

    def initial_parameters(self) -> Tensor:
        """The start point of each row, shape [rows, variables]."""
        return self._starts.clone()

    def batch(self, step: int) -> Tensor | None:
        """The noise of a step, shape [rows, variables]; None without noise, where every step is the same."""
        return None if self._noise is None else self._noise.at(step)

    def evaluate(self, parameters: Tensor, batch: Tensor | None, *, counts: bool = True) -> "_ExpressionEvaluation":
        """The expression and its gradient at each row of ``parameters``, shape [rows, variables], with the noise."""
        del counts
        columns = parameters.t().contiguous().unbind(0)
        loss, *slopes = self._program(columns)
        rows = loss.expand(len(parameters)) if loss.ndim == 0 else loss
        # An expression that is a variable alone must not share its memory.
        rows = rows.clone() if any(rows is column for column in columns) else rows
        gradient = torch.stack([slope.expand_as(rows) for slope in slopes], dim=1)
        return _ExpressionEvaluation(rows, gradient if batch is None else gradient + batch)

    def predictions(self, parameters: Tensor) -> None:
        """None: an expression has no model."""
        del parameters

    def metrics(self, parameters: Tensor, parts: Collection[Part]) -> dict[str, Floats]:
        """Nothing: an expression has no dataset."""
        del parameters, parts
        return {}

    def state(self) -> dict[str, Tensor]:
        """Nothing: an expression remembers nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class _ExpressionEvaluation:
    loss: Tensor
    gradient: Tensor
    magnitude: Tensor | None = None

    def gradients(self, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """∇l twice: an expression has no samples to weight."""
        del weights
        return self.gradient, self.gradient
