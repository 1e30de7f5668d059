"""Memory layout of a fully connected network in the kernels: each weight array begins on a cache line."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_BYTES = 64


class PaddedLayout:
    """Between the flat order W1, b1, W2, b2, ... of a model and the same with gaps that hold zeros.

    Args:
        widths: of the layers, input and output included.
        itemsize: bytes of a number.

    Attributes:
        offsets: where each weight begins, int64.
        size: numbers of one trial, gaps included.
    """

    def __init__(self, widths: Sequence[int], itemsize: int) -> None:
        lanes = _BYTES // itemsize
        sizes = [size for before, after in itertools.pairwise(widths) for size in (before * after, after)]
        padded = [-(-size // lanes) * lanes for size in sizes]
        self.offsets = np.array([0, *itertools.accumulate(padded)], dtype=np.int64)[:-1]
        self.size = sum(padded)
        self._sizes = sizes

    def spread(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Flat parameters of shape [trials, parameters] with gaps, shape [trials, size]."""
        whole = aligned((len(flat), self.size), flat.dtype)
        first = 0
        for offset, size in zip(self.offsets.tolist(), self._sizes, strict=True):
            whole[:, offset : offset + size] = flat[:, first : first + size]
            first += size
        return whole


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that begin on a cache line; how products round can depend on it."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape))
    raw = np.zeros(count + _BYTES // kind.itemsize, dtype=kind)
    skip = (-raw.ctypes.data % _BYTES) // kind.itemsize
    return raw[skip : skip + count].reshape(shape)
