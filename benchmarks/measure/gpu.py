"""Runs of the network at once on a GPU, against one plain PyTorch run on the same GPU."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from ayla_core import Engine
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from measure import plain
from measure.findings import Findings, Row, Table
from measure.images import Images, images
from measure.jobs import advance
from measure.timing import best_in_turn, seconds
from measure.together import seeded

_NOT_KERNELS = ("Memcpy", "Memset")
_COLUMNS = ("runs at once", "steps/s", "epochs of one run/s", "over plain torch", "time in kernels")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    counts: tuple[int, ...] = (1, 4, 16, 64, 256, 1024)
    steps: int = 200
    rounds: int = 3


_QUICK = Size(counts=(1, 16), steps=20, rounds=1)


def measure(*, quick: bool) -> Findings:
    """Steps and epochs per second, and the share of the time in which kernels run."""
    if not torch.cuda.is_available():
        return Findings([Row("runs of the network on a GPU", None, note="no GPU was at hand")])
    return measure_on(torch.device("cuda"), _QUICK if quick else Size(), images(quick=quick))


def measure_on(device: torch.device, size: Size, data: Images) -> Findings:
    """The same on a device of choice."""
    loop = plain.training("adam", *data.tensors(device))
    torch_rate = _rate(device, lambda: loop(size.steps), size)
    lines, rows = [], []
    for count in size.counts:
        run = _engine_run(device, data, count, size)
        rate, busy = _rate(device, run, size), _busy(device, run)
        ratio = rate * count / torch_rate
        epochs = rate * count / data.steps_per_epoch
        lines.append((count, round(rate, 1), round(epochs, 3), round(ratio, 2), f"{busy:.0%}"))
        rows.append(Row(f"{count} runs at once, run-steps per second over one plain torch run", ratio))
    lines.append(("plain torch, 1", round(torch_rate, 1), round(torch_rate / data.steps_per_epoch, 3), 1.0, ""))
    remark = f"Data: {data.title}; Adam with AYLA, every step recorded. The plain run is torch.optim.Adam without AYLA."
    return Findings(rows, [Table(_COLUMNS, lines)], [remark])


def _engine_run(device: torch.device, data: Images, count: int, size: Size) -> Callable[[], None]:
    """The next steps of a batch, rows included."""
    budget = size.steps * (size.rounds + 5)
    engine = Engine(data.spec(budget, metrics_every=10_000), seeded(count), device, data.source)
    return lambda: advance(engine, size.steps, size.steps)


def _rate(device: torch.device, run: Callable[[], Any], size: Size) -> float:
    """Steps per second, the best of some rounds."""
    return size.steps / best_in_turn({"run": lambda: _finished(device, run)}, size.rounds)["run"]


def _finished(device: torch.device, run: Callable[[], Any]) -> None:
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _busy(device: torch.device, run: Callable[[], Any]) -> float:
    """The time in which at least one kernel ran, over the time that as many steps take without the profiler."""
    if device.type != "cuda":
        return 0.0
    whole = seconds(lambda: _finished(device, run))
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        _finished(device, run)
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
