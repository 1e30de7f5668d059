"""What the trials of a job are: arms, their settings, and each setting with every seed, in this order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec import ResolvedJobSpec
from ayla_spec.arms import PROBLEM, ArmSpace
from ayla_spec.optimizers.base import NAMES, arm_of
from ayla_spec.space import Space
from pydantic import ValidationError
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow
from ayla_service.errors import SpecUnreadable
from ayla_service.trials.points import has_points, read_points, with_pieces

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
        space: its settings; None of a job without axes, whose entries are its settings.
        are_drawn: whether points of its axes were drawn, and have to be read before a setting is asked for.
    """

    job_id: str
    optimizers: Sequence[Mapping[str, Any]]
    seeds: Integers
    first_settings: Integers
    space: Space | None = None
    are_drawn: bool = False
    _last: dict[tuple[int, int, int], Mapping[str, Numbers]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, job: JobRow) -> "TrialLayout":
        """The layout of a job.

        Raises:
            SpecUnreadable: if another version of the service wrote its spec, and this one cannot read it.
        """
        return cls.of_spec(job.id, job.resolved_spec)

    @classmethod
    def of_spec(cls, job_id: str, resolved_spec: Mapping[str, Any]) -> "TrialLayout":
        """The layout of a job with this spec, as it is stored.

        Raises:
            SpecUnreadable: if another version of the service wrote it, and this one cannot read it.
        """
        try:
            optimizers = [{**settings} for settings in resolved_spec["optimizers"]]
            seeds = np.array([*resolved_spec["seeds"]], dtype=np.int64)
            if resolved_spec.get("search") is None:
                return cls(job_id, optimizers, seeds, np.arange(len(optimizers), dtype=np.int64))
            space = Space.of(ResolvedJobSpec.model_validate(resolved_spec))
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise SpecUnreadable(job_id) from error
        first = np.array([arm.first for arm in space.arms], dtype=np.int64)
        return cls(job_id, optimizers, seeds, first, space, has_points(resolved_spec))

    def with_points(self, session: Session, low: int, high: int) -> "TrialLayout":
        """The same with the points of the settings from number ``low`` to before ``high`` in memory, if any were drawn.

        Of other settings neither numbers nor labels are known then.
        """
        if self.space is None or not self.are_drawn:
            return self
        pieces = read_points(session, self.job_id, low, high)
        return replace(self, space=with_pieces(self.space, pieces), _last={})

    @property
    def settings_total(self) -> int:
        """Settings of all arms."""
        return len(self.optimizers) if self.space is None else self.space.settings_total

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
        """The settings of each entry by their path, without its names; those on axes stand at their least points."""
        found = []
        for entry, settings in enumerate(self.optimizers):
            axes = self._axes(entry)
            own = flat(filled(settings, {path: axis.least for path, axis in axes.items() if not _is_of_problem(path)}))
            found.append({path: value for path, value in own.items() if path not in NAMES} | _problem_axes(axes))
        return found

    @cached_property
    def axis_names(self) -> frozenset[str]:
        """Paths of the axes, of any arm."""
        return frozenset(path for entry in range(len(self.optimizers)) for path in self._axes(entry))

    @cached_property
    def number_names(self) -> list[str]:
        """Paths of the settings that are numbers, of any arm."""
        paths = dict.fromkeys(
            path for settings in self.flat_settings for path, value in settings.items() if _is_number(value)
        )
        return list(paths)

    def numbers(self, path: str, settings: Integers) -> Numbers:
        """A number of settings by its path; NaN where a setting has none; shape of ``settings``."""
        constants = np.array([self._constant(entry, path) for entry in range(len(self.optimizers))])
        arms = self.arms_of(settings)
        found: Numbers = constants[arms]
        for arm in () if self.space is None else self.space.arms:
            places = np.flatnonzero(arms == arm.entry) if path in arm.axes else ()
            if len(places):
                own = settings[places] - arm.first
                low, high = int(own.min()), int(own.max()) + 1
                found[places] = self._columns(arm, low, high)[path][own - low]
        return found

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
        """The settings of the optimizer, as the resolved spec has them where they are no axes."""
        if self.space is None:
            return self.optimizers[setting]
        arm = self.space.arm_of(setting)
        if not arm.axes:
            return self.optimizers[arm.entry]
        columns = self.space.columns(arm.entry, setting - arm.first, setting - arm.first + 1)
        own = {path: column[0].item() for path, column in columns.items() if not _is_of_problem(path)}
        names = {"label": self.space.label(setting), "arm": arm.name}
        return {**filled(self.optimizers[arm.entry], own, arm), **names}

    def each(self) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, float]]]:
        """Every setting in order: its label, the settings of its optimizer, and its numbers on axes of the problem.

        All points of a design that was drawn have to be in memory.
        """
        for entry, settings in enumerate(self.optimizers):
            arm = None if self.space is None else self.space.arms[entry]
            if self.space is None or arm is None or not arm.axes:
                yield str(settings.get("label") or ""), settings, {}
                continue
            columns = self.space.columns(entry, 0, arm.settings)
            rows = zip(*(column.tolist() for column in columns.values()), strict=True)
            for label, row in zip(self.space.labels(arm.first, arm.first + arm.settings), rows, strict=True):
                numbers = dict(zip(columns, row, strict=True))
                own = {path: number for path, number in numbers.items() if not _is_of_problem(path)}
                others = {path: number for path, number in numbers.items() if _is_of_problem(path)}
                yield label, {**filled(settings, own, arm), "label": label, "arm": arm.name}, others

    def label(self, setting: int) -> str:
        """Label of a setting."""
        if self.space is not None:
            return self.space.label(setting)
        return str(self.optimizers[setting].get("label") or "")

    def labels(self, settings: Integers) -> list[str]:
        """Labels of settings, which grow."""
        if self.space is None:
            return [self.label(setting) for setting in settings.tolist()]
        arms, found = self.arms_of(settings), list[str]()
        for entry in np.unique(arms).tolist():
            own = settings[arms == entry]
            low, high = int(own[0]), int(own[-1]) + 1
            labels = self.space.labels(low, high)
            found += labels if len(labels) == len(own) else [labels[place] for place in (own - low).tolist()]
        return found

    def arm(self, setting: int) -> str:
        """Name of the arm of a setting."""
        return self.arm_names[int(self.arms_of(np.array([setting]))[0])]

    def _axes(self, entry: int) -> Mapping[str, Any]:
        return {} if self.space is None else self.space.arms[entry].axes

    def _constant(self, entry: int, path: str) -> float:
        value = None if path in self._axes(entry) else self.flat_settings[entry].get(path)
        return float(value) if _is_number(value) else np.nan  # type: ignore[arg-type]

    def _columns(self, arm: ArmSpace, low: int, high: int) -> Mapping[str, Numbers]:
        """Axes of consecutive settings of an arm; those that were asked for last are kept, as others follow."""
        key = (arm.entry, low, high)
        if key not in self._last:
            self._last.clear()
            self._last[key] = self.space.columns(*key) if self.space is not None else {}
        return self._last[key]


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their path: ``{"ayla": {"n1": 1}}`` becomes ``{"ayla.n1": 1}``; null is left out."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[prefix + name] = value
    return found


def filled(settings: Mapping[str, Any], numbers: Mapping[str, float], arm: ArmSpace | None = None) -> dict[str, Any]:
    """The settings of an entry, as they are stored, with these numbers in place of its axes.

    Args:
        settings: of the entry.
        numbers: by path.
        arm: whose axes tell which numbers are whole.
    """
    found = dict(settings)
    for path, number in numbers.items():
        whole = arm is not None and arm.axes[path].is_whole
        _put(found, path.split("."), int(number) if whole else number)
    return found


def _put(settings: dict[str, Any], names: Sequence[str], number: float) -> None:
    """Put a number at a path; what is on the way is copied, as others share it."""
    name, *rest = names
    if not rest:
        settings[name] = number
        return
    below = settings[name]
    if isinstance(below, list):
        below = list(below)
        below[int(rest[0])] = number
        settings[name] = below
        return
    settings[name] = dict(below)
    _put(settings[name], rest, number)


def _is_of_problem(path: str) -> bool:
    return path.startswith(PROBLEM)


def _problem_axes(axes: Mapping[str, Any]) -> dict[str, float]:
    return {path: axis.least for path, axis in axes.items() if _is_of_problem(path)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
