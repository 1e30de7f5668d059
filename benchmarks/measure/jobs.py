"""Jobs and trials of the measurements, and recorders that let go of what they get."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from ayla_core import Block, Engine
from ayla_spec import JobSpec, ResolvedJobSpec, resolve
from ayla_spec.arms import Problem
from ayla_spec.batch import TrialBatch
from ayla_spec.optimizers import Adam, Ayla, Optimizer
from ayla_spec.trials import TrialPlan
from numpy.typing import NDArray

CPU = torch.device("cpu")
NEVER_RECORDED = 10_000_000
"""Distance of recorded steps that leaves only the first and the last one."""

AYLA = Ayla(n1=1.5, n2=1.0)


def job(problem: dict[str, Any], steps: int, every: int, **more: Any) -> ResolvedJobSpec:
    """A job whose optimizer is only a placeholder: its trials are made by hand."""
    optimizers = [{"name": "sgd", "learning_rate": 0.01}]
    fields = {"problem": problem, "optimizers": optimizers, "budget": {"steps": steps}, "record": {"every": every}}
    return resolve(JobSpec.model_validate(fields | more))


def polynomial(steps: int, every: int) -> ResolvedJobSpec:
    """The polynomial of the paper from -1."""
    problem = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}}
    return job(problem, steps, every)


def trials(settings: Sequence[Any], seeds: Sequence[int] | None = None) -> list[TrialPlan]:
    """One trial for each setting; all with seed 0 unless seeds are given."""
    pairs = zip(settings, seeds or [0] * len(settings), strict=True)
    return [TrialPlan(index, index, item, seed) for index, (item, seed) in enumerate(pairs)]


def grid(problem: Problem, side: int) -> TrialBatch:
    """Adam with every pair of ``side`` exponents N1 and N2 from 0.5 to 1.5."""
    exponents = np.linspace(0.5, 1.5, side)
    return of_exponents(problem, np.repeat(exponents, side), np.tile(exponents, side))


def of_exponents(problem: Problem, n1: NDArray[np.float64], n2: NDArray[np.float64]) -> TrialBatch:
    """A trial of Adam with each pair of exponents: columns of one arm, as jobs with axes come to the engine."""
    count = len(n1)
    return TrialBatch(
        problem=problem,
        indices=np.arange(count),
        templates=(Adam(learning_rate=0.01, ayla=Ayla(n1=float(n1[0]), n2=float(n2[0]))),),
        arms=np.zeros(count, dtype=np.int32),
        seeds=np.zeros(count, dtype=np.uint32),
        columns={"ayla.n1": n1, "ayla.n2": n2},
    )


def alone(settings: Optimizer) -> list[TrialPlan]:
    """A single trial."""
    return trials([settings])


class Letting:
    """A recorder that takes every row, summary and checkpoint and keeps none of them."""

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
        """Have the rows and the checkpoint made, as a recorder would that keeps every one."""
        take(block)
        checkpoint()


def take(block: Block) -> int:
    """Make the rows, metrics and summaries of a block; answers how many there are."""
    return len(block.rows) + len(block.metrics) + len(block.outcomes)


def advance(engine: Engine, steps: int, block: int) -> None:
    """Make some steps in blocks of a given length, rows and summaries included."""
    for first in range(0, steps, block):
        take(engine.advance(min(block, steps - first)))
