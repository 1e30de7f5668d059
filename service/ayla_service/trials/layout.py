"""What the trials of a job are: arms, their settings, and each setting with every seed, in this order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.optimizers.base import NAMES, arm_of

from ayla_service.db.models import JobRow

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


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

    @property
    def settings_total(self) -> int:
        """Settings of all arms."""
        return len(self.optimizers)

    def trials_of_setting(self, setting: int) -> range:
        """Indexes of the trials of a setting."""
        return range(setting * len(self.seeds), (setting + 1) * len(self.seeds))

    @cached_property
    def arm_names(self) -> list[str]:
        """Name of the arm of each entry; several entries can be of one arm."""
        return [arm_of({"label": "", **settings}) for settings in self.optimizers]

    def entries_of_arm(self, name: str) -> list[int]:
        """Entries of an arm; none if there is no such arm."""
        return [entry for entry, arm in enumerate(self.arm_names) if arm == name]

    @cached_property
    def flat_settings(self) -> list[dict[str, Any]]:
        """The settings of each entry by their path, without its names."""
        return [
            {path: value for path, value in flat(settings).items() if path not in NAMES} for settings in self.optimizers
        ]

    @property
    def axis_names(self) -> frozenset[str]:
        """Paths of the axes, of any arm."""
        return frozenset()

    @cached_property
    def number_names(self) -> list[str]:
        """Paths of the settings that are numbers, of any arm."""
        paths = dict.fromkeys(
            path for settings in self.flat_settings for path, value in settings.items() if _is_number(value)
        )
        return list(paths)

    def numbers(self, path: str, settings: Integers) -> Numbers:
        """A number of settings by its path; NaN where a setting has none; shape of ``settings``."""
        found = [one.get(path) for one in self.flat_settings]
        constants = np.array([float(value) if _is_number(value) else np.nan for value in found])  # type: ignore[arg-type]
        return constants[self.arms_of(settings)]

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


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their path: ``{"ayla": {"n1": 1}}`` becomes ``{"ayla.n1": 1}``; null is left out."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[prefix + name] = value
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
