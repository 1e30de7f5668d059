"""One run of a small network (784-128-10, batch 32, float32): the engine against its matrix products and PyTorch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads
from ayla_spec.optimizers import Adam, Ayla, Sgd

from measure import plain
from measure.findings import Findings, Row, at_least, at_most
from measure.images import Images, images
from measure.jobs import AYLA, CPU, advance, alone
from measure.timing import best_in_turn, duration

_SETTINGS: dict[str, Callable[[Ayla | None], Sgd | Adam]] = {
    "sgd": lambda ayla: Sgd(learning_rate=plain.LEARNING_RATES["sgd"], ayla=ayla),
    "adam": lambda ayla: Adam(learning_rate=plain.LEARNING_RATES["adam"], ayla=ayla),
}
_TITLES = {"sgd": "SGD", "adam": "Adam"}
_PRODUCT_GOALS = {"sgd": at_most(1.5), "adam": at_most(2.0)}
_FASTER = at_least(1.0)
_BLOCKS_PER_EPOCH = 3


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: ``steps`` per round (None: an epoch), and whether ``torch.compile`` takes part."""

    steps: int | None = None
    rounds: int = 4
    compiles: bool = True


_QUICK = Size(steps=60, rounds=2, compiles=False)


def measure(*, quick: bool) -> Findings:
    """Time of an epoch: engine over products, PyTorch over engine."""
    set_threads(available_threads())
    size, data = _QUICK if quick else Size(), images(quick=quick)
    steps = size.steps or data.steps_per_epoch
    runs, remarks = _contenders(data, steps, size)
    times = best_in_turn(runs, size.rounds)
    per_epoch = {name: taken * data.steps_per_epoch / steps for name, taken in times.items()}
    rows = [row for optimizer in _SETTINGS for row in _rows(optimizer, per_epoch)]
    about = (
        f"Data: {data.title}; {data.samples} training samples, every step recorded, {available_threads()} threads. "
        f"Times are per epoch of {data.steps_per_epoch} steps, the best of {size.rounds} rounds of {steps} steps in "
        f"turn. The five products alone take {duration(per_epoch['products'])}."
    )
    return Findings(rows, remarks=[about, *remarks])


def _contenders(data: Images, steps: int, size: Size) -> tuple[dict[str, Callable[[], Any]], list[str]]:
    """Everything that is timed, by name, and what was left out and why."""
    runs: dict[str, Callable[[], Any]] = {"products": lambda: plain.products(steps)}
    remarks: list[str] = []
    inputs, labels = data.tensors(CPU)
    for optimizer, settings in _SETTINGS.items():
        for kind, ayla in (("plain", None), ("ayla", AYLA)):
            runs[f"engine {kind} {optimizer}"] = _engine_run(data, settings(ayla), steps, size)
        loops = {"torch": plain.training(optimizer, inputs, labels)}
        loops["fused"] = plain.training(optimizer, inputs, labels, fused=True)
        try:
            loops |= {"compile": plain.compiled_training(optimizer, inputs, labels)} if size.compiles else {}
        except Exception as error:  # noqa: BLE001, RUF100 - any failure of the compiler is a reason to go on without it
            reason = next(iter(str(error).strip().splitlines()), "")
            remarks.append(f"torch.compile of {optimizer} left out: {type(error).__name__}: {reason[:200]}")
        runs |= {f"{name} {optimizer}": _bound(loop, steps) for name, loop in loops.items()}
    if not size.compiles:
        remarks.append("torch.compile left out: compiling takes longer than a quick run.")
    runs["engine tested sgd"] = _engine_run(data, _SETTINGS["sgd"](None), steps, size, tested=True)
    return runs, remarks


def _bound(loop: plain.Run, steps: int) -> Callable[[], None]:
    return lambda: loop(steps)


def _engine_run(
    data: Images, settings: Sgd | Adam, steps: int, size: Size, *, tested: bool = False
) -> Callable[[], None]:
    """The next steps of one run, rows and summaries included; an epoch at a time with or without its test metrics."""
    budget = steps * (size.rounds + 2)
    spec = data.spec(budget, metrics_every=1 if tested else 10_000)
    engine = Engine(spec, alone(settings), CPU, data.source)
    return lambda: advance(engine, steps, -(-steps // _BLOCKS_PER_EPOCH))


def _rows(optimizer: str, times: dict[str, float]) -> list[Row]:
    title = _TITLES[optimizer]
    rows = []
    for kind, name in (("plain", title), ("ayla", f"{title} with AYLA")):
        engine = times[f"engine {kind} {optimizer}"]
        goal = _PRODUCT_GOALS[optimizer]
        rows.append(_row(f"{name}, engine over its products", engine, times["products"], goal, duration(engine)))
        rows += _against_torch(name, engine, optimizer, times)
    if optimizer == "sgd" and "engine tested sgd" in times:
        tested = times["engine tested sgd"]
        what = f"{title}, engine over its products, metrics on the test data after each epoch included"
        rows.append(_row(what, tested, times["products"], None, duration(tested)))
    return rows


def _against_torch(name: str, engine: float, optimizer: str, times: dict[str, float]) -> list[Row]:
    """How many times faster the engine is than each PyTorch loop without AYLA that was measured."""
    loops = {"torch": "plain torch", "compile": "torch.compile", "fused": "torch.optim with fused=True"}
    goals = {"torch": _FASTER, "compile": _FASTER}
    return [
        _row(f"{name}, {title} over engine", times[f"{kind} {optimizer}"], engine, goals.get(kind), note)
        for kind, title in loops.items()
        if f"{kind} {optimizer}" in times
        for note in [f"{duration(times[f'{kind} {optimizer}'])} against {duration(engine)}"]
    ]


def _row(what: str, over: float, under: float, goal: Any, note: str) -> Row:
    return Row(what, over / under, goal=goal, note=note)
