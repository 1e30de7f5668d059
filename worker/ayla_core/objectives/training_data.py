"""Training data of a batch: a dataset that all trials share, or a curve with noise from each trial's seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ayla_spec.datasets import CurveDataset
from ayla_spec.problems import DatasetProblem

from ayla_core.datasets import LoadedDataset
from ayla_core.datasets.built_in import draw_curve
from ayla_core.layout import Layout
from ayla_core.models import BatchedModel
from ayla_core.objectives.base import Floats
from ayla_core.objectives.data import DeviceSamples, upload
from ayla_core.progress import report_progress

GRID_POINTS = 256
"""Points at which predictions are shown where the dataset itself is no curve."""


@dataclass(frozen=True, slots=True)
class PredictionPoints:
    """Points at which a model of one input is evaluated for its curve.

    Attributes:
        points: its inputs, shape [points]; the column ``x``.
        columns: what is known of these points, for each seed.
    """

    points: Floats
    columns: list[dict[str, Floats]]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Samples of some seeds, and what follows from them.

    Attributes:
        train: what is trained on.
        test: what is kept for the test metrics; None without.
        shape: of one sample's inputs.
        outputs: numbers a model answers for one sample.
        has_classes: whether the targets are class labels.
        plot: None unless one number is predicted from one.
        generators: of each seed, where the draws of the weights begin.
    """

    train: DeviceSamples
    test: DeviceSamples | None
    shape: tuple[int, ...]
    outputs: int
    has_classes: bool
    plot: PredictionPoints | None
    generators: list[np.random.RandomState]

    def starts(self, model: BatchedModel) -> Floats:
        """The initial parameters of each seed, shape [seeds, parameters]; to be called once, as it draws them."""
        starts = []
        for generator in self.generators:
            starts.append(model.draw_parameters(generator))
            report_progress()
        return np.stack(starts)


def training_data_of(
    problem: DatasetProblem, dataset: LoadedDataset | None, seeds: Sequence[int], layout: Layout
) -> TrainingData:
    """The training data of a problem's trials.

    Raises:
        ValueError: when there is no dataset and the problem is no curve, or the other way round.
    """
    is_curve = isinstance(problem.dataset, CurveDataset)
    if isinstance(problem.dataset, CurveDataset) and dataset is None:
        return _curve_data(problem.dataset, seeds, layout)
    if dataset is None or is_curve:
        raise ValueError("A curve is drawn from the seeds and needs no dataset; every other problem needs its own.")
    return _dataset_data(dataset, seeds, layout)


def _curve_data(settings: CurveDataset, seeds: Sequence[int], layout: Layout) -> TrainingData:
    """A curve: inputs for all, targets for each seed; its generator draws the noise before the weights."""
    generators = [np.random.RandomState(seed) for seed in seeds]
    curves = [draw_curve(settings, generator) for generator in generators]
    x, truth = curves[0].x, curves[0].truth
    targets = np.stack([curve.target for curve in curves])
    inputs = torch.tensor(x, dtype=layout.dtype, device=layout.device)
    wanted = torch.tensor(targets, dtype=layout.dtype, device=layout.device)
    return TrainingData(
        train=DeviceSamples(inputs.view(1, -1, 1), wanted.unsqueeze(-1)),
        test=None,
        shape=(1,),
        outputs=1,
        has_classes=False,
        plot=PredictionPoints(x, [{"x": x, "target": target, "truth": truth} for target in targets]),
        generators=generators,
    )


def _dataset_data(dataset: LoadedDataset, seeds: Sequence[int], layout: Layout) -> TrainingData:
    """A dataset: the same samples for every seed."""
    train, test = upload(dataset, layout)
    return TrainingData(
        train=train,
        test=test,
        shape=dataset.shape,
        outputs=dataset.outputs,
        has_classes=dataset.classes is not None,
        plot=_grid(dataset, len(seeds)),
        generators=[np.random.RandomState(seed) for seed in seeds],
    )


def _grid(dataset: LoadedDataset, seeds: int) -> PredictionPoints | None:
    if dataset.features != 1 or dataset.outputs != 1 or dataset.classes is not None:
        return None
    x = np.linspace(dataset.inputs.min(), dataset.inputs.max(), GRID_POINTS) * dataset.input_scale
    return PredictionPoints(x, [{"x": x}] * seeds)
