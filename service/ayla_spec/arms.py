"""Arms of a job: the entries of its optimizers with their axes, and how many settings each has.

Nothing is listed or drawn here: counts follow from the axes alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from ayla_spec.axes import Axis, axes_of
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.paths import with_numbers
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.search import Search, SubmittedSearch

Problem = ExpressionProblem | DatasetProblem

PROBLEM = "problem."
START = "problem.start."


def is_variant(path: str) -> bool:
    """Whether an axis makes other problems of one: a batch size, a width. Start points differ within one problem."""
    return path.startswith(PROBLEM) and not path.startswith(START)


def pointer_of(path: str, entry: int) -> str:
    """JSON pointer to the axis at a path of an arm."""
    place = path.replace(".", "/")
    return f"/{place}" if path.startswith(PROBLEM) else f"/optimizers/{entry}/{place}"


def has_axes(problem: Problem, optimizers: Sequence[AnyOptimizer]) -> bool:
    """Whether any number of a job is an axis."""
    return any(True for model in (problem, *optimizers) for _ in axes_of(model))


def largest(problem: Problem) -> Problem:
    """The problem with each of its axes at its largest point: the one that costs most and whose rules are strictest."""
    found: Problem = with_numbers(problem, {path: axis.most for path, axis in axes_of(problem)})
    return found


@dataclass(frozen=True, slots=True)
class AxisGroup:
    """Axes of an arm that move as one; most are alone.

    Attributes:
        paths: of the axes.
        count: how many points they have; None for all numbers of a range.
    """

    paths: tuple[str, ...]
    count: int | None

    @property
    def is_variant(self) -> bool:
        """Whether it makes other problems of one."""
        return any(map(is_variant, self.paths))


@dataclass(frozen=True, slots=True)
class ArmSpace:
    """The settings of one entry of a job's optimizers.

    Attributes:
        entry: its place in the optimizers.
        name: the arm that it belongs to: the one it names, or its label.
        label: its label.
        first: number of its first setting in the job.
        settings: how many it has.
        axes: by path, those of the problem first.
        groups: the same in the order of a grid, the first of which changes last; first those that make other problems.
    """

    entry: int
    name: str
    label: str
    first: int
    settings: int
    axes: Mapping[str, Axis]
    groups: tuple[AxisGroup, ...]

    @property
    def block(self) -> int:
        """Settings of a grid that stand together as they are of one problem."""
        return prod(group.count or 1 for group in self.groups if not group.is_variant)


def arms_of(
    problem: Problem, optimizers: Sequence[AnyOptimizer], search: Search | SubmittedSearch | None
) -> tuple[ArmSpace, ...]:
    """The arms of a job, in the order of its optimizers.

    Args:
        problem: of the job.
        optimizers: likewise.
        search: likewise; None without axes.
    """
    return tuple(_arms(problem, optimizers, search))


def _arms(
    problem: Problem, optimizers: Sequence[AnyOptimizer], search: Search | SubmittedSearch | None
) -> Iterator[ArmSpace]:
    first = 0
    together = [] if search is None else search.together
    shared = dict(axes_of(problem, PROBLEM))
    for entry, settings in enumerate(optimizers):
        axes = shared | dict(axes_of(settings))
        groups = grouped(axes, together)
        count = settings_of(groups, search)
        label = settings.label or ""
        yield ArmSpace(entry, settings.arm or label, label, first, count, axes, groups)
        first += count


def grouped(axes: Mapping[str, Axis], together: Sequence[Sequence[str]]) -> tuple[AxisGroup, ...]:
    """The axes of an arm in groups that move as one; those that make other problems come first."""
    tied = {
        path: paths
        for group in together
        if len(paths := tuple(path for path in group if path in axes)) > 1
        for path in paths
    }
    groups = dict.fromkeys(tied.get(path, (path,)) for path in axes)
    made = [AxisGroup(paths, axes[paths[0]].count) for paths in groups]
    return tuple(sorted(made, key=lambda group: not group.is_variant))


def settings_of(groups: Sequence[AxisGroup], search: Search | SubmittedSearch | None) -> int:
    """How many settings an arm with these axes has."""
    if groups and search is not None and search.settings is not None and search.design not in (None, "grid"):
        return search.settings
    return prod(group.count or 1 for group in groups)
