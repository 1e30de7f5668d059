"""The compiled kernels as Python functions."""

import ctypes
import functools
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ayla_core.native.build import compiled
from ayla_core.native.cache import NoKernels
from ayla_core.native.source import FUNCTIONS

_log = logging.getLogger("ayla.core")

SWITCH = "AYLA_NATIVE"
"""Environment variable that switches the kernels off when it is 0."""

_SUFFIXES = {torch.float64: ("f64", "d"), torch.float32: ("f32", "f")}
_NUMPY: dict[torch.dtype, np.dtype[Any]] = {torch.float64: np.dtype(np.float64), torch.float32: np.dtype(np.float32)}


class Kernels:
    """The kernels of one kind for one floating-point type.

    Attributes:
        dtype: NumPy type of their arrays.
    """

    def __init__(self, library: ctypes.CDLL, dtype: torch.dtype) -> None:
        self.dtype = _NUMPY[dtype]
        self._library = library
        self._suffix, letter = _SUFFIXES[dtype]
        lanes = library.vector_bytes() // self.dtype.itemsize
        wanted = [f"Sleef_{name}{letter}{lanes}_u10" for name in (*FUNCTIONS, "pow")]
        self._call("use_functions", _addresses(wanted))

    @functools.cached_property
    def multiplies(self) -> bool:
        """Whether this build of PyTorch has the matrix products that the kernels of networks call."""
        try:
            return bool(self.matrix_product and self.set_threads)
        except NoKernels as error:
            _log.warning("no compiled kernels for networks, computing with PyTorch alone: %s", error)
            return False

    @functools.cached_property
    def matrix_product(self) -> int:
        """The address of the matrix product of PyTorch's BLAS.

        Raises:
            NoKernels: where this build of PyTorch has no such function.
        """
        return _addresses(["dgemm_" if self._suffix == "f64" else "sgemm_"])[0]

    @functools.cached_property
    def set_threads(self) -> int:
        """The address of what sets the threads of matrix products in the calling thread.

        Raises:
            NoKernels: where this build of PyTorch has no such function.
        """
        return _addresses(["MKL_Set_Num_Threads_Local"])[0]

    def function(self, name: str) -> Any:
        """One of the kernels, by its name without the type."""
        return getattr(self._library, f"{name}_{self._suffix}")

    def _call(self, name: str, pointers: Sequence[int]) -> None:
        self.function(name)((ctypes.c_void_p * len(pointers))(*pointers))


def kernels(kind: str, dtype: torch.dtype) -> Kernels | None:
    """The kernels of a kind ('expressions', 'networks') for a type.

    None where there are none, or where AYLA_NATIVE=0 switches them off.
    """
    if os.environ.get(SWITCH) == "0":
        return None
    return _kernels(kind, dtype)


@functools.cache
def _kernels(kind: str, dtype: torch.dtype) -> Kernels | None:
    try:
        return Kernels(_library(kind, _SUFFIXES[dtype][0]), dtype)
    except NoKernels as error:
        _log.warning("no compiled kernels, computing with PyTorch alone: %s", error)
        return None


@functools.cache
def _library(kind: str, suffix: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(compiled(kind, suffix)))
    except OSError as error:
        raise NoKernels(f"the compiled kernels cannot be loaded: {error}") from error


@functools.cache
def torch_library() -> ctypes.CDLL:
    """PyTorch's own library, whose vector functions and matrix products the kernels call."""
    return ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))


def _addresses(names: Sequence[str]) -> list[int]:
    try:
        found = [getattr(torch_library(), name) for name in names]
    except (OSError, AttributeError) as error:
        raise NoKernels(f"this build of PyTorch lacks a function: {error}") from error
    return [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in found]


def pointer(array: npt.NDArray[Any]) -> int:
    """The address of a C-contiguous array; the caller keeps the array alive."""
    if not array.flags.c_contiguous:
        raise ValueError("The kernels take C-contiguous arrays only.")
    return int(array.ctypes.data)
