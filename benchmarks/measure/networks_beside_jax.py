"""The network beside JAX: the same batches, bookkeeping and evaluation, in turn in one process.

Needs the extra ``benchmark``. JAX is imported in fresh processes alone, after they have been pinned.
"""

import importlib.metadata
import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads
from ayla_core.steppers import Stepper, choose_stepper
from ayla_spec.batch import TrialBatch
from ayla_spec.optimizers import Adam, Sgd

from measure import fresh
from measure.findings import Findings, Goal, Row, at_least
from measure.images import Images, generated, images
from measure.jobs import AYLA, CPU, advance, trials
from measure.plain import LEARNING_RATES
from measure.timing import best_in_turn, duration

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
    """How much is measured: steps of one run and of sixteen in each of many short bursts."""

    alone: int = 48
    together: int = 4
    rounds: int = 60
    kinds: tuple[str, ...] = tuple(_KINDS)


_QUICK = Size(rounds=2, kinds=("Adam with AYLA",))


def measure(*, quick: bool) -> Findings:
    """JAX's time over the engine's: an epoch of one run with its evaluation, and steps of sixteen."""
    if importlib.util.find_spec("jax") is None:
        return Findings([Row("networks beside JAX", None, note="JAX is not installed: pip install -e '.[benchmark]'")])
    size, data = _QUICK if quick else Size(), images(quick=quick)
    rows = []
    for threads in sorted({1, available_threads()}):
        rows += _rows(size, data, threads, f"{threads} thread{'s'[: threads - 1]}", quick=quick)
    if data.source is not None:
        dense = Size(size.alone, size.together, size.rounds, ("SGD", "Adam"))
        where = "1 thread, data without zeros"
        rows += _rows(dense, generated(quick=quick), 1, where, quick=quick, dense=True)
    remark = (
        f"Data: {data.title}, float32, every step recorded. An epoch is {data.steps_per_epoch} steps of one run and "
        f"its evaluation on the test part; {SIXTEEN} runs have different seeds. In turn with jit(scan) in JAX "
        f"{importlib.metadata.version('jax')}, which takes the same batches and keeps the same books; its {SIXTEEN} "
        "runs are one vmap, or on one thread, where that is faster, one after the other. Processes are pinned. Ratios "
        f"of the shortest of {size.rounds} bursts of {size.alone} or {size.together} steps."
    )
    return Findings(rows, remarks=[remark])


def _rows(size: Size, data: Images, threads: int, where: str, *, quick: bool, dense: bool = False) -> list[Row]:
    arguments = {"alone": size.alone, "together": size.together, "rounds": size.rounds, "kinds": size.kinds}
    target = "measure.networks_beside_jax:times"
    found = fresh.call(target, {}, threads=threads, quick=quick, dense=dense, **arguments).value
    rows = []
    for kind, taken in found.items():
        epochs = {name: data.steps_per_epoch * one + taken["evaluation"][name] for name, one in taken["1"].items()}
        step, test = taken["1"], taken["evaluation"]
        more = f"; a step {duration(step['engine'])} and {duration(step['jax'])}"
        more += f", the evaluation {duration(test['engine'])} and {duration(test['jax'])}"
        goal = None if dense else _GOAL
        rows.append(_row(f"{kind}, an epoch of one run, {where}", epochs, goal, more))
        rows.append(_row(f"{kind}, {SIXTEEN} runs at once, a run-step, {where}", taken[str(SIXTEEN)], goal))
    return rows


def _row(what: str, taken: Mapping[str, float], goal: Goal | None, more: str = "") -> Row:
    note = f"{duration(taken['engine'])}; JAX {duration(taken['jax'])}{more}"
    note += f"; processor time {taken['jax cpu'] / taken['engine cpu']:.2f} ×"
    return Row(what, taken["jax"] / taken["engine"], goal=goal, note=note)


# ---- in a fresh process ----------------------------------------------------------------------------------------------


def times(
    threads: int, *, quick: bool, dense: bool, alone: int, together: int, rounds: int, kinds: list[str]
) -> dict[str, Any]:
    """Seconds per run-step and of an evaluation, by kind, by number of runs or 'evaluation', and by contender."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    set_threads(threads)
    data = generated(quick=quick) if dense else images(quick=quick)
    return {kind: _times_of(kind, data, {1: alone, SIXTEEN: together}, rounds, threads) for kind in kinds}


def _times_of(
    kind: str, data: Images, sizes: Mapping[int, int], rounds: int, threads: int
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for count, steps in sizes.items():
        engine, peer = _engine(kind, data, count, steps * (rounds + 1)), _peer(kind, data, count, threads)
        runs: dict[str, Callable[[], Any]] = {
            "engine": lambda engine=engine, steps=steps: advance(engine, steps, steps),
            "jax": lambda peer=peer, steps=steps: peer.advance(steps),
        }
        best = _in_turn(runs, rounds)
        found[str(count)] = {name: taken / (count * steps) for name, taken in best.items()}
    judge = _stepper(kind, data)
    evaluations: dict[str, Callable[[], Any]] = {
        "engine": lambda: judge.metrics(("test",)), "jax": _peer(kind, data, 1, threads).evaluate,
    }  # fmt: skip
    found["evaluation"] = _in_turn(evaluations, rounds)
    return found


def _in_turn(runs: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The shortest time of each, and the least processor time under its name with 'cpu' behind."""
    spent: dict[str, list[float]] = {name: [] for name in runs}

    def counted(name: str) -> None:
        before = time.process_time()
        runs[name]()
        spent[name].append(time.process_time() - before)

    best = best_in_turn({name: partial(counted, name) for name in runs}, rounds)
    return best | {f"{name} cpu": min(taken[1:]) for name, taken in spent.items()}


def _settings(kind: str) -> Sgd | Adam:
    name, scaled = _KINDS[kind]
    made: Sgd | Adam = {"sgd": Sgd, "adam": Adam}[name](
        learning_rate=LEARNING_RATES[name], ayla=AYLA if scaled else None
    )
    return made


def _engine(kind: str, data: Images, count: int, steps: int) -> Engine:
    plans = trials([_settings(kind)] * count, seeds=range(count))
    return Engine(data.spec(steps, metrics_every=10_000), plans, CPU, data.source)


def _stepper(kind: str, data: Images) -> Stepper:
    spec = data.spec(1)
    batch = TrialBatch.of(spec.problem, trials([_settings(kind)]))
    return choose_stepper(spec, batch, CPU, data.source).stepper


def _peer(kind: str, data: Images, count: int, threads: int) -> Any:
    from measure import jax_network

    name, scaled = _KINDS[kind]
    exponents = (AYLA.n1, AYLA.n2) if scaled else (1.0, 1.0)
    return jax_network.Training(jax_network.Run(name, *exponents), range(count), *data.arrays(), batched=threads > 1)
