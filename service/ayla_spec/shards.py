"""Shards of a job: ranges of its trials that one worker computes at once, cut by what they cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ayla_spec.arms import Problem, is_variant, largest
from ayla_spec.costs import cost_of
from ayla_spec.limits import MAX_SHARDS, PARAMETERS_PER_SHARD, TRIALS_PER_SHARD
from ayla_spec.space import Space


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """One shard.

    Attributes:
        first: index of its first trial in the job.
        trials: how many it has; they follow each other, and are of one problem.
        seconds: estimated computing time on one CPU core.
    """

    first: int
    trials: int
    seconds: float


def plan_shards(space: Space) -> list[ShardPlan]:
    """The shards of a job, in the order of their trials; as equal as they can be.

    Args:
        space: of the job, with its points if they were drawn and make several problems.
    """
    return [shard for first, stop, problem in _runs(space) for shard in _cut(space, first, stop, problem)]


def most_trials(parameters: int) -> int:
    """Trials of a shard that fit into memory.

    Args:
        parameters: numbers that each of them optimizes.
    """
    return max(1, min(TRIALS_PER_SHARD, PARAMETERS_PER_SHARD // parameters))


def _cut(space: Space, first: int, stop: int, problem: Problem) -> Iterator[ShardPlan]:
    cost = cost_of(space.spec, problem)
    # However costly trials are, a job has no more shards than the store and the queue handle well.
    size = min(most_trials(problem.parameters), max(cost.affordable(), -(-space.trials_total // MAX_SHARDS)))
    shards = -(-(stop - first) // size)
    ends = [first + (stop - first) * number // shards for number in range(shards + 1)]
    for start, end in pairwise(ends):
        yield ShardPlan(start, end - start, cost.of(end - start))


def _runs(space: Space) -> Iterator[tuple[int, int, Problem]]:
    """Trials that follow each other and are of one problem: first, last but one, and the problem."""
    if not space.has_variants:
        # Axes of the start are numbers like others, for what the problem costs.
        yield 0, space.trials_total, largest(space.spec.problem)
        return
    seeds = len(space.spec.seeds)
    for arm in space.arms:
        columns = space.columns(arm.entry, 0, arm.settings)
        differs = np.zeros(arm.settings - 1, dtype=bool)
        for path in filter(is_variant, columns):
            differs |= np.diff(columns[path]) != 0
        ends = [0, *(np.flatnonzero(differs) + 1).tolist(), arm.settings]
        for start, end in pairwise(ends):
            problem = space.problem_of({path: float(column[start]) for path, column in columns.items()})
            yield (arm.first + start) * seeds, (arm.first + end) * seeds, problem
