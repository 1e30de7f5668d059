"""Trials of a resolved job, and the shards that they are cut into."""

from dataclasses import dataclass

from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.limits import PARAMETERS_PER_SHARD, TRIALS_PER_SHARD
from ayla_spec.optimizers import AnyOptimizer


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """One optimizer setting with one seed.

    Attributes:
        index: place in the job, from 0; trials of one optimizer stand together, seeds in the order given.
        optimizer_index: place of the setting in the job's optimizers.
        settings: the optimizer setting, with its label.
        seed: drives what the problem draws: data and initial weights, or start and noise of an expression.
    """

    index: int
    optimizer_index: int
    settings: AnyOptimizer
    seed: int


def plan_trials(spec: ResolvedJobSpec) -> list[TrialPlan]:
    """Every trial of the job, in order."""
    pairs = ((place, settings, seed) for place, settings in enumerate(spec.optimizers) for seed in spec.seeds)
    return [TrialPlan(index, place, settings, seed) for index, (place, settings, seed) in enumerate(pairs)]


def plan_shards(trials: list[TrialPlan], parameters: int, affordable: int) -> list[list[TrialPlan]]:
    """The trials in slices that one worker runs at once.

    Args:
        trials: of one job.
        parameters: numbers that each of them optimizes; the more, the fewer trials fit into a shard.
        affordable: how many trials a shard may have by what they cost (``costs.Cost.affordable``).
    """
    size = max(1, min(TRIALS_PER_SHARD, PARAMETERS_PER_SHARD // parameters, affordable))
    return [trials[first : first + size] for first in range(0, len(trials), size)]
