"""Runs of a convolutional network at once, beside torch.compile of one: what a step of one run costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads
from torch import nn

from measure import plain
from measure.findings import Findings, Row, at_most
from measure.images import BATCH, WIDTHS, Images, images
from measure.jobs import CPU, advance
from measure.timing import duration, in_turn, median_ratio
from measure.together import seeded

CHANNELS = (8, 16)
_GOAL = at_most(1.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: about ``run_steps`` steps of all runs together in each of some rounds."""

    counts: tuple[int, ...] = (1, 4, 16)
    run_steps: int = 64
    rounds: int = 5
    compiles: bool = True


_QUICK = Size(counts=(1, 4), run_steps=4, rounds=1, compiles=False)


def measure(*, quick: bool) -> Findings:
    """Time per run-step of the engine over that of one compiled run, on one thread and on all."""
    size, data = _QUICK if quick else Size(), pictures(quick=quick)
    rows = [row for threads in sorted({1, available_threads()}) for row in _rows(threads, size, data)]
    set_threads(available_threads())
    peer = "torch.compile of one run" if size.compiles else "one plain run (compiling takes longer than a quick one)"
    remark = (
        f"Data: {data.title}; convolutions of {' and '.join(map(str, CHANNELS))} filters, batch {BATCH}, float32, Adam "
        f"with AYLA, every step recorded, against {peer} with torch.optim.Adam, which records nothing. Medians of the "
        "ratios of times taken in turn; times are the shortest. One run alone has no goal: its steps are PyTorch's."
    )
    return Findings(rows, remarks=[remark])


def _rows(threads: int, size: Size, data: Images) -> list[Row]:
    set_threads(threads)
    inputs, labels = data.tensors(CPU)
    step = training_step(CPU, data.side)
    loop = plain.over(torch.compile(step) if size.compiles else step, as_pictures(inputs, data), labels)
    runs: dict[str, Callable[[], Any]] = {"peer": lambda: loop(size.run_steps)}
    for count in size.counts:
        steps = max(1, size.run_steps // count)
        engine = Engine(spec(data, steps * (size.rounds + 2)), seeded(count), CPU, data.source)
        runs[str(count)] = lambda engine=engine, steps=steps: advance(engine, steps, steps)
    times = in_turn(runs, size.rounds)
    per_step = {
        name: [
            one / (int(name) * max(1, size.run_steps // int(name)) if name != "peer" else size.run_steps)
            for one in found
        ]
        for name, found in times.items()
    }
    where = f"{threads} thread{'s'[: threads - 1]}"
    return [
        Row(
            f"{count} run{'s'[: count - 1]} at once, {where}, per run-step over the peer",
            median_ratio(per_step[str(count)], per_step["peer"]),
            goal=_GOAL if count > 1 else None,
            note=f"{duration(min(per_step[str(count)]))} against {duration(min(per_step['peer']))}",
        )
        for count in size.counts
    ]


def spec(data: Images, steps: int) -> Any:
    """A job of the network, every step recorded."""
    return data.spec(steps, model={"name": "cnn", "channels": list(CHANNELS)}, metrics_every=10_000)


def pictures(*, quick: bool) -> Images:
    """MNIST where it is at hand, else digits: generated data are no pictures."""
    found = images(quick=quick)
    return found if found.source is not None else Images("digits of 8 x 8 pixels", {"name": "digits"}, None)


def as_pictures(inputs: torch.Tensor, data: Images) -> torch.Tensor:
    """Inputs as PyTorch's convolutions take them."""
    return inputs.view(-1, 1, data.side, data.side)


def training_step(device: torch.device, side: int) -> plain.Step:
    """One step of a fresh model in plain PyTorch: forward, backward, update."""
    layers: list[nn.Module] = []
    for before, after in zip((1, *CHANNELS), CHANNELS, strict=False):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(CHANNELS[-1] * (side // 4) ** 2, WIDTHS[-1])).to(device)
    return plain.step_of(model, "adam")
