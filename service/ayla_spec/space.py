"""Space of a job: the settings of its arms as columns, and its trials as batches of them.

An arm is an entry of the job's optimizers, a setting one point of its axes. Settings are numbered through all arms,
trials through all settings: the trial of setting s with the seed at place p has the index s·seeds + p.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ayla_spec.batch import Problem, TrialBatch
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.optimizers import AnyOptimizer


@dataclass(frozen=True, slots=True)
class ArmSpace:
    """The settings of one entry of a job's optimizers.

    Attributes:
        entry: its place in the optimizers.
        name: the arm that it belongs to: the one it names, or its label.
        label: its label.
        first: number of its first setting in the job.
        settings: how many it has.
        axes: by path.
    """

    entry: int
    name: str
    label: str
    first: int
    settings: int
    axes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Space:
    """The settings and trials of a job.

    Attributes:
        spec: the job.
        arms: one for each entry of its optimizers, in their order.
    """

    spec: ResolvedJobSpec
    arms: tuple[ArmSpace, ...]

    @classmethod
    def of(cls, spec: ResolvedJobSpec) -> Self:
        """The space of a job."""
        arms = [
            ArmSpace(entry, settings.arm or settings.label or "", settings.label or "", first=entry, settings=1)
            for entry, settings in enumerate(spec.optimizers)
        ]
        return cls(spec, tuple(arms))

    @property
    def settings_total(self) -> int:
        """Settings of all arms."""
        return self.arms[-1].first + self.arms[-1].settings

    @property
    def trials_total(self) -> int:
        """Settings times seeds."""
        return self.settings_total * len(self.spec.seeds)

    def arm_of(self, setting: int) -> ArmSpace:
        """The arm that a setting belongs to."""
        return self.arms[bisect_right(self.arms, setting, key=lambda arm: arm.first) - 1]

    def columns(self, arm: int, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """The axes of an arm by path: of its settings from ``start`` to before ``stop``, counted within the arm."""
        del arm, start, stop
        return {}

    def setting(self, number: int) -> AnyOptimizer:
        """The settings at a number, with label and arm."""
        return self.spec.optimizers[self.arm_of(number).entry]

    def problem_at(self, setting: int) -> Problem:
        """The problem that the trials of a setting minimize, without axes."""
        del setting
        return self.spec.problem

    def batch(self, first: int, count: int) -> TrialBatch:
        """The trials from index ``first`` on, ``count`` of them."""
        seeds = np.array(self.spec.seeds, dtype=np.uint32)
        indices = np.arange(first, first + count, dtype=np.int64)
        settings = indices // len(seeds)
        entries, arms = np.unique(settings, return_inverse=True)
        return TrialBatch(
            problem=self.problem_at(int(settings[0])),
            indices=indices,
            templates=tuple(self.setting(int(entry)) for entry in entries),
            arms=arms.astype(np.int32),
            seeds=seeds[indices % len(seeds)],
        )
