"""Beyond the paper: how sure a result is, over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ayla.comparison import Comparison
from ayla.models import Job, Trial
from ayla.pairing import Pairing
from ayla.reproduce.experiment import READINGS, Role

FIRST_SEED = 42
"""The seed of the paper's curve-fitting experiments; the study counts on from it."""


@dataclass(frozen=True, slots=True)
class SeedStudy:
    """An experiment repeated with other data noise and other initial weights.

    Attributes:
        name: of the preset.
        job: the job on the service.
        trials: one per method and seed.
    """

    name: str
    job: Job
    trials: tuple[Trial, ...]

    @property
    def comparison(self) -> Comparison:
        """Final losses over the seeds, and AYLA against Adam seed by seed."""
        return Comparison.of(self.job.id, self.trials)

    @property
    def summary(self) -> str:
        """The finding in one line."""
        roles = {trial.label: Role.of(trial.optimizer) for trial in self.trials}
        parts = [
            f"AYLA {READINGS[roles[pairing.label]]} {_outcome(pairing, first=place == 0)}"
            for place, pairing in enumerate(self.comparison.pairings)
        ]
        return f"{self.name} over {len(self.seeds)} seeds: {', '.join(parts)}"

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(sorted({trial.seed for trial in self.trials}))

    def final_losses(self, role: Role) -> dict[int, float | None]:
        """Final loss by seed; None where the trial diverged."""
        return {trial.seed: trial.final_loss for trial in self.trials if Role.of(trial.optimizer) is role}


def _outcome(pairing: Pairing, *, first: bool) -> str:
    if pairing.p_value is None:
        return f"ended lower than Adam in {pairing.won} of 1 run, as the seeds make no difference"
    lower = "ended lower than Adam " if first else ""
    return f"{lower}on {pairing.won} of {pairing.seeds} (sign test p = {pairing.p_value:.2g})"


def study_seeds(count: int) -> Sequence[int]:
    """``count`` seeds, the paper's first."""
    return range(FIRST_SEED, FIRST_SEED + count)
