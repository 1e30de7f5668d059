"""One job of 800 steps on the polynomial, as a user waits for it, against a plain loop."""

from dataclasses import dataclass

from ayla_core import Engine, MemoryRecorder, train
from ayla_core.devices import available_threads, set_threads
from ayla_spec.optimizers import Adam, Sgd

from measure import fresh
from measure.expressions import CASES, LEARNING_RATE, loop_run
from measure.findings import Findings, Row, at_most
from measure.jobs import AYLA, CPU, alone, polynomial
from measure.timing import best_in_turn, duration, seconds

STEPS = 800
_GOAL = at_most(1.0)
_SETTINGS = {"sgd": Sgd(learning_rate=1e-3, ayla=AYLA), "adam": Adam(learning_rate=LEARNING_RATE, ayla=AYLA)}
_TITLES = {"sgd": "SGD", "adam": "Adam"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 20
    processes: int = 3
    optimizers: tuple[str, ...] = tuple(_SETTINGS)


_QUICK = Size(rounds=3, processes=1, optimizers=("adam",))


def measure(*, quick: bool) -> Findings:
    """Seconds of the job over those of the loop: warm, first in a fresh process, and without kernels."""
    set_threads(available_threads())
    size = _QUICK if quick else Size()
    rows: list[Row] = []
    for optimizer in size.optimizers:
        runs = {"engine": lambda name=optimizer: run_job(name), "loop": lambda name=optimizer: _loop(name)}
        warm = best_in_turn(runs, size.rounds)
        first = min(_fresh_seconds(optimizer, jobs=1)[0] for _ in range(size.processes))
        bare = min(_fresh_seconds(optimizer, jobs=5, native="0")[1:])
        rows += _rows(_TITLES[optimizer], warm, first, bare)
    remark = (
        f"{STEPS} steps; engine and training with every step recorded into memory, AYLA on. The loop is plain "
        "torch.optim, built anew for each job, and records nothing."
    )
    return Findings(rows, remarks=[remark])


def _rows(title: str, warm: dict[str, float], first: float, bare: float) -> list[Row]:
    cases = [
        ("in a warm process", warm["engine"], _GOAL),
        ("first in a fresh process after the imports, kernels compiled earlier", first, None),
        ("PyTorch alone (AYLA_NATIVE=0), warm", bare, None),
    ]
    loop = warm["loop"]
    return [
        Row(
            f"{title}, job over loop, {what}", taken / loop, goal=goal, note=f"{duration(taken)}; loop {duration(loop)}"
        )
        for what, taken, goal in cases
    ]


def _fresh_seconds(optimizer: str, jobs: int, native: str = "1") -> list[float]:
    """Seconds of each of some jobs in a fresh process."""
    answer = fresh.call("measure.single:job_seconds", {"AYLA_NATIVE": native}, optimizer=optimizer, rounds=jobs)
    times: list[float] = answer.value
    return times


def run_job(optimizer: str) -> None:
    """One job from its resolved spec to its last row in memory."""
    engine = Engine(polynomial(STEPS, 1), alone(_SETTINGS[optimizer]), CPU)
    train(engine, MemoryRecorder())


def _loop(optimizer: str) -> None:
    loop_run(CASES["polynomial"], optimizer, STEPS)()


def job_seconds(optimizer: str, rounds: int) -> list[float]:
    """Seconds of each of some jobs in this process, the first one first."""
    set_threads(available_threads())
    return [seconds(lambda: run_job(optimizer)) for _ in range(rounds)]
