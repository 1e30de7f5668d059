"""The network beside JAX: the same batches, bookkeeping and evaluation, in turn in one process.

Needs the extra ``benchmark``. JAX is imported in fresh processes alone, after they have been pinned.
"""

import importlib.metadata
import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads
from ayla_spec.optimizers import Adam, Sgd

from measure import fresh
from measure.findings import Findings, Goal, Row, at_least
from measure.images import Images, generated, images
from measure.jobs import AYLA, CPU, advance, trials
from measure.plain import LEARNING_RATES
from measure.timing import duration, median_ratio, seconds

_GOAL = at_least(2)
SIXTEEN = 16
_KINDS = {
    "SGD": ("sgd", False),
    "SGD with AYLA": ("sgd", True),
    "Adam": ("adam", False),
    "Adam with AYLA": ("adam", True),
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: steps of one run (None: an epoch) and of sixteen, in some rounds each."""

    alone: int | None = None
    together: int = 117
    rounds: int = 5
    kinds: tuple[str, ...] = tuple(_KINDS)


_QUICK = Size(alone=60, together=4, rounds=2, kinds=("Adam with AYLA",))


def measure(*, quick: bool) -> Findings:
    """JAX's time over the engine's, of one run and of sixteen."""
    if importlib.util.find_spec("jax") is None:
        return Findings([Row("networks beside JAX", None, note="JAX is not installed: pip install -e '.[benchmark]'")])
    size, data = _QUICK if quick else Size(), images(quick=quick)
    rows = []
    for threads in sorted({1, available_threads()}):
        where = f"{threads} thread{'s'[: threads - 1]}"
        rows += _rows(size, threads, where, _GOAL, quick=quick)
    if data.source is not None:
        dense = Size(size.alone or 400, size.together // 4 or 1, size.rounds, ("SGD", "Adam with AYLA"))
        rows += _rows(dense, available_threads(), "generated data without zeros", None, quick=quick, dense=True)
    steps = size.alone or data.steps_per_epoch
    remark = (
        f"Data: {data.title}, float32, every step recorded. One run makes {steps} steps and is evaluated on the test "
        f"part, {SIXTEEN} runs with different seeds make {size.together} steps each. In turn with jit(scan) in JAX "
        f"{importlib.metadata.version('jax')}, which takes the same batches and keeps the same books; its {SIXTEEN} "
        "runs are one vmap, or on one thread, where that is faster, one after the other. Processes are pinned. Medians "
        "of the ratios of wall-clock times taken one after the other; times are the shortest, of a step of one run."
    )
    return Findings(rows, remarks=[remark])


def _rows(size: Size, threads: int, where: str, goal: Goal | None, *, quick: bool, dense: bool = False) -> list[Row]:
    arguments = {"alone": size.alone, "together": size.together, "rounds": size.rounds, "kinds": size.kinds}
    target = "measure.networks_beside_jax:times"
    found = fresh.call(target, {}, threads=threads, quick=quick, dense=dense, **arguments).value
    return [
        _row(f"{kind}, {'one run' if count == '1' else f'{count} runs at once'}, {where}", pair, goal)
        for kind, counts in found.items()
        for count, pair in counts.items()
    ]


def _row(what: str, found: Mapping[str, Any], goal: Goal | None) -> Row:
    engine, peer = found["engine"], found["jax"]
    note = f"{duration(min(engine['wall']))} per run-step; JAX {duration(min(peer['wall']))}"
    note += f"; processor time {median_ratio(peer['cpu'], engine['cpu']):.2f} ×"
    return Row(what, median_ratio(peer["wall"], engine["wall"]), goal=goal, note=note)


# ---- in a fresh process ----------------------------------------------------------------------------------------------


def times(
    threads: int, *, quick: bool, dense: bool, alone: int | None, together: int, rounds: int, kinds: list[str]
) -> dict[str, Any]:
    """Seconds per run-step of both in every round, by kind and number of runs."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    set_threads(threads)
    data = generated(quick=quick) if dense else images(quick=quick)
    sizes = {1: alone or data.steps_per_epoch, SIXTEEN: together}
    return {
        kind: {str(count): _in_turn(_contenders(kind, data, count, steps, rounds, threads), count * steps, rounds)
               for count, steps in sizes.items()}
        for kind in kinds
    }  # fmt: skip


def _in_turn(runs: Mapping[str, Callable[[], Any]], run_steps: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {name: {"wall": [], "cpu": []} for name in runs}
    for run in runs.values():
        run()
    for number in range(rounds):
        for name in list(runs) if number % 2 == 0 else reversed(runs):
            cpu, wall = time.process_time(), seconds(runs[name])
            found[name]["wall"].append(wall / run_steps)
            found[name]["cpu"].append((time.process_time() - cpu) / run_steps)
    return found


def _contenders(
    kind: str, data: Images, count: int, steps: int, rounds: int, threads: int
) -> dict[str, Callable[[], Any]]:
    """The next steps of each, for one run with an evaluation of the test part behind them."""
    from measure import jax_network

    name, scaled = _KINDS[kind]
    ayla = AYLA if scaled else None
    settings = {"sgd": Sgd, "adam": Adam}[name](learning_rate=LEARNING_RATES[name], ayla=ayla)
    evaluates = steps == data.steps_per_epoch
    spec = data.spec(steps * (rounds + 2), metrics_every=1 if evaluates else 10_000)
    engine = Engine(spec, trials([settings] * count, seeds=range(count)), CPU, data.source)
    train, test = data.arrays()
    exponents = (AYLA.n1, AYLA.n2) if scaled else (1.0, 1.0)
    peer = jax_network.Training(jax_network.Run(name, *exponents), range(count), train, test, batched=threads > 1)

    def of_peer() -> None:
        peer.advance(steps)
        if evaluates:
            peer.evaluate()

    return {"engine": lambda: advance(engine, steps, steps), "jax": of_peer}
