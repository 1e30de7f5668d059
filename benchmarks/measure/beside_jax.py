"""Sweeps of expressions beside JAX: the same trials, steps and bookkeeping, in turn in one process.

Needs the extra ``benchmark``. JAX is imported in fresh processes alone, after they have been pinned.
"""

import importlib.metadata
import importlib.util
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads

from measure import fresh, machine
from measure.expressions import CASES, LEARNING_RATE
from measure.findings import Findings, Row, at_least
from measure.jobs import CPU, NEVER_RECORDED, of_exponents
from measure.timing import duration, median_ratio, seconds

_STEADY, _NEW = at_least(2), at_least(3)
_NARROW = "haswell"
"""For the compiler: a processor with AVX2 and without AVX-512."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: ``side`` squared trials in blocks of steps."""

    side: int = 100
    block: int = 100
    rounds: int = 15
    cases: tuple[str, ...] = tuple(CASES)


_QUICK = Size(side=20, block=50, rounds=3, cases=("polynomial",))


def measure(*, quick: bool) -> Findings:
    """JAX's time over the engine's: steady, and for an expression that is new, with its compilation."""
    if importlib.util.find_spec("jax") is None:
        return Findings([Row("sweeps beside JAX", None, note="JAX is not installed: pip install -e '.[benchmark]'")])
    size = _QUICK if quick else Size()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for title, variables in _instruction_sets(Path(folder)).items():
            for threads in sorted({1, available_threads()}):
                arguments = {"side": size.side, "block": size.block, "rounds": size.rounds, "cases": size.cases}
                found = fresh.call("measure.beside_jax:times", variables, threads=threads, **arguments).value
                where = f"{title}, {threads} thread{'s'[: threads - 1]}"
                rows += [row for name in size.cases for row in _rows(f"{CASES[name].title}, {where}", found[name])]
    remark = (
        f"{size.side} x {size.side} trials of Adam with AYLA, N1 and N2 from 0.5 to 1.5, float64, in blocks of "
        f"{size.block} steps, in turn with jit(vmap(scan)) in JAX {_version()}, which keeps the same books: loss, best "
        "loss and step, steps below and above 1, capped steps, divergence. Processes are pinned. Medians of the ratios "
        "of wall-clock times taken one after the other; times are the shortest. New: from the expression to the end of "
        "its first block."
    )
    return Findings(rows, remarks=[remark])


def _rows(what: str, found: Mapping[str, Any]) -> list[Row]:
    engine, peer = found["engine"], found["jax"]
    cpu = median_ratio(peer["cpu"], engine["cpu"])
    note = f"{duration(min(engine['wall']))} per trial-step; JAX {duration(min(peer['wall']))}"
    note += f"; processor time {cpu:.2f} ×"
    new = f"{duration(engine['new'])}; JAX {duration(peer['new'])}"
    return [
        Row(f"{what}, steady", median_ratio(peer["wall"], engine["wall"]), goal=_STEADY, note=note),
        Row(f"{what}, new", peer["new"] / engine["new"], goal=_NEW, note=new),
    ]


def _instruction_sets(folder: Path) -> dict[str, dict[str, str]]:
    """Variables of the processes by instruction set; on a processor with AVX-512 also without it."""
    description = str(machine.description()["processor"])
    if "AVX-512" not in description:
        return {"AVX2" if machine.description()["system"].endswith("x86_64") else description: {}}
    compiler = folder / "cc"
    compiler.write_text(f'#!/bin/sh\nexec "{os.environ.get("CC") or "cc"}" "$@" -march={_NARROW}\n')
    compiler.chmod(0o700)
    narrow = {"CC": str(compiler), "AYLA_CACHE_DIR": str(folder / "cache"), "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}
    return {"AVX-512": {}, "AVX2": narrow}


def _version() -> str:
    return importlib.metadata.version("jax")


# ---- in a fresh process ----------------------------------------------------------------------------------------------


def times(threads: int, side: int, block: int, rounds: int, cases: list[str]) -> dict[str, Any]:
    """Seconds per trial-step of both in every round, and seconds of a new expression, by case."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    set_threads(threads)
    # What both pay once in a process is paid before.
    for build in _contenders("rosenbrock", 10, 1).values():
        build()()
    return {name: _case(name, side, block, rounds) for name in cases}


def _case(name: str, side: int, block: int, rounds: int) -> dict[str, Any]:
    runs: dict[str, Callable[[], Any]] = {}
    found: dict[str, Any] = {}
    for contender, build in _contenders(name, side, block).items():
        started = time.perf_counter()
        runs[contender] = build()
        runs[contender]()
        found[contender] = {"new": time.perf_counter() - started, "wall": [], "cpu": []}
    for number in range(rounds):
        for contender in list(runs) if number % 2 == 0 else reversed(runs):
            cpu, wall = time.process_time(), seconds(runs[contender])
            found[contender]["wall"].append(wall / (side**2 * block))
            found[contender]["cpu"].append((time.process_time() - cpu) / (side**2 * block))
    return found


def _contenders(name: str, side: int, block: int) -> dict[str, Callable[[], Callable[[], Any]]]:
    """What builds each contender: it gives a function that makes the next block of steps."""
    from measure import jax_peer

    case = CASES[name]
    start, exponents = tuple(case.start.values()), np.linspace(0.5, 1.5, side)
    pairs = np.array([np.repeat(exponents, side), np.tile(exponents, side)])
    spec = case.spec(NEVER_RECORDED, NEVER_RECORDED)

    def build_engine() -> Callable[[], Any]:
        engine = Engine(spec, of_exponents(spec.problem, *pairs), CPU)
        return lambda: engine.advance(block)

    def build_peer() -> Callable[[], Any]:
        return jax_peer.sweep(name, start, pairs, LEARNING_RATE, math.inf, block)

    return {"engine": build_engine, "jax": build_peer}
