"""Loading of the trials of jobs from the store, by problem and optimizer setting."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ayla_spec import ResolvedJobSpec
from ayla_spec.datasets import DatasetSettings
from ayla_spec.expression import ExpressionError
from ayla_spec.functions import known_minimum
from ayla_spec.limits import MAX_TRIALS
from ayla_spec.metrics import WHOLE_PART_METRICS, Part, WholePartMetric
from ayla_spec.optimizers.effect import LossCounts
from ayla_spec.problems import DatasetProblem, ExpressionProblem, ResolvedProblem
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, SeedRun
from ayla_service.comparison.schemas import ComparedJob
from ayla_service.db.models import JobRow, TrialRow
from ayla_service.errors import ComparisonTooLarge
from ayla_service.jobs.scoping import job_of, readable_spec
from ayla_service.states import WITH_RESULT, TrialState
from ayla_service.teams.principal import Principal

_LONGEST_TITLE = 200
_MINIMA_KEPT = 256

_COLUMNS = (
    TrialRow.id,
    TrialRow.label,
    TrialRow.settings,
    TrialRow.seed,
    TrialRow.state,
    TrialRow.steps_done,
    TrialRow.final_loss,
    TrialRow.best_loss,
    TrialRow.best_step,
    TrialRow.wall_seconds,
    TrialRow.stored_bytes,
    TrialRow.losses_below_one,
    TrialRow.losses_above_one,
    TrialRow.ran_alone,
    *(getattr(TrialRow, name) for name in WHOLE_PART_METRICS),
)


@dataclass(frozen=True, slots=True)
class ComparisonData:
    """Jobs in the order asked for, and the different problems among them."""

    jobs: list[ComparedJob]
    problems: list[ComparedProblem]


def load(
    session: Session, principal: Principal, job_ids: Sequence[str], minimum: float | None = None
) -> ComparisonData:
    """The trials of these jobs. Jobs with the same problem, budget and dtype ran the same problem.

    Args:
        session: the unit of work.
        principal: on whose behalf.
        job_ids: each once.
        minimum: the least possible loss of every problem; None: what is known of each.

    Raises:
        JobNotFound: if the caller's team lacks one of them.
        SpecUnreadable: if another version of the service wrote the spec of one.
        ComparisonTooLarge: if they have more trials than are compared at once.
    """
    rows = [job_of(session, principal, job_id) for job_id in job_ids]
    trials = sum(job.trials_total for job in rows)
    if trials > MAX_TRIALS:
        raise ComparisonTooLarge(f"{trials} trials", f"{MAX_TRIALS} trials", "Name fewer or smaller jobs.")
    problems: dict[str, ComparedProblem] = {}
    jobs = []
    for job in rows:
        spec, key = readable_spec(job), problem_key(job.resolved_spec)
        if key not in problems:
            problems[key] = problem_of(spec, minimum)
        problem = problems[key]
        number = list(problems).index(key)
        problem.job_ids.append(job.id)
        _add_trials(session, job, spec, problem, number)
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
    """The problem of a job, without trials.

    Args:
        spec: of the job.
        minimum: the least possible loss; None: what is known.
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


def _has_mini_batches(size: int | None, dataset: DatasetSettings) -> bool:
    """Whether a step sees a part of the samples only, as far as the settings tell."""
    samples = dataset.training_samples
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


def _add_trials(session: Session, job: JobRow, spec: ResolvedJobSpec, problem: ComparedProblem, number: int) -> None:
    every, is_drawn = spec.record.every, bool(_randomness(spec.problem))
    for row in session.execute(select(*_COLUMNS).where(TrialRow.job_id == job.id).order_by(TrialRow.index)):
        setting = problem.settings.setdefault(row.label, ComparedSetting(row.label, row.settings))
        setting.add(row.settings)
        problem.seeds.add(row.seed)
        if row.state not in WITH_RESULT:
            setting.unfinished += 1
        elif row.seed in setting.runs:
            problem.repeated += 1
        else:
            setting.runs[row.seed] = _run(row, number, problem, every, is_drawn=is_drawn)


def _run(row: Row[Any], number: int, problem: ComparedProblem, every: int, *, is_drawn: bool) -> SeedRun:
    diverged = row.state == TrialState.DIVERGED
    return SeedRun(
        trial_id=row.id,
        problem=number,
        label=row.label,
        seed=row.seed,
        diverged=diverged,
        steps_done=row.steps_done,
        final_loss=math.inf if diverged else _number(row.final_loss),
        best_loss=_number(row.best_loss),
        best_step=row.best_step,
        wall_seconds=row.wall_seconds,
        ran_alone=row.ran_alone is True,
        rows=row.steps_done // every + 2,
        stored_bytes=row.stored_bytes,
        loss_counts=LossCounts.known(row.losses_below_one, row.losses_above_one),
        mini_batches=problem.mini_batches,
        minimum=problem.minimum,
        whole_parts=_whole_parts(row),
        is_drawn=is_drawn,
    )


def _whole_parts(row: Row[Any]) -> dict[WholePartMetric, float]:
    """What was evaluated on whole parts of the data; their columns are the last."""
    found = zip(WHOLE_PART_METRICS, row[-len(WHOLE_PART_METRICS) :], strict=True)
    return {name: value for name, value in found if value is not None}


def _number(loss: float | None) -> float:
    return loss if loss is not None and math.isfinite(loss) else math.inf
