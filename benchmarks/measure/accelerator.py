"""What the measurements on a GPU have in common: the device, the time that is left, and how much of it kernels take."""

import importlib.util
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from measure.findings import Findings, Row
from measure.timing import seconds

_NOT_KERNELS = ("Memcpy", "Memset")


def device(*, quick: bool) -> torch.device | None:
    """The GPU; without one a quick run tries everything on the CPU, and another one has nothing to measure."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("cpu") if quick else None


def nothing(what: str) -> Findings:
    """What is found without a GPU."""
    return Findings([Row(what, None, note="no GPU was at hand")])


class Clock:
    """Time for one section, so that all of them end together in time.

    Args:
        limit: seconds.
    """

    def __init__(self, limit: float) -> None:
        self._end = time.monotonic() + limit
        self._last = 0.0
        self._began = time.monotonic()
        self.left_out: list[str] = []

    def allows(self, what: str, *, growth: float) -> bool:
        """Whether there is time for one that takes ``growth`` times as long as the one before; if not it is noted."""
        now = time.monotonic()
        self._last, self._began = now - self._began, now
        if now + self._last * growth <= self._end:
            return True
        self.left_out.append(what)
        return False

    def remarks(self) -> list[str]:
        """What was left out for want of time."""
        return [f"Left out for want of time: {', '.join(self.left_out)}."] if self.left_out else []


def has_jax(where: torch.device) -> bool:
    """Whether JAX is installed and computes on the same kind of device."""
    if importlib.util.find_spec("jax") is None:
        return False
    # Else it takes three quarters of the memory for itself.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    return jax.default_backend() == ("gpu" if where.type == "cuda" else "cpu")


def finished(where: torch.device, run: Callable[[], Any]) -> Callable[[], None]:
    """A run that waits for the device at its end."""

    def whole() -> None:
        run()
        if where.type == "cuda":
            torch.cuda.synchronize(where)

    return whole


def best(where: torch.device, run: Callable[[], Any], rounds: int) -> float:
    """Seconds of a run, the best of some after one to warm up."""
    whole = finished(where, run)
    whole()
    return min(seconds(whole) for _ in range(rounds))


def busy(where: torch.device, run: Callable[[], Any]) -> float | None:
    """The time in which at least one kernel ran, over that of as many steps without the profiler; None on a CPU."""
    if where.type != "cuda":
        return None
    whole = seconds(finished(where, run))
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        finished(where, run)()
    spans = [
        (event.time_range.start, event.time_range.end)
        for event in profiler.events()
        if event.device_type == DeviceType.CUDA
        and not event.is_user_annotation
        and not event.name.startswith(_NOT_KERNELS)
    ]
    return covered(spans) / 1e6 / whole


def covered(spans: Sequence[tuple[float, float]]) -> float:
    """Length of the union of some spans."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def share(value: float | None) -> str:
    """For a table."""
    return "–" if value is None else f"{value:.0%}"
