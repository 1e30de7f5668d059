"""What the trials of a job are: arms, their settings, and each setting with every seed, in this order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.optimizers.base import arm_of

from ayla_service.db.models import JobRow

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrialLayout:
    """What the trials of a job are, from its stored spec.

    Attributes:
        job_id: the job.
        optimizers: entries of the resolved spec, one for each arm.
        seeds: of each setting, in order.
        first_settings: running number of the first setting of each arm, growing from 0.
    """

    job_id: str
    optimizers: Sequence[Mapping[str, Any]]
    seeds: Integers
    first_settings: Integers

    @classmethod
    def of(cls, job: JobRow) -> "TrialLayout":
        """The layout of a job."""
        return cls.of_spec(job.id, job.resolved_spec)

    @classmethod
    def of_spec(cls, job_id: str, resolved_spec: Mapping[str, Any]) -> "TrialLayout":
        """The layout of a job with this spec, as it is stored."""
        optimizers = resolved_spec["optimizers"]
        first = np.arange(len(optimizers), dtype=np.int64)
        return cls(job_id, optimizers, np.array(resolved_spec["seeds"], dtype=np.int64), first)

    def settings_of(self, index: Integers) -> Integers:
        """Running number of the setting of each trial, given its index in the job."""
        return index // len(self.seeds)

    def seeds_of(self, index: Integers) -> Integers:
        """Seed of each trial."""
        seeds: Integers = self.seeds[index % len(self.seeds)]
        return seeds

    def arms_of(self, setting: Integers) -> Integers:
        """Number of the arm of each setting."""
        return np.searchsorted(self.first_settings, setting, side="right").astype(np.int64) - 1

    def settings(self, setting: int) -> Mapping[str, Any]:
        """The settings of the optimizer, as the resolved spec has them."""
        return self.optimizers[setting]

    def label(self, setting: int) -> str:
        """Label of a setting."""
        return str(self.settings(setting).get("label") or "")

    def arm(self, setting: int) -> str:
        """Name of the arm of a setting."""
        return arm_of({"label": self.label(setting), **self.settings(setting)})
