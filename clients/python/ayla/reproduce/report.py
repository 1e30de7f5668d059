"""The report of a reproduction: its results as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ayla.models import Job
from ayla.reproduce.claims import ClaimResult
from ayla.reproduce.experiment import Experiment
from ayla.reproduce.seeds import SeedStudy


@dataclass(frozen=True, slots=True)
class ReproductionReport:
    """The results of a reproduction.

    Attributes:
        created_at: when, in UTC.
        service: address of the service that ran it.
        experiments: those whose job succeeded.
        claims: the results of checking each claim of those experiments.
        studies: the experiments repeated over several seeds, beyond the paper.
        unfinished: jobs that failed or were cancelled; nothing is claimed about them.
    """

    created_at: datetime
    service: str
    experiments: tuple[Experiment, ...]
    claims: tuple[ClaimResult, ...]
    studies: tuple[SeedStudy, ...]
    unfinished: tuple[Job, ...]
