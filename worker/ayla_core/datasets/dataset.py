"""Samples in memory, ready to be trained on."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedDataset:
    """A training part and, where there is one, a test part. The arrays are read-only: trials and jobs share them.

    Attributes:
        inputs: shape [samples, *shape]; uint8 for images, else float64.
        targets: float64 of shape [samples, outputs], or int64 class labels 0 to classes - 1 of shape [samples].
        test_inputs: as ``inputs``; None without a test part.
        test_targets: as ``targets``; None without a test part.
        classes: number of classes; None where the targets are numbers.
        input_scale: what inputs are multiplied by before they are used, 1/255 for images of bytes; default 1.
    """

    inputs: Array
    targets: Array
    test_inputs: Array | None
    test_targets: Array | None
    classes: int | None
    input_scale: float = 1.0

    def __post_init__(self) -> None:
        for array in (self.inputs, self.targets, self.test_inputs, self.test_targets):
            if array is not None:
                array.setflags(write=False)

    @property
    def samples(self) -> int:
        """Samples of the training part."""
        return len(self.inputs)

    @property
    def test_samples(self) -> int:
        """Samples of the test part; 0 without one."""
        return 0 if self.test_inputs is None else len(self.test_inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample's inputs, such as (28, 28)."""
        return self.inputs.shape[1:]

    @property
    def features(self) -> int:
        """Numbers in one sample's inputs."""
        return prod(self.shape)

    @property
    def outputs(self) -> int:
        """Numbers a model answers for one sample: one per class, or one per target."""
        return int(self.targets.shape[1]) if self.classes is None else self.classes

    @property
    def nbytes(self) -> int:
        """Memory of all arrays, in bytes."""
        arrays = (self.inputs, self.targets, self.test_inputs, self.test_targets)
        return sum(array.nbytes for array in arrays if array is not None)
