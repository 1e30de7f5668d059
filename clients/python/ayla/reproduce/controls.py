"""Controls: the optimizer without AYLA at its own best learning rate, held against the criterion of each claim."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ayla.models import Job, Trial
from ayla.reproduce.claims import About, ClaimResult, Control
from ayla.reproduce.experiment import VARIANTS, Experiment, Method, MethodRun

Checks = Callable[[Experiment], list[ClaimResult]]


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
        seeds: how many seeds the rate was selected on; 0: nothing is drawn, and the run itself was.
    """

    experiment: str
    job: Job
    losses: Mapping[float, float]
    judged: Mapping[float, float]
    best: MethodRun
    seeds: int

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
    results: Sequence[ClaimResult], experiment: Experiment, checks: Checks, study: RateStudy | None
) -> list[ClaimResult]:
    """The results, each with what its criterion says of the control in the place of what it is about."""
    if study is None:
        return [*results]
    in_place: dict[About, dict[str, ClaimResult]] = {
        about: {result.id: result for result in checks(experiment.with_control(study.best, methods))}
        for about, methods in ((About.PLAIN, {Method.PLAIN}), (About.AYLA, {*VARIANTS}))
    }
    return [
        replace(result, control=_control(in_place.get(result.about, {}).get(result.id), study)) for result in results
    ]


def _control(result: ClaimResult | None, study: RateStudy) -> Control | None:
    if result is None:
        return None
    name, value = next(iter(result.measured.items()))
    return Control(study.best.trial.label, name, value, result.verdict)
