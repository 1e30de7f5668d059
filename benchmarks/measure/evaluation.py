"""What it costs to evaluate the model on whole parts of the data once an epoch (784-128-10, batch 32, float32)."""

from collections.abc import Callable
from dataclasses import dataclass

from ayla_core import Engine
from ayla_core.devices import available_threads, set_threads
from ayla_spec.metrics import PARTS, Part
from ayla_spec.optimizers import Adam, Optimizer, Sgd

from measure.findings import Findings, Goal, Row, at_most
from measure.images import Images, images
from measure.jobs import CPU, advance, alone
from measure.timing import duration, in_turn, median_ratio

_NEVER = 10_000
_BLOCKS_PER_EPOCH = 3
_CASES: dict[str, tuple[list[Part], Goal]] = {
    "on the test part": (["test"], at_most(1.05)),
    "on the training part": (["full_train"], at_most(1.45)),
    "on both": (list(PARTS), at_most(1.5)),
}
_OPTIMIZERS: dict[str, Optimizer] = {"SGD": Sgd(learning_rate=0.01), "Adam": Adam(learning_rate=0.001)}


@dataclass(frozen=True, slots=True)
class Size:
    """How often each epoch is measured."""

    rounds: int = 7


_QUICK = Size(rounds=2)


def measure(*, quick: bool) -> Findings:
    """Time of an epoch with an evaluation at its end, over one without."""
    set_threads(available_threads())
    size, data = _QUICK if quick else Size(), images(quick=quick)
    about = (
        f"Data: {data.title}; {data.samples} training and {data.test_samples} test samples, every step recorded, "
        f"{available_threads()} threads. Medians of the ratios of {size.rounds} epochs, taken in turn with those "
        "without an evaluation. The first layer, which needs no gradient of its inputs, is nearly all of this network: "
        "its forward product is half of the multiplications of a step, where deeper networks have a third."
    )
    rows = [row for name, settings in _OPTIMIZERS.items() for row in _rows(name, settings, data, size)]
    return Findings(rows, remarks=[about])


def _rows(optimizer: str, settings: Optimizer, data: Images, size: Size) -> list[Row]:
    runs = {"without": _epoch(settings, data, size, None)}
    runs |= {name: _epoch(settings, data, size, parts) for name, (parts, _) in _CASES.items()}
    times = in_turn(runs, size.rounds)
    return [
        Row(
            f"an epoch of {optimizer}, evaluated {name}",
            median_ratio(times[name], times["without"]),
            goal=goal,
            note=f"{duration(min(times[name]))} against {duration(min(times['without']))}",
        )
        for name, (_, goal) in _CASES.items()
    ]


def _epoch(settings: Optimizer, data: Images, size: Size, parts: list[Part] | None) -> Callable[[], None]:
    """The next epoch of a run, evaluated at its end; without parts nothing is, as the budget does not end here."""
    steps = data.steps_per_epoch
    every = _NEVER if parts is None else 1
    spec = data.spec(steps * (size.rounds + 3), metrics_every=every, evaluate=parts or ["test"])
    engine = Engine(spec, alone(settings), CPU, data.source)
    return lambda: advance(engine, steps, -(-steps // _BLOCKS_PER_EPOCH))
