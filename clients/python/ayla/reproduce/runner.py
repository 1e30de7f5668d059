"""The reproduction itself: submit the jobs or find them again, wait for them, fetch results and check the claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from ayla._client import Client
from ayla._clock import Clock
from ayla.planned_jobs import wait_for_all
from ayla.reproduce import gathering
from ayla.reproduce.claims import ClaimResult, OverSeeds
from ayla.reproduce.controls import Checks, RateStudy, with_controls
from ayla.reproduce.curve_claims import curve_a_claims, curve_b_claims
from ayla.reproduce.experiment import MNIST, Experiment
from ayla.reproduce.exponents import ExponentMap, exponent_claim
from ayla.reproduce.mnist import MnistExperiment, MnistRates
from ayla.reproduce.mnist_claims import mnist_claims
from ayla.reproduce.plan import PlannedJob, Role, Scale, mnist_jobs, small_jobs
from ayla.reproduce.polynomial_claims import adam_claims, sgd_claims
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy
from ayla.reproduce.submission import SubmittedJob, submit_all

CLAIMS: dict[str, Checks] = {
    "poly-sgd": sgd_claims,
    "poly-adam": adam_claims,
    "curve-a": curve_a_claims,
    "curve-b": curve_b_claims,
}


@dataclass(frozen=True, slots=True)
class Run:
    """What to run, and how.

    Attributes:
        names: presets, out of ``PRESETS``.
        scale: how much.
        fresh: whether jobs of an earlier run are left alone and everything is run anew.
    """

    names: Sequence[str]
    scale: Scale
    fresh: bool = False

    def planned(self) -> list[PlannedJob]:
        """Every job, with those of MNIST, which are submitted only where the data are."""
        return [*small_jobs(self.names, self.scale), *mnist_jobs(self.names, self.scale)]


class Watcher(Protocol):
    """Is told of the jobs."""

    def submitted(self, jobs: Sequence[SubmittedJob]) -> None:
        """Jobs that were submitted or found."""

    def seen(self, item: SubmittedJob) -> None:
        """A job as it is now, after each poll."""

    def left_out(self, names: Sequence[str]) -> None:
        """Jobs that will not be run, as their data are not there."""


def reproduce(client: Client, run: Run, *, clock: Clock, watcher: Watcher) -> ReproductionReport:
    """Run the paper's experiments on the service and check its claims by their trajectories.

    Jobs of an earlier run that was cut off, or has ended, are found again by their spec; none is submitted twice.

    Args:
        client: of the service.
        run: what to run.
        clock: for the time between polls.
        watcher: is told of the jobs.

    Raises:
        APIError: the service refused, or gave no answer for 60 seconds in a row.
    """
    jobs = _finish(client, small_jobs(run.names, run.scale), run, clock, watcher)
    missing = next((_why(item) for item in jobs if _lacks_data(item)), None)
    large = mnist_jobs(run.names, run.scale)
    if missing is None:
        jobs += _finish(client, large, run, clock, watcher)
    else:
        watcher.left_out([job.name for job in large])
    return _report(client, run, jobs, missing)


def _finish(client: Client, plan: Sequence[PlannedJob], run: Run, clock: Clock, watcher: Watcher) -> list[SubmittedJob]:
    submitted = submit_all(client, plan, fresh=run.fresh)
    watcher.submitted(submitted)
    return wait_for_all(client, submitted, clock, watcher.seen)


def _lacks_data(item: SubmittedJob) -> bool:
    return item.planned.role is Role.PROBE and not item.succeeded


def _why(item: SubmittedJob) -> str:
    return item.job.error.detail if item.job.error else f"The job that looked for the data was {item.job.state}."


def _report(client: Client, run: Run, jobs: Sequence[SubmittedJob], missing: str | None) -> ReproductionReport:
    found = {item.planned.name: item for item in jobs if item.succeeded}
    experiments = gathering.experiments(client, found)
    studies, rates = gathering.studies(client, found), gathering.rate_studies(client, found, run.scale)
    maps = gathering.exponent_maps(client, found)
    mnist, mnist_rates = gathering.mnist_experiments(client, found), gathering.mnist_rates(client, found)
    small = [result for each in experiments for result in _small_claims(each, studies, rates, maps)]
    return ReproductionReport(
        created_at=datetime.now(UTC),
        service=client.base_url,
        names=tuple(run.names),
        scale=run.scale,
        experiments=tuple(experiments),
        mnist=tuple(mnist),
        claims=(*small, *_mnist_claims(mnist, mnist_rates)),
        studies=tuple(studies),
        rates=tuple(rates),
        mnist_rates=tuple(mnist_rates),
        maps=tuple(maps),
        mnist_missing=missing,
        # Data that are not there are no failure of a run: the report says how to get them.
        jobs=tuple(item for item in jobs if missing is None or not _lacks_data(item)),
    )


def _small_claims(
    experiment: Experiment, studies: Sequence[SeedStudy], rates: Sequence[RateStudy], maps: Sequence[ExponentMap]
) -> list[ClaimResult]:
    """The claims of an experiment of sections 3.1 and 3.2, each with seeds and control; the one on exponents last."""
    checks = CLAIMS[experiment.name]
    results = [*checks(experiment)]
    study = next((study for study in studies if study.name == experiment.name), None)
    if study is not None:
        results = _with_seeds(results, study, checks)
    on_seeds = () if study is None else study.experiments
    control = next((study for study in rates if study.experiment == experiment.name), None)
    exponents = [exponent_claim(found) for found in maps if found.preset == experiment.name]
    return [*with_controls(results, experiment, checks, control, on_seeds), *exponents]


def _with_seeds(results: Sequence[ClaimResult], study: SeedStudy, checks: Checks) -> list[ClaimResult]:
    each = {experiment.seed: {result.id: result for result in checks(experiment)} for experiment in study.experiments}
    return [
        replace(result, over_seeds=OverSeeds.of({seed: of[result.id] for seed, of in each.items()}, apart=True))
        for result in results
    ]


def _mnist_claims(experiments: Sequence[MnistExperiment], rates: Sequence[MnistRates]) -> list[ClaimResult]:
    of_loss = {(study.preset, study.loss): study for study in rates}
    ordered = sorted(experiments, key=lambda found: (MNIST.index(found.preset), found.rate, found.loss))
    return [result for found in ordered for result in mnist_claims(found, of_loss.get((found.preset, found.loss)))]
