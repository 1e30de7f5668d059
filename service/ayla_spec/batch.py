"""Trials of one problem as columns: what the engine computes at once, without an object for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ayla_spec.arms import PROBLEM, Problem
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.paths import number_at, with_numbers
from ayla_spec.trials import TrialPlan


@dataclass(frozen=True, slots=True, eq=False)
class TrialBatch:
    """Trials of one problem, n of them; each array has one element for each.

    Attributes:
        problem: what all of them minimize, without axes. Numbers of its start that ``columns`` has are not these.
        indices: places in the job, int64, ascending.
        templates: settings without axes, one for each arm that has trials here. Numbers of them that ``columns`` has
            are those of some trial of the arm.
        arms: the place in ``templates`` of each trial's settings, int32.
        seeds: uint32.
        columns: what differs between trials, float64 by path, such as ``learning_rate``, ``ayla.n1`` or
            ``problem.start.x.0``. NaN where a trial's arm has no such axis: its template tells the number.
    """

    problem: Problem
    indices: NDArray[np.int64]
    templates: tuple[AnyOptimizer, ...]
    arms: NDArray[np.int32]
    seeds: NDArray[np.uint32]
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, plans: Sequence[TrialPlan]) -> Self:
        """The batch of some trials that stand as objects; each setting among them is a template."""
        places: dict[int, int] = {}
        templates: list[AnyOptimizer] = []
        for plan in plans:
            if places.setdefault(plan.optimizer_index, len(templates)) == len(templates):
                templates.append(plan.settings)
        return cls(
            problem=problem,
            indices=np.array([plan.index for plan in plans], dtype=np.int64),
            templates=tuple(templates),
            arms=np.array([places[plan.optimizer_index] for plan in plans], dtype=np.int32),
            seeds=np.array([plan.seed for plan in plans], dtype=np.uint32),
        )

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def first(self) -> int:
        """The least place in the job."""
        return int(self.indices[0])

    def numbers(self, path: str, default: float = float("nan")) -> NDArray[np.float64]:
        """A number of each trial's settings, by its path: from the columns, else from the templates.

        Args:
            path: of a setting of the optimizer, such as ``ayla.n1``.
            default: for templates that have no such number, or null in its place.
        """
        given = [number_at(template, path) for template in self.templates]
        fixed = np.array([default if number is None else number for number in given], dtype=np.float64)[self.arms]
        column = self.columns.get(path)
        return fixed if column is None else np.where(np.isnan(column), fixed, column)

    def settings(self, place: int) -> AnyOptimizer:
        """The settings of one trial as an object; its names are those of the template."""
        own = {path: float(column[place]) for path, column in self.columns.items() if not path.startswith(PROBLEM)}
        filled: AnyOptimizer = with_numbers(
            self.templates[self.arms[place]], {path: number for path, number in own.items() if not isnan(number)}
        )
        return filled

    def take(self, places: slice | NDArray[np.integer] | NDArray[np.bool_]) -> "TrialBatch":
        """Some of the trials, in the order given."""
        return TrialBatch(
            problem=self.problem,
            indices=self.indices[places],
            templates=self.templates,
            arms=self.arms[places],
            seeds=self.seeds[places],
            columns={path: column[places] for path, column in self.columns.items()},
        )
