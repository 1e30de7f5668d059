"""Loading of sweeps from the store: the trials of jobs of one problem as columns, with their axes and values."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from ayla_spec.arms import ArmSpace
from ayla_spec.axes import Axis, ValuesAxis
from ayla_spec.problems import DatasetProblem
from ayla_spec.space import Space
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.comparison.arms import optimizer_title
from ayla_service.comparison.loading import problem_key, problem_of
from ayla_service.comparison.metrics import choose_metrics, why_not
from ayla_service.comparison.query import ComparisonQuery, TargetMetric
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.computing_time import ComputingTime
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.errors import InvalidQuery, SweepTooLarge
from ayla_service.jobs.scoping import job_of, readable_spec
from ayla_service.states import TrialState
from ayla_service.sweeps.axes import Scale, SweepAxis, united
from ayla_service.sweeps.groups import Floats
from ayla_service.sweeps.query import MOST_TRIALS, SweepQuery
from ayla_service.sweeps.table import JobTrials
from ayla_service.sweeps.values import ended_of, first_nonfinite_of, in_state, loss_counts_of, values_of
from ayla_service.teams.principal import Principal
from ayla_service.trials.layout import flat
from ayla_service.trials.points import has_points, read_points, with_pieces
from ayla_service.trials.reader import TrialReader

_LOG_SPAN = 10
"""Ratio of the largest to the smallest value from which on a list of values counts as logarithmic."""


@dataclass(frozen=True, slots=True)
class SweptJob:
    """A job of a sweep.

    Attributes:
        id: the job.
        name: given by its user.
        state: when it was read.
        space: its settings and trials.
    """

    id: str
    name: str | None
    state: str
    space: Space

    def with_points(self, session: Session) -> "SweptJob":
        """The same with the points that were drawn in memory."""
        if not has_points(self.space.spec.model_dump(include={"search"})):
            return self
        return replace(self, space=with_pieces(self.space, read_points(session, self.id, 0, self.space.settings_total)))


@dataclass(frozen=True, slots=True)
class Sweep:
    """One job or several of one problem, and what judges their trials.

    Attributes:
        jobs: in the order asked for.
        problem: of all of them, with its metric.
        is_drawn: whether the seed decides anything; otherwise all seeds of a setting are one run.
    """

    jobs: list[SweptJob]
    problem: ComparedProblem
    is_drawn: bool

    @property
    def optimizers(self) -> dict[str, tuple[str, bool]]:
        """Of each arm the title of its optimizer without AYLA, and whether it has AYLA; of several the first's."""
        found: dict[str, tuple[str, bool]] = {}
        for job, arm in _arms(self.jobs):
            settings = job.space.spec.optimizers[arm.entry]
            kind = optimizer_title({"name": settings.name}), settings.ayla is not None
            found.setdefault(_arm_name(job.space, arm), kind)
        return found

    @property
    def metrics(self) -> list[TargetMetric]:
        """By which the trials can be judged."""
        return [metric for metric in get_args(TargetMetric) if why_not(self.problem, metric) is None]

    def read(self, session: Session, time: ComputingTime) -> list[JobTrials]:
        """The trials of all jobs, with their points read first; raises as ``trials``."""
        return self.with_points(session).trials(session, time)

    def with_points(self, session: Session) -> "Sweep":
        """The same with the points that were drawn in memory."""
        return replace(self, jobs=[job.with_points(session) for job in self.jobs])

    def trials(self, session: Session, time: ComputingTime) -> list[JobTrials]:
        """The trials of all jobs; of drawn points these have to be there.

        Raises:
            SweepTooLarge: if that takes too long.
        """
        paths = _paths(self.jobs)
        found = []
        for job in self.jobs:
            found.append(_job_trials(session, job, self.problem, paths))
            time.check()
        return found


def open_sweep(session: Session, principal: Principal, job_ids: Sequence[str], query: SweepQuery) -> Sweep:
    """The jobs of a sweep, before anything of their trials is read.

    Raises:
        JobNotFound: if the caller's team lacks one of them.
        SpecUnreadable: if another version of the service wrote the spec of one.
        SweepTooLarge: if they have more trials than one answer is made from.
        InvalidQuery: if they have different problems, or no value of the metric.
    """
    rows = [job_of(session, principal, job_id) for job_id in job_ids]
    trials = sum(row.trials_total for row in rows)
    if trials > MOST_TRIALS:
        raise SweepTooLarge(f"{trials:,} trials", f"{MOST_TRIALS:,} trials", "Name fewer or smaller jobs.")
    if len({problem_key(row.resolved_spec) for row in rows}) > 1:
        raise InvalidQuery(
            "job_id", "The jobs have different problems, budgets or dtypes; name jobs that have the same."
        )
    jobs = [SweptJob(row.id, row.name, row.state, Space.of(readable_spec(row))) for row in rows]
    problem = problem_of(jobs[0].space.spec, query.minimum)
    choose_metrics([problem], ComparisonQuery(metric=query.metric))
    reason = why_not(problem, problem.metric)
    if reason is not None:
        raise InvalidQuery("metric", f"No trial of these jobs has a value of '{problem.metric}': {reason}.")
    return Sweep(jobs, problem, _is_drawn(jobs[0].space))


