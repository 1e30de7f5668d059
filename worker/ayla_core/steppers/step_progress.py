"""Progress reports of steps that PyTorch makes: each step, and within long ones on the CPU each operation."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ayla_core.progress import report_progress

_LONG_SECONDS = 0.1
"""A report costs some microseconds of each operation, which is nothing beside such a step."""


class _EachOperation(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch does not say its types
    """Reports every operation of PyTorch in this thread, gradients included."""

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        report_progress()
        return found


class StepProgress:
    """Reports the steps that a device makes.

    The first step is taken for a long one; after it a step is as long as the one before. On a GPU operations are only
    launched here: each step is reported, and the end of a block waits for the device.

    Args:
        device: where the steps are made.
    """

    def __init__(self, device: torch.device) -> None:
        self._on_cpu = device.type == "cpu"
        self._seconds = _LONG_SECONDS

    @contextmanager
    def step(self) -> Iterator[None]:
        """What is computed within is one step, or as long as one.

        Raises:
            ayla_core.progress.ComputationStopped: if the computation is to stop.
        """
        report_progress()
        begun = time.monotonic()
        if self._on_cpu and self._seconds >= _LONG_SECONDS:
            with _EachOperation():  # type: ignore[no-untyped-call]  # as above
                yield
        else:
            yield
        self._seconds = time.monotonic() - begun
