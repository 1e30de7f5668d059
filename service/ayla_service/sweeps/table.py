"""Table of a sweep: the settings of one job or of several as columns, each with its value over the seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ayla_service.sweeps.axes import SweepAxis, united
from ayla_service.sweeps.groups import Bools, Floats, Groups, Integers, Rule


@dataclass(frozen=True, slots=True)
class JobTrials:
    """Trials of a job as columns: first those of its first setting, seed by seed.

    Attributes:
        job_id: the job.
        arms: name of each arm.
        axes: of all arms, by path.
        arm_of: number of the arm of each setting, shape [settings].
        columns: values of the settings along each axis, shape [settings]; NaN where an arm lacks the axis.
        seeds: of the job, in its order.
        values: by the metric, less is better, shape [settings, seeds]; infinite where diverged, NaN where unknown.
        ended: which trials have ended with a result, shape [settings, seeds].
        first_nonfinite: step of each trial at which it was first not finite, shape [settings, seeds]; NaN where none.
        failed: which trials failed, shape [settings, seeds].
        cancelled: which were cancelled, likewise.
        below: losses of each trial below 1 in size, shape [settings, seeds]; NaN where nobody counted.
        above: likewise above 1.
    """

    job_id: str
    arms: tuple[str, ...]
    axes: Mapping[str, SweepAxis]
    arm_of: Integers
    columns: Mapping[str, Floats]
    seeds: tuple[int, ...]
    values: Floats
    ended: Bools
    first_nonfinite: Floats | None = None
    failed: Bools | None = None
    cancelled: Bools | None = None
    below: Floats | None = None
    above: Floats | None = None


@dataclass(frozen=True, slots=True)
class SweepTable:
    """Settings of one job or of several, arms of one name as one; every column has the shape [settings].

    Attributes:
        jobs: ids, in the order asked for.
        arms: names, in order of appearance.
        axes: of all arms, by path.
        seeds: how many different seeds there are.
        job: place of the job of each setting in ``jobs``.
        number: place of the setting in its job.
        arm: place of its arm in ``arms``.
        columns: values along each axis; NaN where an arm lacks the axis.
        value: over its seeds, less is better; infinite where diverged, NaN where no trial has one.
        low: its best seed.
        high: its worst.
        known: seeds on which it has a value.
        planned: seeds that it is run on.
        diverged: of its seeds those that diverged.
        ended: its trials that have ended with a result.
        first_nonfinite: the first step at which one of its trials was not finite; NaN where none was.
        failed: of its trials those that failed.
        cancelled: those that were cancelled.
        below: losses below 1 in size, over its seeds; NaN where nobody counted.
        above: likewise above 1.
    """

    jobs: tuple[str, ...]
    arms: tuple[str, ...]
    axes: Mapping[str, SweepAxis]
    seeds: int
    job: Integers
    number: Integers
    arm: Integers
    columns: Mapping[str, Floats]
    value: Floats
    low: Floats
    high: Floats
    known: Integers
    planned: Integers
    diverged: Integers
    ended: Integers
    first_nonfinite: Floats
    failed: Integers
    cancelled: Integers
    below: Floats
    above: Floats
    _distinct: dict[str, Floats] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def complete(self) -> Bools:
        """Settings with a value on each of their seeds: no others are judged, as their medians are of other seeds."""
        return np.equal(self.known, self.planned)

    @property
    def waiting(self) -> Bools:
        """Settings of which no trial has ended."""
        return np.equal(self.ended, 0)

    @property
    def partial(self) -> Bools:
        """Settings of which some trials have ended, and that still lack a seed's value."""
        return ~self.complete & ~self.waiting

    @property
    def judged(self) -> Floats:
        """Values of the complete settings; NaN of the others."""
        return np.where(self.complete, self.value, np.nan)

    def varies(self, arm: int, path: str) -> bool:
        """Whether the settings of an arm have several values along an axis."""
        found = self.columns[path][self.arm == arm]
        known = found[~np.isnan(found)]
        return bool(len(known)) and bool((known != known[0]).any())

    def distinct(self, path: str) -> Floats:
        """The different values that settings have along an axis, growing; sorted once, for all answers."""
        if path not in self._distinct:
            found = self.columns[path]
            self._distinct[path] = np.unique(found[~np.isnan(found)])
        return self._distinct[path]

    def values_along(self, path: str) -> int:
        """How many different values settings have along an axis."""
        return len(self.distinct(path))


