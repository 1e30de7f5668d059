"""The most memory that jobs have resident, each in a fresh process, beside a process that only imports PyTorch."""

from dataclasses import dataclass

from ayla_core import Engine, MemoryRecorder, train
from ayla_core.devices import available_threads, set_threads
from ayla_spec.optimizers import Adam

from measure import fresh
from measure.findings import Findings, Row, Table, at_most
from measure.jobs import AYLA, CPU, NEVER_RECORDED, Letting, alone, grid, polynomial

_GOAL = at_most(2.0)
_GIGA = 1e9


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: sides of square sweeps of ``sweep_steps`` steps, and steps of single runs."""

    sides: tuple[int, ...] = (10, 32, 100)
    sweep_steps: int = 800
    steps: tuple[int, ...] = (10_000, 100_000, 1_000_000)


_QUICK = Size(sides=(32,), steps=(10_000,))


def measure(*, quick: bool) -> Findings:
    """Peaks against the number of trials and of steps."""
    size = _QUICK if quick else Size()
    torch_alone = fresh.call("measure.bare:version").peak_bytes / _GIGA
    sweeps = {side**2: _peak("sweep", side=side, steps=size.sweep_steps) for side in size.sides}
    runs = {steps: _peak("single_run", steps=steps) for steps in size.steps}
    note = f"import torch alone: {torch_alone:.2f} GB"
    most, longest = max(sweeps), max(runs)
    rows = [
        Row(f"sweep of {most} trials, {size.sweep_steps} steps", sweeps[most], "GB", _GOAL, note),
        Row(f"one run of {longest} steps, every step recorded and let go", runs[longest], "GB", _GOAL, note),
        Row("a process that only imports PyTorch", torch_alone, "GB"),
    ]
    tables = [
        Table(("trials", "peak, GB"), [(count, round(peak, 3)) for count, peak in sweeps.items()]),
        Table(("steps", "peak, GB"), [(count, round(peak, 3)) for count, peak in runs.items()]),
    ]
    return Findings(rows, tables, ["Resident memory of the whole process, Python and PyTorch included."])


def _peak(function: str, **arguments: int) -> float:
    return fresh.call(f"measure.memory:{function}", **arguments).peak_bytes / _GIGA


def sweep(side: int, steps: int) -> None:
    """A sweep driven as a worker does, summaries only."""
    set_threads(available_threads())
    spec = polynomial(steps, NEVER_RECORDED)
    train(Engine(spec, grid(spec.problem, side), CPU), MemoryRecorder())


def single_run(steps: int) -> None:
    """One run driven as a worker does, every step recorded."""
    set_threads(available_threads())
    train(Engine(polynomial(steps, 1), alone(Adam(learning_rate=0.01, ayla=AYLA)), CPU), Letting())
