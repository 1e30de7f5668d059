"""Loading of the trials of jobs from the store, by problem and optimizer setting."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec import ResolvedJobSpec
from ayla_spec.axes import Axis, RangeAxis, ValuesAxis
from ayla_spec.datasets import DatasetSettings
from ayla_spec.expression import ExpressionError
from ayla_spec.functions import known_minimum
from ayla_spec.metrics import WHOLE_PART_METRICS, Part
from ayla_spec.problems import DatasetProblem, ExpressionProblem, ResolvedProblem
from sqlalchemy.orm import Session

from ayla_service.comparison.runs import RUN, ComparedProblem, ComparedSetting, Runs, together
from ayla_service.comparison.schemas import ComparedJob
from ayla_service.computing_time import ComputingTime
from ayla_service.db.models import JobRow
from ayla_service.errors import ComparisonTooLarge
from ayla_service.jobs.scoping import job_of, readable_spec
from ayla_service.states import TrialState
from ayla_service.teams.principal import Principal
from ayla_service.trials.columns import CODES, TrialColumns
from ayla_service.trials.reader import TrialReader

MOST_TRIALS = 100_000
"""Of all jobs of a comparison together."""

_LONGEST_TITLE = 200
_MINIMA_KEPT = 256
_AS_THEY_ARE = (
    "steps_done",
    "best_step",
    "wall_seconds",
    "stored_bytes",
    "losses_below_one",
    "losses_above_one",
    *WHOLE_PART_METRICS,
)
"""Columns that the store has as a comparison needs them."""


@dataclass(frozen=True, slots=True)
class ComparisonData:
    """Jobs in the order asked for, and the different problems among them."""

    jobs: list[ComparedJob]
    problems: list[ComparedProblem]


def load(
    session: Session, principal: Principal, job_ids: Sequence[str], time: ComputingTime, minimum: float | None = None
) -> ComparisonData:
    """The trials of these jobs. Jobs with the same problem, budget and dtype ran the same problem.

    Args:
        session: the unit of work.
        principal: on whose behalf.
        job_ids: each once.
        time: since the answer was begun.
        minimum: the least possible loss of every problem; None: what is known of each.

    Raises:
        JobNotFound: if the caller's team lacks one of them.
        SpecUnreadable: if another version of the service wrote the spec of one.
        ComparisonTooLarge: if they have more trials than are compared at once, or if it takes too long.
    """
    rows = [job_of(session, principal, job_id) for job_id in job_ids]
    trials = sum(job.trials_total for job in rows)
    if trials > MOST_TRIALS:
        raise ComparisonTooLarge(f"{trials} trials", f"{MOST_TRIALS} trials", "Name fewer or smaller jobs.")
    problems: dict[str, ComparedProblem] = {}
    jobs = []
    for job in time.over(rows):
        spec, key = readable_spec(job), problem_key(job.resolved_spec)
        if key not in problems:
            problems[key] = problem_of(spec, minimum)
        problem = problems[key]
        number = list(problems).index(key)
        problem.job_ids.append(job.id)
        _add_trials(session, job, spec, problem)
        jobs.append(_job(job, number))
    for problem in problems.values():
        for setting in problem.settings.values():
            setting.mark_unrecorded()
    return ComparisonData(jobs, list(problems.values()))


def _job(job: JobRow, problem: int) -> ComparedJob:
    return ComparedJob(id=job.id, name=job.name, state=job.state, problem=problem, trials=job.trials_total)


def problem_key(resolved: dict[str, Any]) -> str:
    """What jobs have in common that ran the same problem: equal for two of them, given their resolved specs."""
    return json.dumps([resolved["problem"], resolved["budget"], resolved["dtype"]], sort_keys=True)


def problem_of(spec: ResolvedJobSpec, minimum: float | None) -> ComparedProblem:
    """The problem of a job, on which nothing has been run yet.

    Args:
        spec: of the job.
        minimum: the least possible loss; None: what is known of it.
    """
    problem = spec.problem
    dataset = problem.dataset if isinstance(problem, DatasetProblem) else None
    parts: tuple[Part, ...] = () if dataset is None else ("full_train",)
    return ComparedProblem(
        title=_title(problem),
        steps=spec.budget.steps,
        dtype=spec.dtype,
        mini_batches=isinstance(problem, DatasetProblem) and _has_mini_batches(problem.batch_size, problem.dataset),
        parts=("test", *parts) if dataset is not None and dataset.test_samples != 0 else parts,
        has_classes=dataset is not None and dataset.has_classes,
        minimum=minimum if minimum is not None or isinstance(problem, DatasetProblem) else _known_minimum(problem),
    )


def _has_mini_batches(size: Axis | float | None, dataset: DatasetSettings) -> bool:
    """Whether a step sees a part of the samples only, as far as the settings tell; of an axis the smallest does."""
    samples = dataset.training_samples
    size = size.least if isinstance(size, ValuesAxis | RangeAxis) else size
    return size is not None and (samples is None or size < samples)


def _known_minimum(problem: ExpressionProblem) -> float | None:
    """The least value of an expression, if it is a function of the catalogue."""
    return _minimum_of(problem.expression, tuple(problem.shape.items()))


@lru_cache(maxsize=_MINIMA_KEPT)
def _minimum_of(expression: str, shape: tuple[tuple[str, int | None], ...]) -> float | None:
    try:
        return known_minimum(expression, dict(shape))
    except ExpressionError:  # in the language of another version, so none of this one's functions
        return None


def _title(problem: ResolvedProblem) -> str:
    title = (
        f"{problem.model.name} on {problem.dataset.name}" if isinstance(problem, DatasetProblem) else problem.expression
    )
    drawn = _randomness(problem)
    marks = f" ({', '.join(drawn)})" if drawn else ""
    room = _LONGEST_TITLE - len(marks)
    return (title if len(title) <= room else f"{title[: room - 1]}…") + marks


def _randomness(problem: ResolvedProblem) -> list[str]:
    """What the seed of a trial decides, of an expression."""
    return [] if isinstance(problem, DatasetProblem) else problem.randomness


def _add_trials(session: Session, job: JobRow, spec: ResolvedJobSpec, problem: ComparedProblem) -> None:
    columns = TrialReader(session).columns(job)
    traits = Runs(mini_batches=problem.mini_batches, minimum=problem.minimum, is_drawn=bool(_randomness(spec.problem)))
    table, of_setting = _table(columns, len(problem.job_ids) - 1, spec.record.every)
    ends = np.cumsum(np.bincount(of_setting, minlength=columns.layout.settings_total)).tolist()
    every = np.bincount(columns.setting, minlength=len(ends)).tolist()
    spans = zip([0, *ends], ends, every, strict=False)
    for (label, settings, numbers), (first, end, trials) in zip(columns.layout.each(), spans, strict=True):
        setting = problem.settings.get(label)
        if setting is None:
            setting = problem.settings[label] = ComparedSetting(label, dict(settings), numbers=numbers)
        setting.add(settings)
        setting.unfinished += trials - (end - first)
        problem.repeated += _add_runs(setting, replace(traits, table=table[first:end]))
    problem.seeds.update(spec.seeds)


def _add_runs(setting: ComparedSetting, runs: Runs) -> int:
    """Give a setting the runs of one more job; returns how many are left out, as it has their seeds already."""
    if not len(setting.runs):
        setting.runs = runs
        return 0
    is_new = ~np.isin(runs.seeds, setting.runs.seeds)
    table = together([setting.runs.table, runs.table[is_new]])
    setting.runs = replace(runs, table=table[np.argsort(table["seed"], kind="stable")])
    return int((~is_new).sum())


def _table(columns: TrialColumns, job: int, every: int) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """The trials with a result as rows of type ``RUN``, by setting and seed; and the setting of each.

    Args:
        columns: of the job's trials.
        job: its place among those of the problem.
        every: of how many steps one is recorded.
    """
    ended = columns.part(np.flatnonzero(columns.has_result))
    table, diverged = np.empty(len(ended), RUN), ended.state == CODES[TrialState.DIVERGED]
    for name in _AS_THEY_ARE:
        table[name] = ended[name]
    table["seed"], table["job"], table["trial"], table["diverged"] = ended.seed, job, ended.index, diverged
    final, best = ended["final_loss"], ended["best_loss"]
    table["final_loss"] = np.where(diverged | ~np.isfinite(final), np.inf, final)
    table["best_loss"] = np.where(np.isfinite(best), best, np.inf)
    table["ran_alone"] = ended["ran_alone"] == 1
    table["rows"] = ended["steps_done"] // every + 2
    for name in ("area", "steps_to_goal", "epochs_to_goal"):
        table[name] = np.nan
    order = np.lexsort((ended.seed, ended.setting))
    return table[order], ended.setting[order]
