"""The report of a reproduction: its results as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ayla.models import Job
from ayla.reproduce.claims import ClaimResult
from ayla.reproduce.controls import RateStudy
from ayla.reproduce.experiment import Experiment
from ayla.reproduce.exponents import ExponentMap
from ayla.reproduce.mnist import MnistExperiment, MnistRates
from ayla.reproduce.plan import Scale
from ayla.reproduce.seeds import SeedStudy
from ayla.reproduce.submission import SubmittedJob


@dataclass(frozen=True, slots=True)
class ReproductionReport:
    """The results of a reproduction.

    Attributes:
        created_at: when, in UTC.
        service: address of the service that ran it.
        names: the presets that were asked for.
        scale: how much was run.
        experiments: those of sections 3.1 and 3.2 whose job succeeded.
        mnist: those of section 3.3, one for each optimizer, rate and loss.
        claims: the results of checking each claim of those experiments.
        studies: the curves on other seeds.
        rates: the optimizers of sections 3.1 and 3.2 without AYLA at other learning rates.
        mnist_rates: those of section 3.3.
        maps: AYLA with other exponents.
        mnist_missing: why there is no section 3.3 though it was asked for; else None.
        jobs: every job of the run, in order.
    """

    created_at: datetime
    service: str
    names: tuple[str, ...]
    scale: Scale
    experiments: tuple[Experiment, ...]
    mnist: tuple[MnistExperiment, ...]
    claims: tuple[ClaimResult, ...]
    studies: tuple[SeedStudy, ...]
    rates: tuple[RateStudy, ...]
    mnist_rates: tuple[MnistRates, ...]
    maps: tuple[ExponentMap, ...]
    mnist_missing: str | None
    jobs: tuple[SubmittedJob, ...]

    @property
    def unfinished(self) -> tuple[Job, ...]:
        """Jobs that failed or were cancelled; nothing is claimed about them."""
        return tuple(item.job for item in self.jobs if not item.succeeded)

    def claims_of(self, preset: str) -> list[ClaimResult]:
        """The claims of an experiment."""
        return [result for result in self.claims if result.experiment == preset]
