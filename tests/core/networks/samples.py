"""Small datasets and problems for the tests of networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ayla_core.datasets import LoadedDataset
from ayla_core.layout import Layout
from ayla_core.objectives import NetworkObjective
from ayla_spec.problems import DatasetProblem
from torch import Tensor

from tests.core.batches import FLOAT64

CLASSES = 3
TORCH = {"name": "torch"}
FILE = {"name": "file", "file": "any.npz"}


def images(*, classes: bool, samples: int = 11, test: int = 0, outputs: int = CLASSES) -> LoadedDataset:
    """Random 8 x 8 images of bytes with labels, or with some numbers each."""
    generator = np.random.default_rng(5)
    total = samples + test
    inputs = generator.integers(0, 17, (total, 8, 8)).astype(np.uint8)
    targets = generator.integers(0, CLASSES, total) if classes else 2 * generator.standard_normal((total, outputs))
    test_inputs, test_targets = (inputs[samples:], targets[samples:]) if test else (None, None)
    count = CLASSES if classes else None
    return LoadedDataset(inputs[:samples], targets[:samples], test_inputs, test_targets, count, input_scale=1 / 16)


def problem(model: dict[str, Any], *, loss: str | None = None, batch_size: int | None = None) -> DatasetProblem:
    """A problem whose dataset is handed to the objective; the model starts as PyTorch's layers do."""
    return DatasetProblem.model_validate(
        {"dataset": FILE, "model": {"initialization": TORCH, **model}, "loss": loss, "batch_size": batch_size}
    )


def objective(
    model: dict[str, Any],
    dataset: LoadedDataset,
    seeds: Sequence[int] = (0,),
    *,
    loss: str | None = None,
    batch_size: int | None = None,
    layout: Layout = FLOAT64,
) -> NetworkObjective:
    """The objective of a model and a dataset."""
    return NetworkObjective(problem(model, loss=loss, batch_size=batch_size), dataset, seeds, layout)


def tensors(dataset: LoadedDataset, *, test: bool = False) -> tuple[Tensor, Tensor]:
    """Inputs [samples, *shape], scaled, and targets, in float64 or as labels."""
    inputs, targets = (dataset.test_inputs, dataset.test_targets) if test else (dataset.inputs, dataset.targets)
    assert inputs is not None
    assert targets is not None
    return torch.tensor(inputs).double() * dataset.input_scale, torch.tensor(targets)
