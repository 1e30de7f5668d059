"""Studies over several seeds, which go beyond the paper."""

from __future__ import annotations

from dataclasses import dataclass

from ayla.comparison import Comparison
from ayla.models import Job
from ayla.reproduce.experiment import Experiment, Method


@dataclass(frozen=True, slots=True)
class SeedStudy:
    """An experiment repeated with other data noise and other initial weights.

    Attributes:
        name: of the preset.
        job: the job on the service.
        experiments: one per seed.
        comparison: the service's verdicts on them.
    """

    name: str
    job: Job
    experiments: tuple[Experiment, ...]
    comparison: Comparison

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(sorted({run.trial.seed for experiment in self.experiments for run in experiment.runs}))

    @property
    def statements(self) -> tuple[str, ...]:
        """The service's verdicts and notes, each with what it is about."""
        study = f"{self.name} over {len(self.seeds)} seeds"
        return tuple(f"{study}: {statement}" for statement in self.comparison.statements)

    def final_losses(self, method: Method) -> dict[int, float | None]:
        """Final loss by seed; None where the trial diverged."""
        trials = [run.trial for experiment in self.experiments for run in experiment.runs if run.method is method]
        return {trial.seed: trial.final_loss for trial in trials}
