"""Steps on a GPU, recorded once as a CUDA graph and then replayed: one launch in place of a hundred.

A graph works on the tensors it was recorded with. So a step reads its batch and its numbers from buffers that are
filled before each replay, and writes parameters and memory in place; what it leaves behind is copied out afterwards.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from ayla_core.steppers.trace import Seen

SWITCH = "AYLA_CUDA_GRAPHS"
"""Environment variable that switches graphs off when it is 0."""

_WARM_UP = 3
_log = logging.getLogger("ayla.core")

Step = Callable[[Tensor | None, Sequence[Tensor]], Seen]
Body = Callable[[], Seen]


class Recorder(Protocol):
    """Runs a body once and returns what runs it again on the same tensors, and the tensors it leaves behind."""

    def __call__(self, body: Body) -> tuple[Callable[[], None], Seen]:
        """Record."""


def recorder_for(device: torch.device) -> Recorder | None:
    """How steps are recorded on a device; None where they are not."""
    if device.type != "cuda" or os.environ.get(SWITCH) == "0":
        return None
    return record_cuda_graph


def record_cuda_graph(body: Body) -> tuple[Callable[[], None], Seen]:
    """Record a body as a CUDA graph, after some runs on a stream of its own as PyTorch asks for."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UP):
            body()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        seen = body()
    return graph.replay, seen


class Replay:
    """Makes steps, replaying a recorded one where it can.

    The first replay is compared with a step made plainly; if they differ, or recording fails, every step is made
    plainly and the reason is logged.

    Args:
        step: one step on a batch with the numbers of each group; writes its state in place.
        state: every tensor that a step changes.
        record: how; None makes every step plainly.
    """

    def __init__(self, step: Step, state: Callable[[], Mapping[str, Tensor]], record: Recorder | None) -> None:
        self._step = step
        self._state = state
        self._record = record
        self._recorded: _Recorded | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether steps have to write in place."""
        return self._record is not None

    def make(self, batch: Tensor | None, now: Sequence[Tensor]) -> Seen:
        """One step."""
        if self._record is not None and self._recorded is None:
            self._recorded = self._try(self._record, batch, now)
        if self._recorded is None or not self._recorded.takes(batch):
            return self._step(batch, now)
        return self._recorded.run(batch, now)

    def _try(self, record: Recorder, batch: Tensor | None, now: Sequence[Tensor]) -> "_Recorded | None":
        before = {name: tensor.clone() for name, tensor in self._state().items()}
        try:
            recorded = _Recorded(self._step, record, batch, now)
            self._check(recorded, before, batch, now)
        except RuntimeError as error:
            _log.warning("no CUDA graph, every step is launched by itself: %s", error)
            self._record = None
            self._put(before)
            return None
        self._put(before)
        return recorded

    def _check(
        self, recorded: "_Recorded", before: Mapping[str, Tensor], batch: Tensor | None, now: Sequence[Tensor]
    ) -> None:
        self._put(before)
        replayed = [*recorded.run(batch, now), *(tensor.clone() for tensor in self._state().values())]
        self._put(before)
        plain = [*self._step(batch, now), *self._state().values()]
        if not all(map(_same, replayed, plain)):
            raise RuntimeError("a replayed step differs from the same step made plainly")

    def _put(self, before: Mapping[str, Tensor]) -> None:
        for name, tensor in self._state().items():
            tensor.copy_(before[name])


class _Recorded:
    """A step with the buffers it reads from."""

    def __init__(self, step: Step, record: Recorder, batch: Tensor | None, now: Sequence[Tensor]) -> None:
        self._batch = None if batch is None else batch.clone()
        self._now = [numbers.clone() for numbers in now]
        self._run, self._seen = record(lambda: step(self._batch, self._now))

    def takes(self, batch: Tensor | None) -> bool:
        """Whether the batch is as large as that of the recorded step; the last one of an epoch may not be."""
        return batch is None or self._batch is None or batch.shape == self._batch.shape

    def run(self, batch: Tensor | None, now: Sequence[Tensor]) -> Seen:
        """Replay the step on other numbers."""
        if batch is not None and self._batch is not None:
            self._batch.copy_(batch)
        for buffer, numbers in zip(self._now, now, strict=True):
            buffer.copy_(numbers)
        self._run()
        return Seen(*(None if item is None else item.clone() for item in self._seen))  # type: ignore[arg-type]


def _same(left: Tensor | None, right: Tensor | None) -> bool:
    if left is None or right is None:
        return left is right
    if not left.is_floating_point():
        return bool(torch.equal(left, right))
    tolerance = 1e-9 if left.dtype == torch.float64 else 1e-4
    return bool(torch.allclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True))
