"""Models fitted to a dataset, in mini-batches or all at once, computed with PyTorch."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy.typing as npt
import torch
from ayla_spec.metrics import Part
from ayla_spec.problems import DatasetProblem
from torch import Tensor

from ayla_core.datasets import LoadedDataset
from ayla_core.devices import exact_convolutions
from ayla_core.layout import Layout
from ayla_core.models import BatchedModel, build_model
from ayla_core.objectives.base import Floats, SampleLoss
from ayla_core.objectives.batches import MiniBatches
from ayla_core.objectives.data import RowSeeds
from ayla_core.objectives.losses import Loss, LossEvaluation, build_loss
from ayla_core.objectives.scores import Scores, chosen_parts
from ayla_core.objectives.training_data import training_data_of
from ayla_core.progress import report_progress

NUMBERS_AT_ONCE = 2**24
"""Numbers of one layer that the evaluation of a whole part works with at once; in float64 128 MiB."""


class NetworkObjective:
    """The mean loss of a model over the samples of each step's batch, every trial with weights of its own.

    A trial's numbers depend on its place and its neighbours by rounding only. Measured on the CPU over 20 updates of
    SGD, a trial alone and among five: bit for bit for most models, else parameters differ by at most 2e-16 (float64)
    or 1e-7 (float32) of the largest. The same trials on the same CPU give the same bits again.

    Args:
        problem: dataset, model, loss and batch size.
        dataset: the samples; None for a curve, whose noise is drawn from the seeds.
        seeds: of each trial. One legacy NumPy generator per seed draws the initial weights, after a curve's noise.
        layout: type and device.

    Raises:
        DatasetError: when model or loss do not fit the dataset.
        ValueError: when there is no dataset and the problem is no curve, or the other way round.
    """

    def __init__(
        self, problem: DatasetProblem, dataset: LoadedDataset | None, seeds: npt.ArrayLike, layout: Layout
    ) -> None:
        self._layout = layout
        self._rows = RowSeeds(seeds, layout.device)
        source = training_data_of(problem, dataset, self._rows.seeds, layout)
        self._loss: Loss = build_loss(problem.loss, has_classes=source.has_classes)
        self._model: BatchedModel = build_model(problem.model, source.shape, source.outputs)
        self._train, self._plot = source.train, source.plot
        self._everything = self._train.inputs, self._rows.spread(self._train.targets)
        self._parts: dict[Part, tuple[Tensor, Tensor]] = {"full_train": self._everything}
        if source.test is not None:
            self._parts = {"test": (source.test.inputs, source.test.targets), **self._parts}
        self._batches = MiniBatches(self._rows.seeds, self._train.samples, problem.batch_size, layout.device)
        self._initial = source.starts(self._model)[self._rows.places]
        self._has_classes = source.has_classes
        self._scores = self._blank_scores()

    @property
    def samples(self) -> SampleLoss:
        """The loss itself: it gives the mean loss of transformed magnitudes."""
        return self._loss

    @property
    def steps_per_epoch(self) -> int:
        """Steps that pass over the training samples once."""
        return self._batches.steps_per_epoch

    def initial_parameters(self) -> Tensor:
        """The initial weights and biases of each trial, shape [trials, parameters]."""
        return torch.tensor(self._initial, dtype=self._layout.dtype, device=self._layout.device)

    def batch(self, step: int) -> Tensor | None:
        """Places of the samples of a step, shape [seeds, samples]; None for all of them."""
        return self._batches.at(step)

    def evaluate(self, parameters: Tensor, batch: Tensor | None, *, counts: bool = True) -> "_NetworkEvaluation":
        """Loss and gradient on a batch, at each row of ``parameters``; counted for the metrics if ``counts``."""
        inputs, targets = self._chosen(batch)
        weights = self._model.split(parameters.detach())
        for weight in weights:
            weight.requires_grad_()
        with torch.enable_grad(), exact_convolutions(self._layout.device):
            outputs = self._model.predict(weights, inputs)
        values = outputs.detach()
        comparison = self._loss.compare(values, targets)
        if counts:
            self._scores.add(comparison.loss, values, targets)
        return _NetworkEvaluation(comparison, outputs, weights)

    def _chosen(self, batch: Tensor | None) -> tuple[Tensor, Tensor]:
        """Inputs and targets of each row; with 1 in front where all rows share them."""
        if batch is None:
            return self._everything
        inputs, targets = self._train.chosen(batch)
        return self._rows.spread(inputs), self._rows.spread(targets)

    @torch.no_grad()
    def predictions(self, parameters: Tensor) -> list[dict[str, Floats]] | None:
        """Of each trial at the curve's samples, or at points from the smallest to the largest training input.

        Returns:
            Columns ``x``, for a curve ``target`` and ``truth``, and ``prediction``; shape [points] each. None unless
            one number is predicted from one.
        """
        if self._plot is None:
            return None
        points = self._layout.vector(self._plot.points).view(1, -1, 1)
        answers = self._model.predict(self._model.split(parameters), points).squeeze(-1)
        found = answers.to("cpu", torch.float64).numpy()
        known = [self._plot.columns[place] for place in self._rows.places]
        return [{**columns, "prediction": answer} for columns, answer in zip(known, found, strict=True)]

    @torch.no_grad()
    def metrics(self, parameters: Tensor, parts: Collection[Part]) -> dict[str, Floats]:
        """Metrics of the models; the means over batches start anew.

        Args:
            parameters: of each trial.
            parts: of the data, on which the models are evaluated as a whole.

        Returns:
            ``train_loss``, the mean over the samples evaluated since the last call, each before its update;
            ``train_accuracy`` likewise; ``test_loss`` and ``test_accuracy``, ``full_train_loss`` and
            ``full_train_accuracy`` of the whole parts at ``parameters``. Accuracies are shares from 0 to 1 and only
            there for classes, test metrics only with test samples; NaN where nothing was evaluated. Shape [trials]
            each.
        """
        means = {f"train_{name}": mean for name, mean in self._scores.means().items()}
        evaluated = chosen_parts(parts, self._parts)
        for part in self._parts:
            scores = self._scored(parameters, part) if part in evaluated else self._blank_scores()
            means |= {f"{part}_{name}": mean for name, mean in scores.means().items()}
        found: Floats = torch.stack(list(means.values())).cpu().numpy()
        self._scores.reset()
        return dict(zip(means, found, strict=True))

    def _scored(self, parameters: Tensor, part: Part) -> Scores:
        scores, weights = self._blank_scores(), self._model.split(parameters)
        for inputs, targets in self._chunks(part):
            with exact_convolutions(self._layout.device):
                outputs = self._model.predict(weights, inputs)
            scores.add(self._loss.compare(outputs, targets).loss, outputs, targets)
            report_progress()
        return scores

    def _chunks(self, part: Part) -> Iterator[tuple[Tensor, Tensor]]:
        size = max(1, NUMBERS_AT_ONCE // (self._model.width * len(self._rows.places)))
        yield from zip(*(torch.split(values, size, dim=1) for values in self._parts[part]), strict=True)

    def _blank_scores(self) -> Scores:
        return Scores(len(self._rows.places), has_classes=self._has_classes, device=self._layout.device)

    def state(self) -> dict[str, Tensor]:
        """The sums behind the training metrics, by name; shape [trials] each."""
        return self._scores.state()


@dataclass(frozen=True, slots=True)
class _NetworkEvaluation:
    comparison: LossEvaluation
    outputs: Tensor
    weights: tuple[Tensor, ...]

    @property
    def loss(self) -> Tensor:
        """The mean loss over the batch, shape [trials]."""
        return self.comparison.loss

    @property
    def magnitude(self) -> Tensor:
        """Of each element of the batch, shape [trials, elements]."""
        return self.comparison.magnitude

    def gradients(self, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """∇ of the mean loss, and of the mean with ``weights`` held constant; shape [trials, parameters] each."""
        plain = self._backward(None, keep=weights is not None)
        return plain, plain if weights is None else self._backward(weights, keep=False)

    def _backward(self, weights: Tensor | None, *, keep: bool) -> Tensor:
        slope = self.comparison.slope(weights)
        with exact_convolutions(self.outputs.device):
            parts = torch.autograd.grad(self.outputs, self.weights, slope, retain_graph=keep)
        return torch.cat([part.flatten(1) for part in parts], dim=1)
