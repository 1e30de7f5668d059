"""A step of AYLA beside a step of the optimizer that it goes around."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from ayla_torch import AYLA
from torch import optim

from measure.findings import Findings, Goal, Row, at_most
from measure.timing import duration

_GOAL = at_most(1.15)
_LAYERS = ((784, 1024), (1024,), (1024, 200), (200,), (200, 10), (10,))
_TENSORS = ((128, 128),) * 60

Make = Callable[..., optim.Optimizer]
_OPTIMIZERS: dict[str, tuple[Make, bool]] = {
    "SGD": (lambda p, **more: optim.SGD(p, lr=1e-4, **more), True),
    "SGD with momentum": (lambda p, **more: optim.SGD(p, lr=1e-4, momentum=0.9, **more), True),
    "Adam": (optim.Adam, True),
    "AdamW": (optim.AdamW, True),
    "AMSGrad": (lambda p, **more: optim.Adam(p, amsgrad=True, **more), True),
    "NAdam": (optim.NAdam, False),
    "RAdam": (optim.RAdam, False),
    "RMSprop": (optim.RMSprop, False),
    "Adagrad": (optim.Adagrad, True),
    "Adadelta": (optim.Adadelta, False),
    "Adamax": (optim.Adamax, False),
}
"""Each with PyTorch's default settings, and whether there is a fused one on the CPU."""

_IMPORT = """
import time

import torch

started = time.process_time()
import ayla_torch

print(time.process_time() - started)
"""


def of_layers(*, quick: bool) -> Findings:
    """Three layers, 784-1024-200-10."""
    return _measured(_LAYERS, quick=quick)


def of_tensors(*, quick: bool) -> Findings:
    """Sixty tensors of 128 x 128."""
    return _measured(_TENSORS, quick=quick)


def of_import(*, quick: bool) -> Findings:
    """What the import takes beyond torch's."""
    command = [sys.executable, "-c", _IMPORT]
    taken = [
        float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        for _ in range(2 if quick else 7)
    ]
    best = min(taken) * 1000
    return Findings([Row("importing ayla_torch after torch", best, "ms", at_most(50.0), "the best of some processes")])


def _measured(shapes: Sequence[tuple[int, ...]], *, quick: bool) -> Findings:
    torch.set_num_threads(1)
    rounds = 3 if quick else 25
    rows = []
    for name, (make, has_fused) in _OPTIMIZERS.items():
        rows.append(_row(name, shapes, make, rounds, _GOAL))
        if has_fused:
            fused = lambda p, make=make: make(p, fused=True)  # noqa: E731
            rows.append(_row(f"{name}, over fused=True", shapes, make, rounds, None, beside=fused))
    count = sum(torch.Size(shape).numel() for shape in shapes)
    return Findings(rows, remarks=[f"{count} parameters in {len(shapes)} tensors; n1 = 1.5, n2 = 0.9."])


def _row(
    name: str,
    shapes: Sequence[tuple[int, ...]],
    make: Make,
    rounds: int,
    goal: Goal | None,
    beside: Make | None = None,
) -> Row:
    ours, other = AYLA(make(_parameters(shapes)), n1=1.5, n2=0.9), (beside or make)(_parameters(shapes))
    loss = torch.tensor(0.7)
    pairs = [(_burst(lambda: ours.step(loss)), _burst(other.step)) for _ in range(rounds)]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(first / second for first, second in pairs)
    return Row(name, ratio, goal=goal, note=f"{duration(mine)} against {duration(theirs)}")


def _parameters(shapes: Sequence[tuple[int, ...]]) -> list[torch.nn.Parameter]:
    draw = torch.Generator().manual_seed(1)
    made = [torch.nn.Parameter(torch.randn(shape, generator=draw)) for shape in shapes]
    for one in made:
        one.grad = torch.randn(one.shape, generator=draw)
    return made


def _burst(step: Callable[[], Any]) -> float:
    """Seconds of a step, the median of some after the first few, which fetch what the other one drove out."""
    taken = []
    for _ in range(10):
        started = time.thread_time()
        step()
        taken.append(time.thread_time() - started)
    return statistics.median(taken[3:])
