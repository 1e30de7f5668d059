"""Runs of the network at once: what one step of one run costs, the more of them share a batch."""

from collections.abc import Callable
from dataclasses import dataclass

from ayla_core import Engine, train
from ayla_core.devices import available_threads, set_threads
from ayla_spec.optimizers import Adam
from ayla_spec.trials import TrialPlan

from measure.findings import Curve, Findings, Row, Table, at_most
from measure.images import Images, images
from measure.jobs import AYLA, CPU, Letting, advance, trials
from measure.timing import best_in_turn, duration, seconds

COUNTS = (1, 4, 16, 64, 256)
SIXTEEN = 16
_GOAL = at_most(0.7)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: about ``run_steps`` steps of all runs together in each of some rounds."""

    counts: tuple[int, ...] = COUNTS
    run_steps: int = 2048
    rounds: int = 4

    def steps(self, count: int) -> int:
        """Steps of one round of so many runs."""
        return max(4, self.run_steps // count)


_QUICK = Size(counts=(1, 4, 16, 64), run_steps=128, rounds=1)


def measure(*, quick: bool) -> Findings:
    """Seconds per run-step for several numbers of runs, over those of one alone."""
    set_threads(available_threads())
    size, data = _QUICK if quick else Size(), images(quick=quick)
    runs = {str(count): _run(data, seeded(count), size) for count in size.counts}
    runs["rates"] = _run(data, _rates(SIXTEEN), size)
    times = {name: taken / _run_steps(name, size) for name, taken in best_in_turn(runs, size.rounds).items()}
    times["driven"] = _driven_seconds(data, seeded(SIXTEEN), size)
    alone = times["1"]
    curve = [times[str(count)] / alone for count in size.counts]
    lines = [
        (count, duration(times[str(count)]), round(ratio, 3)) for count, ratio in zip(size.counts, curve, strict=True)
    ]
    about = (
        f"Data: {data.title}; Adam with AYLA, every step recorded, {available_threads()} threads: one run alone shares "
        "out its products over all of them, several runs take one each."
    )
    return Findings(
        _rows(times, alone),
        tables=[Table(("runs at once", "time per run-step", "over one alone"), lines)],
        remarks=[about],
        curve=Curve("trials-curve", size.counts, curve, SIXTEEN, _GOAL.bound),
    )


def _rows(times: dict[str, float], alone: float) -> list[Row]:
    against = f"; alone {duration(alone)}"
    wanted = {
        str(SIXTEEN): ("16 runs with different seeds, time per run-step over one alone", _GOAL),
        "rates": ("16 runs with one seed and different learning rates, the same", _GOAL),
        "driven": ("16 runs with different seeds as a worker drives them, checkpoints included", None),
    }
    return [
        Row(what, times[name] / alone, goal=goal, note=duration(times[name]) + against)
        for name, (what, goal) in wanted.items()
    ]


def seeded(count: int) -> list[TrialPlan]:
    """Runs that differ in their seeds only."""
    return trials([Adam(learning_rate=1e-3, ayla=AYLA)] * count, seeds=range(count))


def _rates(count: int) -> list[TrialPlan]:
    """Runs that differ in their learning rates only, from 1e-4 to 1e-2."""
    rates = [10 ** (-4 + 2 * place / (count - 1)) for place in range(count)]
    return trials([Adam(learning_rate=rate, ayla=AYLA) for rate in rates])


def _run_steps(name: str, size: Size) -> int:
    count = int(name) if name.isdigit() else SIXTEEN
    return count * size.steps(count)


def _run(data: Images, plans: list[TrialPlan], size: Size) -> Callable[[], None]:
    """The next steps of a batch in one block."""
    steps = size.steps(len(plans))
    spec = data.spec(steps * (size.rounds + 2), metrics_every=10_000)
    engine = Engine(spec, plans, CPU, data.source)
    return lambda: advance(engine, steps, steps)


def _driven_seconds(data: Images, plans: list[TrialPlan], size: Size) -> float:
    """Seconds per run-step of a batch in blocks of growing length, each with rows and a checkpoint."""
    steps = size.steps(len(plans))
    engine = Engine(data.spec(steps * 4 * (size.rounds + 1), metrics_every=10_000), plans, CPU, data.source)
    return min(_drive(engine, steps) for _ in range(size.rounds)) / len(plans)


def _drive(engine: Engine, steps: int) -> float:
    """Seconds per step of at least some steps, as many as the last block ends after."""
    first = engine.step
    taken = seconds(lambda: train(engine, Letting(), should_stop=lambda: engine.step >= first + steps))
    return taken / (engine.step - first)
