"""Controls: the optimizer without AYLA at its own best learning rate, held against the criterion of each claim."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ayla.models import Job, Trial
from ayla.reproduce.claims import About, ClaimResult, Control, OverSeeds
from ayla.reproduce.experiment import VARIANTS, Experiment, Method, MethodRun

Checks = Callable[[Experiment], list[ClaimResult]]
Results = Mapping[str, ClaimResult]
"""Results of claims by their ids."""


@dataclass(frozen=True, slots=True)
class RateStudy:
    """The optimizer without AYLA at several learning rates.

    Attributes:
        experiment: the preset.
        job: the job on the service.
        losses: final loss by rate, on the seeds that the best rate is selected on, their median; infinite where it
            diverged.
        judged: final loss by rate on the seed that claims are judged on.
        best: the run at the best rate on the seed that claims are judged on.
        seeds: those that the rate was selected on; none: nothing is drawn, and the run itself was.
        on_seeds: the run at the best rate on each of the seeds beside the paper's.
        statements: the service's on AYLA at the paper's rate against the best rate, on those seeds.
    """

    experiment: str
    job: Job
    losses: Mapping[float, float]
    judged: Mapping[float, float]
    best: MethodRun
    seeds: tuple[int, ...]
    on_seeds: Mapping[int, MethodRun] = field(default_factory=dict)
    statements: tuple[str, ...] = ()

    @property
    def best_rate(self) -> float:
        """The rate with the lowest final loss."""
        return best_rate(self.losses)


def at_an_end(rate: float, rates: Iterable[float]) -> str:
    """What is to be said of a best rate that is the lowest or the highest of those that were tried."""
    ordered = sorted(rates)
    if rate not in (ordered[0], ordered[-1]):
        return ""
    return f" It is the {'lowest' if rate == ordered[0] else 'highest'} that was tried; a better one may lie beyond."


def best_rate(losses: Mapping[float, float]) -> float:
    """The rate with the lowest loss; of those that are the same to six digits the lowest rate."""
    return min(sorted(losses), key=lambda rate: float(f"{losses[rate]:.6g}"))


def final_losses(trials: Sequence[Trial], seeds: Sequence[int]) -> dict[float, float]:
    """Median final loss over seeds by learning rate; infinite where that many diverged."""
    by_rate: dict[float, list[float]] = {}
    for trial in trials:
        if trial.seed in seeds:
            loss = math.inf if trial.final_loss is None else trial.final_loss
            by_rate.setdefault(float(trial.optimizer["learning_rate"]), []).append(loss)
    return {rate: statistics.median(losses) for rate, losses in by_rate.items()}


def with_controls(
    results: Sequence[ClaimResult],
    experiment: Experiment,
    checks: Checks,
    study: RateStudy | None,
    on_seeds: Sequence[Experiment] = (),
) -> list[ClaimResult]:
    """The results, each with what its criterion says of the control in the place of what it is about.

    Args:
        results: of the claims.
        experiment: that they are about.
        checks: that made them.
        study: of the control; None: there is none.
        on_seeds: the experiment on other seeds, where nothing else than the seed differs.
    """
    if study is None:
        return [*results]
    judged = _in_place(experiment, study.best, checks)
    each = {
        one.seed: _in_place(one, study.on_seeds[one.seed], checks) for one in on_seeds if one.seed in study.on_seeds
    }
    return [replace(result, control=_control(result.id, study, judged, each)) for result in results]


def _in_place(experiment: Experiment, control: MethodRun, checks: Checks) -> Results:
    """The results of all claims, each with the control in the place of what it is about."""
    places = ((About.PLAIN, {Method.PLAIN}), (About.AYLA, {*VARIANTS}))
    return {
        result.id: result
        for about, methods in places
        for result in checks(experiment.with_control(control, methods))
        if result.about is about
    }


def _control(name: str, study: RateStudy, judged: Results, each: Mapping[int, Results]) -> Control | None:
    if name not in judged:
        return None
    over_seeds = OverSeeds.of({seed: found[name] for seed, found in each.items()}, apart=True) if each else None
    return Control.of(study.best.trial.label, judged[name], over_seeds)
