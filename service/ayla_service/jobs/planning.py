"""Rows of new jobs: the job, its labels, its shards, and its points if they were drawn.

They are made before anything is stored, so that many jobs can be stored in a few statements.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ayla_spec import JobSpec, ResolvedJobSpec
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.shards import ShardPlan, plan_shards
from ayla_spec.space import Space
from ayla_spec.text import normalized
from sqlalchemy.orm import Session

from ayla_service.db.models import JobLabelRow, JobPointsRow, JobRow, ShardRow
from ayla_service.jobs.repository import JobAggregates, ShardCounts, detail_of
from ayla_service.jobs.schemas import JobDetail
from ayla_service.states import PRIORITIES, JobState, LabelKind, ShardState, TrialState
from ayla_service.teams.principal import Principal
from ayla_service.trials.points import Columns, points_rows

_AYLA = "ayla"
"""Optimizers that AYLA is applied to are found under its name too."""


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job that is not stored yet: rows of four tables, and the member who owns it."""

    owner: Principal
    job: dict[str, Any]
    labels: list[dict[str, Any]]
    shards: list[dict[str, Any]]
    points: list[dict[str, Any]] = field(default_factory=list)

    @property
    def devices(self) -> list[str]:
        """The device kind of each shard."""
        return [shard["device"] for shard in self.shards]

    def detail(self) -> JobDetail:
        """The answer of the API for the job once it is stored."""
        trials = {TrialState.QUEUED: (self.job["trials_total"], 0)}
        facts = JobAggregates(self.owner.name, trials, shards=ShardCounts(queued=len(self.shards)))
        return detail_of(JobRow(**self.job), facts)


def plan_job(
    owner: Principal,
    spec: JobSpec,
    submitted: dict[str, Any],
    resolved: ResolvedJobSpec,
    now: datetime,
    *,
    points: Sequence[Columns] | None = None,
    origin: str | None = None,
) -> PlannedJob:
    """The rows of a new job with its trials, cut into shards by their cost.

    Args:
        owner: who submits it.
        spec: the job.
        submitted: the same as its user wrote it.
        resolved: the same with every default filled in.
        now: the store's time.
        points: of each arm, if its design draws them (``design.plan_points``).
        origin: id of the trial of another job that it computes again.
    """
    space = Space.of(resolved, points)
    job = _new_job(owner, spec, submitted, resolved, now)
    trials = space.trials_total
    job |= {"trials_total": trials, "steps_total": trials * resolved.budget.steps, "origin": origin}
    job["best_due"] = True if resolved.record.trajectories == "best" else None
    labels = new_labels(job["id"], owner.team_id, now, labels_of(resolved, resolved.tags, spec.project))
    shards = [_new_shard(job, index, plan) for index, plan in enumerate(plan_shards(space))]
    return PlannedJob(owner, job, labels, shards, points_rows(job["id"], space, points or ()))


def insert_jobs(session: Session, planned: Iterable[PlannedJob]) -> None:
    """Store the jobs, in one statement for each table."""
    planned = list(planned)
    for table, rows in (
        (JobRow, [item.job for item in planned]),
        (JobLabelRow, [row for item in planned for row in item.labels]),
        (ShardRow, [row for item in planned for row in item.shards]),
        (JobPointsRow, [row for item in planned for row in item.points]),
    ):
        if rows:
            # Past the ORM, which would look at every value again.
            session.connection().execute(table.__table__.insert(), rows)  # type: ignore[attr-defined]


def _new_job(
    owner: Principal, spec: JobSpec, submitted: dict[str, Any], resolved: ResolvedJobSpec, now: datetime
) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "team_id": owner.team_id,
        "owner_id": owner.member_id,
        "name": resolved.name,
        "project": spec.project,
        "tags": resolved.tags,
        "notes": spec.notes,
        "state": JobState.QUEUED,
        "priority": PRIORITIES[spec.priority],
        "submitted_spec": submitted,
        "resolved_spec": resolved.model_dump(mode="json"),
        "search_text": search_text(resolved, resolved.name, resolved.tags, spec.project, spec.notes),
        "stored_bytes": 0,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _new_shard(job: dict[str, Any], index: int, plan: ShardPlan) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "job_id": job["id"],
        "team_id": job["team_id"],
        "owner_id": job["owner_id"],
        "index": index,
        "state": ShardState.QUEUED,
        "device": job["resolved_spec"]["device"],
        "priority": job["priority"],
        "queued_at": job["created_at"],
        "cost": plan.seconds,
        "attempt": 0,
        "failures": 0,
        "first_trial": plan.first,
        "trials": plan.trials,
        "completed": 0,
        "diverged": 0,
        "steps_done": 0,
        "completed_steps": 0,
        "diverged_steps": 0,
        "step": 0,
        "result_bytes": 0,
    }


def labels_of(resolved: ResolvedJobSpec, tags: Iterable[str], project: str | None) -> list[tuple[LabelKind, str]]:
    """The labels of a job, each once."""
    labels = [(LabelKind.TAG, tag) for tag in tags]
    labels += [(LabelKind.PROJECT, project)] if project is not None else []
    labels += [(LabelKind.PROBLEM, name) for name in _problem_names(resolved)]
    labels += [(LabelKind.OPTIMIZER, name) for name in _optimizer_names(resolved)]
    return list(dict.fromkeys(labels))


def search_text(
    resolved: ResolvedJobSpec, name: str | None, tags: Iterable[str], project: str | None, notes: str | None
) -> str:
    """The text that a search by text looks through."""
    problem = resolved.problem
    objective = [problem.expression, *problem.randomness] if isinstance(problem, ExpressionProblem) else []
    optimizers = {name or "" for settings in resolved.optimizers for name in (settings.label, settings.arm)}
    parts = [name, project, *tags, *_problem_names(resolved), *objective, *sorted(optimizers), notes]
    return searchable("\n".join(part for part in parts if part))


def searchable(text: str) -> str:
    """A text in the form in which it is stored and searched: lower case, normalized."""
    return normalized(text.lower())


def new_labels(
    job_id: str, team_id: str, created_at: Any, labels: Iterable[tuple[LabelKind, str]]
) -> list[dict[str, Any]]:
    """Rows of the table of labels."""
    return [
        {"job_id": job_id, "team_id": team_id, "created_at": created_at, "kind": kind, "label": label}
        for kind, label in labels
    ]


def _problem_names(resolved: ResolvedJobSpec) -> list[str]:
    names = [resolved.problem.type, *([resolved.preset] if resolved.preset else [])]
    return [*names, resolved.problem.dataset.name] if isinstance(resolved.problem, DatasetProblem) else list(names)


def _optimizer_names(resolved: ResolvedJobSpec) -> list[str]:
    with_ayla = [_AYLA] if any(settings.ayla is not None for settings in resolved.optimizers) else []
    return [*dict.fromkeys(settings.name for settings in resolved.optimizers), *with_ayla]