def table_of(jobs: Sequence[JobTrials], rule: Rule) -> SweepTable:
    """The settings of these jobs, each with its value over the seeds.

    Args:
        jobs: of one problem, judged by one metric.
        rule: how the values of a setting become one.
    """
    arms = tuple(dict.fromkeys(name for job in jobs for name in job.arms))
    axes = _axes(jobs)
    whole = {name: np.concatenate([column[name] for column in map(_settings, jobs)]) for name in _OF_SETTINGS}
    found = [_over_seeds(job) for job in jobs]
    return SweepTable(
        jobs=tuple(job.job_id for job in jobs),
        arms=arms,
        axes=axes,
        seeds=len({seed for job in jobs for seed in job.seeds}),
        job=np.repeat(np.arange(len(jobs)), [len(job.arm_of) for job in jobs]),
        arm=np.concatenate([_renumbered(job, arms) for job in jobs]),
        columns={path: np.concatenate([_column(job, path) for job in jobs]) for path in axes},
        value=np.concatenate([groups.by(rule) for groups in found]),
        low=np.concatenate([groups.by("best") for groups in found]),
        high=np.concatenate([groups.by("worst") for groups in found]),
        **whole,
    )


_OF_SETTINGS = (
    *("number", "known", "planned", "diverged", "ended"),
    *("first_nonfinite", "failed", "cancelled", "below", "above"),
)


def _settings(job: JobTrials) -> dict[str, np.ndarray]:
    count = len(job.arm_of)
    return {
        "number": np.arange(count),
        "known": np.sum(~np.isnan(job.values), axis=1),
        "planned": np.full(count, len(job.seeds)),
        "diverged": np.sum(np.isposinf(job.values), axis=1),
        "ended": np.sum(job.ended, axis=1),
        "first_nonfinite": _earliest(job, count),
        "failed": _counted(job.failed, count),
        "cancelled": _counted(job.cancelled, count),
        "below": np.full(count, np.nan) if job.below is None else np.sum(job.below, axis=1),
        "above": np.full(count, np.nan) if job.above is None else np.sum(job.above, axis=1),
    }


def _counted(found: Bools | None, count: int) -> Integers:
    return np.zeros(count, dtype=np.int64) if found is None else np.sum(found, axis=1)


def _earliest(job: JobTrials, count: int) -> Floats:
    """Of each setting the lowest of its seeds; NaN counts only where there is nothing else."""
    steps = job.first_nonfinite
    return np.full(count, np.nan) if steps is None else np.fmin.reduce(steps, axis=1)


def _over_seeds(job: JobTrials) -> Groups:
    settings, seeds = job.values.shape
    return Groups.of(np.repeat(np.arange(settings), seeds), job.values.ravel(), settings)


def _axes(jobs: Sequence[JobTrials]) -> dict[str, SweepAxis]:
    found: dict[str, SweepAxis] = {}
    for job in jobs:
        found |= {path: united(found.get(path, axis), axis) for path, axis in job.axes.items()}
    return found


def _renumbered(job: JobTrials, arms: tuple[str, ...]) -> Integers:
    return np.array([arms.index(name) for name in job.arms], dtype=np.int64)[job.arm_of]


def _column(job: JobTrials, path: str) -> Floats:
    found = job.columns.get(path)
    return np.full(len(job.arm_of), np.nan) if found is None else found
