"""Data of the compiled kernels of networks: samples, start and order of a batch of trials, on the host."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.metrics import Part
from ayla_spec.networks import CnnModel, LinearModel, MlpModel
from ayla_spec.problems import DatasetProblem

from ayla_core.datasets import LoadedDataset
from ayla_core.layout import Layout
from ayla_core.models import build_model
from ayla_core.objectives.batches import SampleOrder
from ayla_core.objectives.data import DeviceSamples, RowSeeds
from ayla_core.objectives.losses import build_loss
from ayla_core.objectives.training_data import training_data_of
from ayla_core.trial_statistics import Floats

_Array = npt.NDArray[Any]

_LOOKED_AT = 1024
"""Training samples by which the share of zeros is judged."""
_MOST_USED = 0.6
"""Share of inputs that are not 0, above which the products of the BLAS are faster."""
_LEAST_WIDTH = 16
"""Numbers of the first layer: no vector of the kernels holds more."""
_LARGEST_BATCH = 1024
"""Samples of a batch for which the kernels have room (``zeros.c``)."""


@dataclass(frozen=True, slots=True, eq=False)
class HostSamples:
    """Samples on the host, in the type of the computation.

    Attributes:
        inputs: shape [samples, features].
        labels: int32 classes, shape [samples]; None where targets are numbers.
        targets: shape [sets, samples, outputs]; None where targets are classes.
    """

    inputs: _Array
    labels: npt.NDArray[np.int32] | None = None
    targets: _Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NetworkData:
    """Data, model and start of a batch of trials: all that does not change while they run.

    Attributes:
        widths: of the layers, input and output included.
        activation: of the hidden layers.
        loss: its name.
        training: samples to train on.
        test: samples to test on, if there are any.
        target_set: which set of targets each trial fits, int32, shape [trials].
        initial: start of every trial, float64, shape [trials, parameters].
        order: which samples every step takes.
        skips_zeros: whether the first layer leaves out products with inputs that are 0 (decision 0025).
        grid: inputs at which predictions are made; None where they make no curve.
        known: columns beside the predictions, one dictionary per trial.
    """

    widths: tuple[int, ...]
    activation: str
    loss: str
    training: HostSamples
    test: HostSamples | None
    target_set: npt.NDArray[np.int32]
    initial: Floats
    order: SampleOrder
    skips_zeros: bool
    grid: HostSamples | None
    known: list[dict[str, Floats]]

    @property
    def has_classes(self) -> bool:
        """Whether targets are classes."""
        return self.training.labels is not None

    @property
    def parts(self) -> dict[Part, HostSamples]:
        """The whole parts that a model can be evaluated on."""
        parts: dict[Part, HostSamples] = {} if self.test is None else {"test": self.test}
        return {**parts, "full_train": self.training}

    def prediction_columns(self, outputs: Floats) -> list[dict[str, Floats]]:
        """The columns of each trial's predictions, given the outputs on the grid, shape [trials, points]."""
        return [known | {"prediction": row} for known, row in zip(self.known, outputs, strict=True)]


def is_fully_connected(problem: DatasetProblem) -> bool:
    """Whether the model is one that this module describes."""
    return not isinstance(problem.model, CnnModel)


def load_network_data(
    problem: DatasetProblem, dataset: LoadedDataset | None, seeds: npt.ArrayLike, layout: Layout
) -> NetworkData:
    """The data, model and start of trials with these seeds.

    Args:
        problem: with a model of fully connected layers and a loss filled in.
        dataset: None for the curve, whose data follow from the seeds.
        seeds: one per trial.
        layout: type, on the CPU.

    Raises:
        DatasetError: when model, loss and data do not fit together.
    """
    rows = RowSeeds(seeds, layout.device)
    source = training_data_of(problem, dataset, rows.seeds, layout)
    build_loss(problem.loss, has_classes=source.has_classes)
    model = build_model(problem.model, source.shape, source.outputs)
    training = _samples(source.train, has_classes=source.has_classes)
    sets = rows.places if len(source.train.targets) > 1 else np.zeros(len(rows.places))
    plot = source.plot
    widths = (training.inputs.shape[1], *_hidden(problem), source.outputs)
    order = SampleOrder(seeds, source.train.samples, problem.batch_size)
    return NetworkData(
        widths=widths,
        activation="relu" if isinstance(problem.model, LinearModel) else problem.model.activation,
        loss=problem.loss or "",
        training=training,
        test=None if source.test is None else _samples(source.test, has_classes=source.has_classes),
        target_set=np.array(sets, dtype=np.int32),
        initial=source.starts(model)[rows.places],
        order=order,
        skips_zeros=_skips_zeros(training.inputs, widths, order.largest_batch),
        grid=None if plot is None else HostSamples(np.array(plot.points[:, None], dtype=training.inputs.dtype)),
        known=[] if plot is None else [plot.columns[place] for place in rows.places],
    )


def _skips_zeros(inputs: _Array, widths: Sequence[int], largest_batch: int) -> bool:
    """Whether products of inputs that are 0 are worth leaving out: it follows from the problem alone."""
    seen = inputs[:_LOOKED_AT]
    share = int(np.count_nonzero(seen)) / seen.size
    return largest_batch <= _LARGEST_BATCH and widths[1] >= _LEAST_WIDTH and share <= _MOST_USED


def _hidden(problem: DatasetProblem) -> list[int]:
    return list(problem.model.hidden) if isinstance(problem.model, MlpModel) else []


def _samples(part: DeviceSamples, *, has_classes: bool) -> HostSamples:
    inputs = part.inputs[0].numpy()
    if has_classes:
        return HostSamples(inputs, labels=part.targets[0].numpy().astype(np.int32))
    return HostSamples(inputs, targets=np.ascontiguousarray(part.targets.numpy()))
