"""A sweep of 100 x 100 exponents at once, against a plain loop that runs one trial after the other."""

import math
import tempfile
from dataclasses import dataclass

import torch
from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads
from ayla_core.native.library import kernels

from measure import fresh
from measure.expressions import CASES, Case, loop_seconds
from measure.findings import Findings, Row, at_least
from measure.jobs import CPU, NEVER_RECORDED, grid, polynomial, take
from measure.timing import duration, seconds

STEADY_GOAL = at_least(10_000)
WHOLE_GOAL = at_least(2_000)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: ``side`` squared trials of ``steps`` steps in blocks, and the plain loop beside them."""

    side: int = 100
    steps: int = 800
    block: int = 100
    repeats: int = 3
    loop_trials: int = 20
    loop_steps: int = 200
    processes: int = 3
    fallback_steps: int = 80
    fallback_block: int = 20
    fallbacks: tuple[str, ...] = tuple(CASES)


_QUICK = Size(
    side=20,
    repeats=1,
    loop_trials=3,
    loop_steps=100,
    processes=1,
    fallback_steps=30,
    fallback_block=10,
    fallbacks=("polynomial",),
)


def measure(*, quick: bool) -> Findings:
    """Ratios of trials times steps per second, engine over plain loop."""
    size = _QUICK if quick else Size()
    rows: list[Row] = []
    loops: dict[str, float] = {}
    for name, case in CASES.items():
        found, loops[name] = _steady_rows(case, size)
        rows += found
    rows[2:2] = _whole_rows(size, loops["polynomial"])
    rows += [_fallback_row(name, size, loops[name]) for name in size.fallbacks]
    remark = (
        f"{size.side} x {size.side} trials of Adam with AYLA, N1 and N2 from 0.5 to 1.5, {size.steps} steps, float64, "
        "summaries only. The plain loop is torch.optim.Adam without AYLA, one trial after the other, one thread. "
        "Steady: the best block after the first."
    )
    return Findings(rows, remarks=[remark])


# ---- steady state ----------------------------------------------------------------------------------------------------


def steady_seconds(name: str, side: int, steps: int, block: int, threads: int) -> float:
    """Seconds per trial-step: the best block of a sweep after its first one."""
    set_threads(threads)
    spec = CASES[name].spec(steps, NEVER_RECORDED)
    engine = Engine(spec, grid(spec.problem, side), CPU)
    times = [seconds(lambda: engine.advance(block)) for _ in range(steps // block)]
    return min(times[1:]) / (side**2 * block)


def _steady_rows(case: Case, size: Size) -> tuple[list[Row], float]:
    """Rows for one thread and for all, and the seconds of one step of the plain loop."""
    name = next(key for key, value in CASES.items() if value is case)
    counts = sorted({1, available_threads()})
    engine, loop = dict.fromkeys(counts, math.inf), math.inf
    for _ in range(size.repeats):
        set_threads(1)
        loop = min(loop, loop_seconds(case, size.loop_trials, size.loop_steps))
        for threads in counts:
            once = steady_seconds(name, size.side, size.steps, size.block, threads)
            engine[threads] = min(engine[threads], once)
    return [_steady_row(case, threads, engine[threads], loop) for threads in counts], loop


def _steady_row(case: Case, threads: int, engine: float, loop: float) -> Row:
    where = "1 thread" if threads == 1 else f"{threads} threads"
    note = f"{duration(engine)} per trial-step; loop {duration(loop)}"
    return Row(f"{case.title}, steady, {where}", loop / engine, goal=STEADY_GOAL, note=note)


# ---- everything included ---------------------------------------------------------------------------------------------


def whole_seconds(side: int, steps: int, repeats: int) -> list[float]:
    """Seconds of whole sweeps in this process: settings, engine, steps, summaries; the first one first."""
    set_threads(available_threads())

    def run() -> None:
        spec = polynomial(steps, NEVER_RECORDED)
        engine = Engine(spec, grid(spec.problem, side), CPU)
        while not engine.finished:
            block = engine.advance(steps)
        take(block)

    return [seconds(run) for _ in range(repeats)]


def _whole_rows(size: Size, loop: float) -> list[Row]:
    kernels("expressions", torch.float64)  # so that they are compiled on this machine
    ready = [_fresh_seconds(size, sweeps=3) for _ in range(size.processes)]
    bare = []
    for _ in range(size.processes):
        with tempfile.TemporaryDirectory() as folder:
            bare.append(_fresh_seconds(size, sweeps=1, cache=folder)[0])
    plain = loop * size.side**2 * size.steps
    cases = {
        "a later sweep in the same process": min(min(taken[1:]) for taken in ready),
        "first in a fresh process, kernels compiled earlier": min(taken[0] for taken in ready),
        "first in a fresh process, compilation counted": min(bare),
    }
    return [
        Row(
            f"polynomial, everything included, {what}",
            plain / taken,
            goal=WHOLE_GOAL,
            note=f"{duration(taken)}; the loop would take {duration(plain)}",
        )
        for what, taken in cases.items()
    ]


def _fresh_seconds(size: Size, sweeps: int, cache: str | None = None) -> list[float]:
    """Seconds of the sweeps of a fresh process, with the kernels of this machine or in a folder that has none."""
    variables = {} if cache is None else {"AYLA_CACHE_DIR": cache}
    answer = fresh.call("measure.sweep:whole_seconds", variables, side=size.side, steps=size.steps, repeats=sweeps)
    times: list[float] = answer.value
    return times


# ---- without compiled kernels ----------------------------------------------------------------------------------------


def _fallback_row(name: str, size: Size, loop: float) -> Row:
    arguments = {"side": size.side, "steps": size.fallback_steps, "block": size.fallback_block}
    variables = {"AYLA_NATIVE": "0"}
    threads = available_threads()
    engine = fresh.call("measure.sweep:steady_seconds", variables, name=name, threads=threads, **arguments).value
    note = f"{duration(engine)} per trial-step; loop {duration(loop)}"
    return Row(f"{CASES[name].title}, steady, PyTorch alone (AYLA_NATIVE=0)", loop / engine, note=note)
