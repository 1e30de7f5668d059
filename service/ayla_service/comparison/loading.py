"""Loading of the trials of jobs from the store, by problem and optimizer setting."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ayla_spec.limits import MAX_TRIALS
from ayla_spec.optimizers.effect import LossCounts
from ayla_spec.problems import ExpressionProblem
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, SeedRun
from ayla_service.comparison.schemas import ComparedJob
from ayla_service.db.models import JobRow, TrialRow
from ayla_service.errors import ComparisonTooLarge
from ayla_service.jobs.scoping import job_of
from ayla_service.states import WITH_RESULT, TrialState
from ayla_service.teams.principal import Principal

_LONGEST_TITLE = 200

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
)


@dataclass(frozen=True, slots=True)
class ComparisonData:
    """Jobs in the order asked for, and the different problems among them."""

    jobs: list[ComparedJob]
    problems: list[ComparedProblem]


def load(session: Session, principal: Principal, job_ids: Sequence[str]) -> ComparisonData:
    """The trials of these jobs. Jobs with the same problem, budget and dtype ran the same problem.

    Raises:
        JobNotFound: if the caller's team lacks one of them.
        ComparisonTooLarge: if they have more trials than are compared at once.
    """
    rows = [job_of(session, principal, job_id) for job_id in job_ids]
    trials = sum(job.trials_total for job in rows)
    if trials > MAX_TRIALS:
        raise ComparisonTooLarge(f"{trials} trials", f"{MAX_TRIALS} trials", "Name fewer or smaller jobs.")
    problems: dict[str, ComparedProblem] = {}
    jobs = []
    for job in rows:
        key = _key(job.resolved_spec)
        problem = problems.setdefault(key, _problem(job.resolved_spec))
        number = list(problems).index(key)
        problem.job_ids.append(job.id)
        _add_trials(session, job, problem, number)
        jobs.append(_job(job, number))
    return ComparisonData(jobs, list(problems.values()))


def _job(job: JobRow, problem: int) -> ComparedJob:
    return ComparedJob(id=job.id, name=job.name, state=job.state, problem=problem, trials=job.trials_total)


def _key(resolved: dict[str, Any]) -> str:
    return json.dumps([resolved["problem"], resolved["budget"], resolved["dtype"]], sort_keys=True)


def _problem(resolved: dict[str, Any]) -> ComparedProblem:
    problem = resolved["problem"]
    return ComparedProblem(
        title=_title(problem),
        steps=resolved["budget"]["steps"],
        dtype=resolved["dtype"],
        mini_batches=problem.get("batch_size") is not None,
    )


def _title(problem: dict[str, Any]) -> str:
    is_dataset = problem["type"] == "dataset"
    title = f"{problem['model']['name']} on {problem['dataset']['name']}" if is_dataset else str(problem["expression"])
    drawn = _randomness(problem)
    marks = f" ({', '.join(drawn)})" if drawn else ""
    room = _LONGEST_TITLE - len(marks)
    return (title if len(title) <= room else f"{title[: room - 1]}…") + marks


def _randomness(problem: dict[str, Any]) -> list[str]:
    """What the seed of a trial decides, of an expression."""
    return ExpressionProblem.model_validate(problem).randomness if problem["type"] == "expression" else []


def _add_trials(session: Session, job: JobRow, problem: ComparedProblem, number: int) -> None:
    every, is_drawn = job.resolved_spec["record"]["every"], bool(_randomness(job.resolved_spec["problem"]))
    for row in session.execute(select(*_COLUMNS).where(TrialRow.job_id == job.id).order_by(TrialRow.index)):
        setting = problem.settings.setdefault(row.label, ComparedSetting(row.label, row.settings))
        setting.varies |= setting.optimizer != row.settings
        if row.state not in WITH_RESULT:
            setting.unfinished += 1
        elif row.seed in setting.runs:
            problem.repeated += 1
        else:
            setting.runs[row.seed] = _run(row, number, every, is_drawn=is_drawn)


def _run(row: Row[Any], problem: int, every: int, *, is_drawn: bool) -> SeedRun:
    diverged = row.state == TrialState.DIVERGED
    return SeedRun(
        trial_id=row.id,
        problem=problem,
        label=row.label,
        seed=row.seed,
        diverged=diverged,
        steps_done=row.steps_done,
        final_loss=math.inf if diverged else _number(row.final_loss),
        best_loss=_number(row.best_loss),
        best_step=row.best_step,
        wall_seconds=row.wall_seconds,
        rows=row.steps_done // every + 2,
        stored_bytes=row.stored_bytes,
        loss_counts=LossCounts.known(row.losses_below_one, row.losses_above_one),
        is_drawn=is_drawn,
    )


def _number(loss: float | None) -> float:
    return loss if loss is not None and math.isfinite(loss) else math.inf
