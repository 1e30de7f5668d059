"""Studies over several seeds, which go beyond the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ayla.comparison import Comparison
from ayla.models import Job, Trial
from ayla.reproduce.experiment import Method

FIRST_SEED = 42
"""The seed of the paper's curve-fitting experiments; the study counts on from it."""


@dataclass(frozen=True, slots=True)
class SeedStudy:
    """An experiment repeated with other data noise and other initial weights.

    Attributes:
        name: of the preset.
        job: the job on the service.
        trials: one per method and seed.
        comparison: the service's verdicts on them.
    """

    name: str
    job: Job
    trials: tuple[Trial, ...]
    comparison: Comparison

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(sorted({trial.seed for trial in self.trials}))

    @property
    def statements(self) -> tuple[str, ...]:
        """The service's verdicts and notes, each with what it is about."""
        study = f"{self.name} over {len(self.seeds)} seeds"
        return tuple(f"{study}: {statement}" for statement in self.comparison.statements)

    def final_losses(self, method: Method) -> dict[int, float | None]:
        """Final loss by seed; None where the trial diverged."""
        return {trial.seed: trial.final_loss for trial in self.trials if Method.of(trial.optimizer) is method}


def study_seeds(count: int) -> Sequence[int]:
    """``count`` seeds, the paper's first."""
    return range(FIRST_SEED, FIRST_SEED + count)
