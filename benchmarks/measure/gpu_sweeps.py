"""Sweeps on a GPU, against plain PyTorch, torch.compile and JAX on the same GPU."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from ayla_core import Engine

from measure import plain_sweep
from measure.accelerator import Clock, best, busy, device, has_jax, nothing, share
from measure.expressions import CASES, LEARNING_RATE
from measure.findings import Findings, Row, Table, at_least
from measure.jobs import NEVER_RECORDED, advance, of_exponents
from measure.timing import duration

_COLUMNS = ("trials", "per trial-step", "time in kernels")
_GOAL = at_least(1.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    counts: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    steps: int = 100
    rounds: int = 3
    seconds: float = 120


_QUICK = Size(counts=(100, 1000), steps=5, rounds=1)


def measure(*, quick: bool) -> Findings:
    """Time of a trial-step of each."""
    where = device(quick=quick)
    if where is None:
        return nothing("sweeps on a GPU")
    return measure_on(where, _QUICK if quick else Size(), compiles=not quick)


def measure_on(where: torch.device, size: Size, *, compiles: bool) -> Findings:
    """The same on a device of choice."""
    clock = Clock(size.seconds)
    rows, lines = [], []
    for count in size.counts:
        if not clock.allows(f"{count} trials", growth=8):
            continue
        run = _engine_run(where, count, size)
        taken = best(where, run, size.rounds) / (size.steps * count)
        lines.append((count, duration(taken), share(busy(where, run))))
        for name, peer in _peers(where, count, size, compiles=compiles).items():
            theirs = best(where, peer, size.rounds) / (size.steps * count)
            note = f"{duration(taken)} per trial-step; {name} {duration(theirs)}"
            rows.append(Row(f"{count} trials, {name} over the engine", theirs / taken, goal=_GOAL, note=note))
    remark = (
        "The polynomial of the paper, Adam with AYLA, float64, only the first and the last step recorded. PyTorch and "
        "torch.compile keep the best loss and nothing else; JAX keeps the books of the engine."
    )
    return Findings(rows, [Table(_COLUMNS, lines)], [remark, *clock.remarks()])


def _engine_run(where: torch.device, count: int, size: Size) -> Callable[[], None]:
    spec, exponents = CASES["polynomial"].spec(NEVER_RECORDED, NEVER_RECORDED), np.linspace(0.5, 1.5, count)
    engine = Engine(spec, of_exponents(spec.problem, exponents, 2 - exponents), where)
    return lambda: advance(engine, size.steps, size.steps)


def _peers(where: torch.device, count: int, size: Size, *, compiles: bool) -> dict[str, Callable[[], object]]:
    loops = {"plain torch": plain_sweep.sweep(count, where, plain_sweep.step)}
    if compiles:
        loops["torch.compile"] = plain_sweep.sweep(count, where, torch.compile(plain_sweep.step))
    peers: dict[str, Callable[[], object]] = {name: lambda loop=loop: loop(size.steps) for name, loop in loops.items()}
    if has_jax(where):
        from measure import jax_peer

        exponents = np.linspace(0.5, 1.5, count)
        pair = np.stack([exponents, 2 - exponents])
        peers["JAX"] = jax_peer.sweep("polynomial", (-1.0,), pair, LEARNING_RATE, math.inf, size.steps)
    return peers