def version_of(session: Session, sweep: Sweep) -> str:
    """Changes whenever the results of the jobs do, or their names; no trial is read for it."""
    digest = hashlib.sha256()
    for job in sweep.jobs:
        shards = select(ShardRow.index, ShardRow.state, ShardRow.attempt, ShardRow.completed, ShardRow.diverged)
        found = session.execute(shards.where(ShardRow.job_id == job.id).order_by(ShardRow.index)).all()
        digest.update(repr((job.id, job.name, job.state, [tuple(row) for row in found])).encode())
    return digest.hexdigest()


def _is_drawn(space: Space) -> bool:
    problem = space.spec.problem
    return isinstance(problem, DatasetProblem) or bool(problem.randomness)


def _job_trials(session: Session, job: SweptJob, problem: ComparedProblem, paths: Mapping[str, SweepAxis]) -> JobTrials:
    columns, space = TrialReader(session).columns(session.get_one(JobRow, job.id)), job.space
    names = [_arm_name(space, arm) for arm in space.arms]
    arms = tuple(dict.fromkeys(names))
    counts = [arm.settings for arm in space.arms]
    below, above = loss_counts_of(columns, space)
    return JobTrials(
        job_id=job.id,
        arms=arms,
        axes=paths,
        arm_of=np.repeat(np.array([arms.index(name) for name in names]), counts),
        columns=_columns(space, paths),
        seeds=tuple(space.spec.seeds),
        values=values_of(columns, space, problem),
        ended=ended_of(columns, space),
        first_nonfinite=first_nonfinite_of(columns, space),
        failed=in_state(columns, space, TrialState.FAILED),
        cancelled=in_state(columns, space, TrialState.CANCELLED),
        below=below,
        above=above,
    )


def _arm_name(space: Space, arm: ArmSpace) -> str:
    """Name of an arm: its own; of a setting that is in none, its optimizer's, which with AYLA is another one."""
    settings = space.spec.optimizers[arm.entry]
    if arm.axes or settings.arm is not None:
        return arm.name
    return optimizer_title(settings.model_dump(mode="json"))


def _columns(space: Space, paths: Iterable[str]) -> dict[str, Floats]:
    """The values of all settings along each axis.

    Where an arm has no such axis its settings have a number in common, or none: NaN.
    """
    axes = [space.columns(arm.entry, 0, arm.settings) if arm.axes else {} for arm in space.arms]
    common = [_numbers(space, arm) for arm in space.arms]
    return {
        path: np.concatenate(
            [
                own[path] if path in own else np.full(arm.settings, shared.get(path, np.nan))
                for arm, own, shared in zip(space.arms, axes, common, strict=True)
            ]
        )
        for path in paths
    }


def _numbers(space: Space, arm: ArmSpace) -> dict[str, float]:
    """The numbers that all settings of an arm have in common, by path."""
    found = flat(space.spec.optimizers[arm.entry].model_dump(mode="json"))
    return {
        path: float(value)
        for path, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and not _is_axis(path, arm)
    }


def _is_axis(path: str, arm: ArmSpace) -> bool:
    return any(path == axis or path.startswith(f"{axis}.") for axis in arm.axes)


def _paths(jobs: Sequence[SweptJob]) -> dict[str, SweepAxis]:
    """The axes of all jobs, and the settings that differ between entries of one arm."""
    found: dict[str, SweepAxis] = {}
    listed: dict[str, dict[str, set[float]]] = {}
    for job, arm in _arms(jobs):
        for path, axis in arm.axes.items():
            own = _axis(path, axis)
            found[path] = united(found.get(path, own), own)
        for path, number in _numbers(job.space, arm).items():
            listed.setdefault(path, {}).setdefault(_arm_name(job.space, arm), set()).add(number)
    differing = {path: of_arms for path, of_arms in listed.items() if any(len(one) > 1 for one in of_arms.values())}
    values = {path: sorted(set().union(*of_arms.values())) for path, of_arms in differing.items()}
    return found | {path: SweepAxis(path, _scale(numbers)) for path, numbers in values.items() if path not in found}


def _arms(jobs: Sequence[SweptJob]) -> Iterator[tuple[SweptJob, ArmSpace]]:
    return ((job, arm) for job in jobs for arm in job.space.arms)


def _axis(path: str, axis: Axis) -> SweepAxis:
    values = axis.values if isinstance(axis, ValuesAxis) else []
    return SweepAxis(path, axis.scale or _scale(values), is_drawn=axis.count is None)


def _scale(values: Sequence[float]) -> Scale:
    """The scale on which listed values are best told apart."""
    return "log" if values and min(values) > 0 and max(values) >= _LOG_SPAN * min(values) else "linear"
