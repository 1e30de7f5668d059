"""The data of the network measurements: MNIST where it is at hand, else generated samples of the same shape."""

import functools
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ayla_core.datasets import DataSource, LoadedDataset, load_dataset
from ayla_spec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem

from measure.jobs import job

BATCH = 32
WIDTHS = (784, 128, 10)

Pair = tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]
"""Inputs and labels."""


@dataclass(frozen=True, slots=True)
class Images:
    """A dataset with its settings.

    Attributes:
        title: for people.
        settings: of the job.
        source: where it is read from.
    """

    title: str
    settings: dict[str, Any]
    source: DataSource | None

    def spec(self, steps: int, model: dict[str, Any] | None = None, **record: Any) -> ResolvedJobSpec:
        """A job of the network (or another model) on these data, float32, cross-entropy, every step recorded."""
        problem = {
            "type": "dataset",
            "dataset": self.settings,
            "model": model or {"name": "mlp", "hidden": [WIDTHS[1]]},
            "batch_size": BATCH,
        }
        return job(problem, steps, 1, dtype="float32", record={"every": 1, **record})

    def tensors(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Training inputs, float32 of shape [samples, 784], and labels, for a plain PyTorch loop."""
        dataset = self._load()
        inputs = torch.tensor(dataset.inputs.reshape(len(dataset.inputs), -1), dtype=torch.float32)
        labels = torch.tensor(dataset.targets, dtype=torch.int64)
        return (inputs * dataset.input_scale).to(device), labels.to(device)

    def arrays(self) -> tuple[Pair, Pair | None]:
        """Inputs, float32 of shape [samples, 784], and labels, int32: of the training part and the test part."""
        dataset = self._load()
        parts = (dataset.inputs, dataset.targets), (dataset.test_inputs, dataset.test_targets)
        train, test = (None if x is None or y is None else _pair(x, y, dataset.input_scale) for x, y in parts)
        assert train is not None
        return train, test

    @property
    def samples(self) -> int:
        """How many are trained on."""
        return self._load().samples

    @property
    def test_samples(self) -> int:
        """How many are tested on."""
        tested = self._load().test_inputs
        return 0 if tested is None else len(tested)

    @property
    def side(self) -> int:
        """Of a square picture, in pixels."""
        return math.isqrt(self._load().features)

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches of one epoch."""
        return -(-self.samples // BATCH)

    def _load(self) -> LoadedDataset:
        problem = self.spec(1).problem
        assert isinstance(problem, DatasetProblem)
        return load_dataset(problem.dataset, self.source or DataSource(Path()))


def _pair(inputs: npt.NDArray[Any], labels: npt.NDArray[Any], scale: float) -> Pair:
    return inputs.reshape(len(inputs), -1).astype(np.float32) * np.float32(scale), labels.astype(np.int32)


@functools.cache
def images(*, quick: bool) -> Images:
    """MNIST from the folder AYLA_DATASETS_DIR, or generated data: 60 000 training samples, a few when quick."""
    folder = Path(os.environ.get("AYLA_DATASETS_DIR", ""))
    if os.environ.get("AYLA_DATASETS_DIR") and (folder / "mnist").is_dir():
        return Images("MNIST", {"name": "mnist"}, DataSource(folder, allow_download=False))
    found = generated(quick=quick)
    return replace(found, title=f"{found.title} (AYLA_DATASETS_DIR names no folder with mnist/)")


@functools.cache
def generated(*, quick: bool) -> Images:
    """Data without zeros in the shape of MNIST: 60 000 training samples, a few when quick."""
    samples = 5_000 if quick else 75_000
    shape = {"feature_count": WIDTHS[0], "class_count": WIDTHS[-1], "test_fraction": 0.2}
    title = f"generated data in the shape of MNIST, {samples} samples"
    return Images(title, {"name": "classification", "samples": samples, **shape}, None)
