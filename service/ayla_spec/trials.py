"""Trials of a resolved job without axes, as objects; of any job as columns: ``ayla_spec.batch``."""

from dataclasses import dataclass

from ayla_spec.jobspec import ResolvedJobSpec
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
    """Every trial of a job without axes, in order."""
    pairs = ((place, settings, seed) for place, settings in enumerate(spec.optimizers) for seed in spec.seeds)
    return [TrialPlan(index, place, settings, seed) for index, (place, settings, seed) in enumerate(pairs)]
