"""Runs of the network at once on a GPU, against plain PyTorch, torch.compile and JAX on the same GPU."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
from ayla_core import Engine
from ayla_core.steppers.replay import SWITCH

from measure import plain
from measure.accelerator import Clock, best, busy, device, has_jax, nothing, share
from measure.findings import Findings, Row, Table, at_least
from measure.images import Images, images
from measure.jobs import AYLA, advance
from measure.timing import duration
from measure.together import seeded

_COLUMNS = (
    "runs at once",
    "steps/s",
    "epochs of one run/s",
    "over plain torch",
    "time in kernels",
    "JAX per run-step over ours",
)
_GOAL = at_least(1.0)
_JAX_MOST = 64
"""Runs of JAX at once: compiling and memory of more say nothing new."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    counts: tuple[int, ...] = (1, 4, 16, 64, 256, 1024)
    steps: int = 100
    rounds: int = 3
    seconds: float = 200


_QUICK = Size(counts=(1, 4), steps=4, rounds=1)


def measure(*, quick: bool) -> Findings:
    """Steps and epochs per second, and the share of the time in which kernels run."""
    where = device(quick=quick)
    if where is None:
        return nothing("runs of the network on a GPU")
    return measure_on(where, _QUICK if quick else Size(), images(quick=quick), compiles=not quick)


def measure_on(where: torch.device, size: Size, data: Images, *, compiles: bool) -> Findings:
    """The same on a device of choice."""
    clock = Clock(size.seconds)
    inputs, labels = data.tensors(where)
    loops = {"plain torch": plain.training("adam", inputs, labels)}
    remarks = [f"Data: {data.title}; Adam with AYLA, every step recorded. The peers make one run without AYLA."]
    if compiles:
        try:
            loops["torch.compile"] = plain.compiled_training("adam", inputs, labels)
        except Exception as error:  # noqa: BLE001, RUF100 - any failure of the compiler is a reason to go on without it
            remarks.append(f"torch.compile left out: {type(error).__name__}.")
    alone = {
        name: best(where, lambda loop=loop: loop(size.steps), size.rounds) / size.steps for name, loop in loops.items()
    }
    rows, lines = [], []
    for count in size.counts:
        if not clock.allows(f"{count} runs", growth=3):
            continue
        run = _engine_run(where, data, count, size)
        step = best(where, run, size.rounds) / size.steps
        shared, jax = share(busy(where, run)), _jax_step(where, data, count, size)
        ratios = {name: taken * count / step for name, taken in alone.items()}
        rows += [
            Row(
                f"{count} runs at once, run-steps per second over {name} of one",
                ratio,
                goal=_GOAL if count > 1 else None,
                note=f"{duration(step / count)} per run-step; {duration(alone[name])}",
            )
            for name, ratio in ratios.items()
        ]
        epochs = count / (step * data.steps_per_epoch)
        jax_ratio = "–" if jax is None else round(jax / step, 2)
        lines.append((count, round(1 / step, 1), round(epochs, 3), round(ratios["plain torch"], 2), shared, jax_ratio))
    rows.append(_graphs(where, data, size))
    return Findings(rows, [Table(_COLUMNS, lines)], [*remarks, *clock.remarks()])


def _engine_run(where: torch.device, data: Images, count: int, size: Size) -> Callable[[], None]:
    """The next steps of a batch, rows included."""
    budget = size.steps * (size.rounds + 5)
    engine = Engine(data.spec(budget, metrics_every=10_000), seeded(count), where, data.source)
    return lambda: advance(engine, size.steps, size.steps)


def _jax_step(where: torch.device, data: Images, count: int, size: Size) -> float | None:
    """Seconds of a step of as many runs in JAX; None where it is not measured."""
    if count > _JAX_MOST or not has_jax(where):
        return None
    from measure import jax_network

    train, test = data.arrays()
    kind = jax_network.Run("adam", AYLA.n1, AYLA.n2)
    training = jax_network.Training(kind, range(count), train, test, batched=True)
    return best(where, lambda: training.advance(size.steps), size.rounds) / size.steps


def _graphs(where: torch.device, data: Images, size: Size) -> Row:
    """What replaying recorded steps gains."""
    if where.type != "cuda":
        return Row("16 runs, steps launched one by one over steps replayed as graphs", None, note="no GPU was at hand")
    times = {}
    for switch in ("1", "0"):
        os.environ[SWITCH] = switch
        times[switch] = best(where, _engine_run(where, data, 16, size), size.rounds)
    del os.environ[SWITCH]
    note = f"{duration(times['0'] / size.steps)} against {duration(times['1'] / size.steps)} per step"
    return Row("16 runs, steps launched one by one over steps replayed as graphs", times["0"] / times["1"], note=note)
