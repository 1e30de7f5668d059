"""The data of the network measurements: MNIST where it is at hand, else generated samples of the same shape."""

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from ayla_core.datasets import DataSource, LoadedDataset, load_dataset
from ayla_spec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem

from measure.jobs import job

BATCH = 32
WIDTHS = (784, 128, 10)


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

    def spec(self, steps: int, **record: Any) -> ResolvedJobSpec:
        """A job of the network on these data, float32, cross-entropy, every step recorded."""
        problem = {
            "type": "dataset",
            "dataset": self.settings,
            "model": {"name": "mlp", "hidden": [WIDTHS[1]]},
            "batch_size": BATCH,
        }
        return job(problem, steps, 1, dtype="float32", record={"every": 1, **record})

    def tensors(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Training inputs, float32 of shape [samples, 784], and labels, for a plain PyTorch loop."""
        dataset = self._load()
        inputs = torch.tensor(dataset.inputs.reshape(len(dataset.inputs), -1), dtype=torch.float32)
        labels = torch.tensor(dataset.targets, dtype=torch.int64)
        return (inputs * dataset.input_scale).to(device), labels.to(device)

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
    def steps_per_epoch(self) -> int:
        """Mini-batches of one epoch."""
        return -(-self.samples // BATCH)

    def _load(self) -> LoadedDataset:
        problem = self.spec(1).problem
        assert isinstance(problem, DatasetProblem)
        return load_dataset(problem.dataset, self.source or DataSource(Path()))


@functools.cache
def images(*, quick: bool) -> Images:
    """MNIST from the folder AYLA_DATASETS_DIR, or generated data: 60 000 training samples, a few when quick."""
    folder = Path(os.environ.get("AYLA_DATASETS_DIR", ""))
    if os.environ.get("AYLA_DATASETS_DIR") and (folder / "mnist").is_dir():
        return Images("MNIST", {"name": "mnist"}, DataSource(folder, allow_download=False))
    samples = 5_000 if quick else 75_000
    shape = {"feature_count": WIDTHS[0], "class_count": WIDTHS[-1], "test_fraction": 0.2}
    title = f"generated data in the shape of MNIST, {samples} samples (AYLA_DATASETS_DIR names no folder with mnist/)"
    return Images(title, {"name": "classification", "samples": samples, **shape}, None)
