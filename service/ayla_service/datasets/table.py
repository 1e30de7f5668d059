"""A checked file as numbers, whatever its format was."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Table(Protocol):
    """Columns of numbers. Everything about the file was checked but whether the numbers are finite."""

    @property
    def names(self) -> Sequence[str]:
        """Of the columns."""

    @property
    def rows(self) -> int:
        """How many there are."""

    def batches(self) -> Iterator[Floats]:
        """All rows in order, some at a time: float64 of shape [some, columns], columns contiguous. Can be repeated."""
