"""Steps on a GPU, captured once as a CUDA graph and then replayed: one launch in place of a hundred.

A graph works on the tensors it was captured with. So a step reads its batch and its numbers from buffers that are
filled before each replay, and writes parameters and memory in place; what it leaves behind is copied out afterwards.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from ayla_core.steppers.trace import StepTensors

SWITCH = "AYLA_CUDA_GRAPHS"
"""Environment variable that switches graphs off when it is 0."""

_WARM_UP = 3
_log = logging.getLogger("ayla.core")

Step = Callable[[Tensor | None, Sequence[Tensor]], StepTensors]
Body = Callable[[], StepTensors]


class StepCapture(Protocol):
    """Runs a body once and returns what runs it again on the same tensors, and the tensors it leaves behind."""

    def __call__(self, body: Body) -> tuple[Callable[[], None], StepTensors]:
        """Record."""


def capture_for(device: torch.device) -> StepCapture | None:
    """The capture of steps on a device; None where there is none."""
    if device.type != "cuda" or os.environ.get(SWITCH) == "0":
        return None
    return capture_cuda_graph


def capture_cuda_graph(body: Body) -> tuple[Callable[[], None], StepTensors]:
    """Record a body as a CUDA graph, after some runs on a stream of its own as PyTorch asks for."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UP):
            body()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        tensors = body()
    return graph.replay, tensors


class Replay:
    """Makes steps, replaying a captured one where it can.

    The first replay is compared with a step made plainly; if they differ, or capturing fails, every step is made
    plainly and the reason is logged.

    Args:
        step: one step on a batch with the numbers of each group; writes its state in place.
        state: every tensor that a step changes.
        capture: how; None makes every step plainly.
    """

    def __init__(self, step: Step, state: Callable[[], Mapping[str, Tensor]], capture: StepCapture | None) -> None:
        self._step = step
        self._state = state
        self._capture = capture
        self._captured: _CapturedStep | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether steps have to write in place."""
        return self._capture is not None

    def make(self, batch: Tensor | None, now: Sequence[Tensor]) -> StepTensors:
        """One step."""
        if self._capture is not None and self._captured is None:
            self._captured = self._try(self._capture, batch, now)
        if self._captured is None or not self._captured.takes(batch):
            return self._step(batch, now)
        return self._captured.run(batch, now)

    def _try(self, capture: StepCapture, batch: Tensor | None, now: Sequence[Tensor]) -> "_CapturedStep | None":
        before = {name: tensor.clone() for name, tensor in self._state().items()}
        try:
            captured = _CapturedStep(self._step, capture, batch, now)
            self._check(captured, before, batch, now)
        except RuntimeError as error:
            _log.warning("no CUDA graph, every step is launched by itself: %s", error)
            self._capture = None
            self._put(before)
            return None
        self._put(before)
        return captured

    def _check(
        self, captured: "_CapturedStep", before: Mapping[str, Tensor], batch: Tensor | None, now: Sequence[Tensor]
    ) -> None:
        self._put(before)
        replayed = [*captured.run(batch, now), *(tensor.clone() for tensor in self._state().values())]
        self._put(before)
        plain = [*self._step(batch, now), *self._state().values()]
        if not all(map(_same, replayed, plain)):
            raise RuntimeError("a replayed step differs from the same step made plainly")

    def _put(self, before: Mapping[str, Tensor]) -> None:
        for name, tensor in self._state().items():
            tensor.copy_(before[name])


class _CapturedStep:
    """A step with the buffers it reads from."""

    def __init__(self, step: Step, capture: StepCapture, batch: Tensor | None, now: Sequence[Tensor]) -> None:
        self._batch = None if batch is None else batch.clone()
        self._now = [numbers.clone() for numbers in now]
        self._run, self._tensors = capture(lambda: step(self._batch, self._now))

    def takes(self, batch: Tensor | None) -> bool:
        """Whether the batch is as large as that of the captured step; the last one of an epoch may not be."""
        return batch is None or self._batch is None or batch.shape == self._batch.shape

    def run(self, batch: Tensor | None, now: Sequence[Tensor]) -> StepTensors:
        """Replay the step on other numbers."""
        if batch is not None and self._batch is not None:
            self._batch.copy_(batch)
        for buffer, numbers in zip(self._now, now, strict=True):
            buffer.copy_(numbers)
        self._run()
        return StepTensors(*(None if item is None else item.clone() for item in self._tensors))  # type: ignore[arg-type]


def _same(left: Tensor | None, right: Tensor | None) -> bool:
    if left is None or right is None:
        return left is right
    if not left.is_floating_point():
        return bool(torch.equal(left, right))
    tolerance = 1e-9 if left.dtype == torch.float64 else 1e-4
    return bool(torch.allclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True))
