"""Space of a job: the settings of its arms as columns, and its trials as batches of them.

An arm is an entry of the job's optimizers, a setting one point of its axes. Settings are numbered through all arms,
trials through all settings: the trial of setting s with the seed at place p has the index s·seeds + p.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ayla_spec.arms import PROBLEM, ArmSpace, Problem, arms_of, is_variant
from ayla_spec.axis_points import points, table
from ayla_spec.batch import TrialBatch
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.paths import with_numbers
from ayla_spec.setting_labels import setting_label, setting_labels
from ayla_spec.shuffling import mixed, shuffled

Columns = Mapping[str, NDArray[np.float64]]
PointSource = Callable[[int, int, int], Columns]
"""The points of an arm that were drawn: of entry, first and last but one of its settings, the columns by path."""

_Slice = tuple[ArmSpace, int, int]


@dataclass(frozen=True, slots=True)
class Space:
    """The settings and trials of a job.

    Attributes:
        spec: the job.
        arms: one for each entry of its optimizers, in their order.
        points: of a random or sobol design; a grid has none.
    """

    spec: ResolvedJobSpec
    arms: tuple[ArmSpace, ...]
    points: PointSource | None = None

    @classmethod
    def of(cls, spec: ResolvedJobSpec, points: PointSource | Sequence[Columns] | None = None) -> Self:
        """The space of a job.

        Args:
            spec: the job.
            points: those that were drawn, if its design draws any: a function that reads them, or all of them as
                ``design.plan_points`` makes them.
        """
        source = _held(points) if isinstance(points, Sequence) else points
        return cls(spec, arms_of(spec.problem, spec.optimizers, spec.search), source)

    @property
    def settings_total(self) -> int:
        """Settings of all arms."""
        return self.arms[-1].first + self.arms[-1].settings

    @property
    def trials_total(self) -> int:
        """Settings times seeds."""
        return self.settings_total * len(self.spec.seeds)

    @property
    def has_variants(self) -> bool:
        """Whether its trials are of several problems, by batch size or widths."""
        return any(map(is_variant, self.arms[0].axes))

    def arm_of(self, setting: int) -> ArmSpace:
        """The arm that a setting belongs to."""
        return self.arms[bisect_right(self.arms, setting, key=lambda arm: arm.first) - 1]

    def columns(self, arm: int, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """The axes of an arm by path: of its settings from ``start`` to before ``stop``, counted within the arm.

        Raises:
            ValueError: if they were drawn, and the space was made without them.
        """
        space = self.arms[arm]
        if self._is_drawn(space):
            if self.points is None:
                raise ValueError("the points of this job were drawn; the space needs them")
            found = self.points(arm, start, stop)
            return {path: found[path] for path in space.axes}
        return self._listed(space, np.arange(start, stop, dtype=np.int64))

    def setting(self, number: int) -> AnyOptimizer:
        """The settings at a number, with label and arm.

        Raises:
            ValueError: as ``columns``.
        """
        arm = self.arm_of(number)
        entry = self.spec.optimizers[arm.entry]
        if not arm.axes:
            return entry
        numbers = self._numbers(arm, number)
        own = {path: value for path, value in numbers.items() if not path.startswith(PROBLEM)}
        names = {"label": self.label(number), "arm": arm.name}
        filled: AnyOptimizer = with_numbers(entry, own).model_copy(update=names)
        return filled

    def label(self, number: int) -> str:
        """The label of a setting, which no other setting of the job has."""
        arm = self.arm_of(number)
        if not arm.axes:
            return arm.label
        return setting_label(arm, number - arm.first, self._numbers(arm, number), is_drawn=self._is_drawn(arm))

    def labels(self, first: int, end: int) -> list[str]:
        """The labels of consecutive settings of one arm, from number ``first`` to before ``end``, all at once."""
        arm = self.arm_of(first)
        if not arm.axes:
            return [arm.label]
        start, stop = first - arm.first, end - arm.first
        columns = self.columns(arm.entry, start, stop)
        return setting_labels(arm, start, columns, is_drawn=self._is_drawn(arm))

    def problem_at(self, setting: int) -> Problem:
        """The problem that the trials of a setting minimize, without axes."""
        arm = self.arm_of(setting)
        return self.problem_of(self._numbers(arm, setting)) if arm.axes else self.spec.problem

    def batch(self, first: int, count: int) -> TrialBatch:
        """The trials from index ``first`` on, ``count`` of them.

        Raises:
            ValueError: if they are of more than one problem, or as ``columns``.
        """
        parts = list(self._slices(first, count))
        found = [self.columns(arm.entry, start, stop) for arm, start, stop in parts]
        heads = [{path: float(column[0]) for path, column in columns.items()} for columns in found]
        _refuse_several_problems(found, heads)
        seeds = np.array(self.spec.seeds, dtype=np.uint32)
        indices = np.arange(first, first + count, dtype=np.int64)
        settings = indices // len(seeds) - first // len(seeds)
        sizes = [stop - start for _, start, stop in parts]
        return TrialBatch(
            problem=self.problem_of(heads[0]),
            indices=indices,
            templates=tuple(self._template(arm, head) for (arm, _, _), head in zip(parts, heads, strict=True)),
            arms=np.repeat(np.arange(len(parts), dtype=np.int32), sizes)[settings],
            seeds=seeds[indices % len(seeds)],
            columns={path: column[settings] for path, column in _together(found, sizes).items()},
        )

    def _slices(self, first: int, count: int) -> Iterator[_Slice]:
        """The arms that have a part in some trials, each with its settings among them, counted within the arm."""
        seeds = len(self.spec.seeds)
        setting, end = first // seeds, -(-(first + count) // seeds)
        while setting < end:
            arm = self.arm_of(setting)
            stop = min(end, arm.first + arm.settings)
            yield arm, setting - arm.first, stop - arm.first
            setting = stop

    def _template(self, arm: ArmSpace, numbers: Mapping[str, float]) -> AnyOptimizer:
        own = {path: value for path, value in numbers.items() if not path.startswith(PROBLEM)}
        filled: AnyOptimizer = with_numbers(self.spec.optimizers[arm.entry], own)
        return filled

    def problem_of(self, numbers: Mapping[str, float]) -> Problem:
        """The problem with these numbers of the axes of an arm, by path; those of the optimizer are left out."""
        own = {path.removeprefix(PROBLEM): value for path, value in numbers.items() if path.startswith(PROBLEM)}
        filled: Problem = with_numbers(self.spec.problem, own)
        return filled

    def _numbers(self, arm: ArmSpace, setting: int) -> dict[str, float]:
        place = setting - arm.first
        return {path: float(column[0]) for path, column in self.columns(arm.entry, place, place + 1).items()}

    def _is_drawn(self, arm: ArmSpace) -> bool:
        return bool(arm.axes) and self.spec.search is not None and self.spec.search.design != "grid"

    def _listed(self, arm: ArmSpace, places: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """Points of a grid: the first group of axes changes last."""
        left = self._ordered(arm, places)
        found: dict[str, NDArray[np.float64]] = {}
        for group in reversed(arm.groups):
            left, of_group = np.divmod(left, group.count or 1)
            found |= {path: self._points(arm, path, of_group) for path in group.paths}
        return {path: found[path] for path in arm.axes}

    def _ordered(self, arm: ArmSpace, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where settings stand in the list, if they are shuffled: those of one problem among themselves."""
        search = self.spec.search
        if search is None or search.order == "listed":
            return places
        block = places // arm.block
        keys = mixed(block.astype(np.uint64) + np.uint64(search.seed << 32))
        return block * arm.block + shuffled(places % arm.block, arm.block, keys)

    def _points(self, arm: ArmSpace, path: str, places: NDArray[np.int64]) -> NDArray[np.float64]:
        axis = arm.axes[path]
        return points(axis, places) if len(places) < (axis.count or 0) else table(axis)[places]


def _held(points: Sequence[Columns]) -> PointSource:
    """Points that are in memory, as a function that reads them."""
    return lambda arm, start, stop: {path: column[start:stop] for path, column in points[arm].items()}


def _refuse_several_problems(found: Sequence[Columns], heads: Sequence[Mapping[str, float]]) -> None:
    for columns in found:
        for path, column in columns.items():
            if is_variant(path) and (column != heads[0][path]).any():
                raise ValueError(f"the trials are of several problems: {path} differs")


def _together(found: Sequence[Columns], sizes: Sequence[int]) -> dict[str, NDArray[np.float64]]:
    """The columns of all parts one below the other, NaN where a part has no such axis; none of the problem's kind."""
    paths = dict.fromkeys(path for columns in found for path in columns if not is_variant(path))
    if len(found) == 1:
        return {path: found[0][path] for path in paths}
    blank = [np.full(size, np.nan) for size in sizes]
    return {
        path: np.concatenate([columns.get(path, blank[place]) for place, columns in enumerate(found)]) for path in paths
    }
