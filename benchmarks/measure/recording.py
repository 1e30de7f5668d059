"""What it costs to record every step instead of every 1000th."""

from dataclasses import dataclass

from ayla_core import Engine, MemoryRecorder, train
from ayla_core.devices import available_threads, set_threads
from ayla_spec.optimizers import Adam

from measure.findings import Findings, Row, at_least
from measure.jobs import AYLA, CPU, alone, polynomial
from measure.timing import best_in_turn, duration

_GOAL = at_least(0.5)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    steps: int = 200_000
    rounds: int = 5


_QUICK = Size(steps=20_000, rounds=2)


def measure(*, quick: bool) -> Findings:
    """Speed with every step recorded over speed with every 1000th, one trial of the polynomial, into memory."""
    set_threads(available_threads())
    size = _QUICK if quick else Size()
    times = best_in_turn({"all": lambda: _run(size.steps, 1), "some": lambda: _run(size.steps, 1000)}, size.rounds)
    note = f"{duration(times['all'] / size.steps)} per step; {duration(times['some'] / size.steps)}"
    what = f"{size.steps} steps, every step recorded: speed over that with every 1000th"
    return Findings([Row(what, times["some"] / times["all"], goal=_GOAL, note=note)])


def _run(steps: int, every: int) -> None:
    engine = Engine(polynomial(steps, every), alone(Adam(learning_rate=0.01, ayla=AYLA)), CPU)
    train(engine, MemoryRecorder())
