"""A job with all of its rows, made before anything is stored, so that many can be stored in a few statements."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ayla_spec import JobSpec, ResolvedJobSpec
from ayla_spec.costs import cost_of
from ayla_spec.trials import TrialPlan, plan_shards, plan_trials
from sqlalchemy.orm import Session

from ayla_service.db.models import Job, JobLabel, Shard, Trial
from ayla_service.jobs.labels import labels_of, new_labels, search_text
from ayla_service.jobs.rendering import job_view
from ayla_service.jobs.views import AttemptCounts, JobView
from ayla_service.jobs.waits import Waits
from ayla_service.states import PRIORITIES, JobState, ShardState, TrialState
from ayla_service.teams.principal import Principal


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that is not stored yet: rows of four tables, and who owns it."""

    owner: Principal
    job: dict[str, Any]
    labels: list[dict[str, Any]]
    shards: list[dict[str, Any]]
    trials: list[dict[str, Any]]

    @property
    def devices(self) -> list[str]:
        """The device kind of each shard."""
        return [shard["device"] for shard in self.shards]

    def view(self) -> JobView:
        """How the job reads once it is stored."""
        waits = Waits(queued=len(self.shards))
        counts = {TrialState.QUEUED: (len(self.trials), 0)}
        return job_view(Job(**self.job), self.owner.name, counts, AttemptCounts(), waits)


def draft(
    owner: Principal, spec: JobSpec, submitted: dict[str, Any], resolved: ResolvedJobSpec, now: datetime
) -> Draft:
    """A new job with its trials, cut into shards by what they cost.

    Args:
        owner: who submits it.
        spec: the job.
        submitted: the same as its user wrote it.
        resolved: with nothing left to choose.
        now: the store's time.
    """
    plans = plan_trials(resolved)
    job = _new_job(owner, spec, submitted, resolved, now)
    job |= {"trials_total": len(plans), "steps_total": len(plans) * resolved.budget.steps}
    labels = new_labels(job["id"], owner.team_id, now, labels_of(resolved, resolved.tags, spec.project))
    shards, trials = _shards(job, resolved, plans)
    return Draft(owner, job, labels, shards, trials)


def store(session: Session, drafts: Iterable[Draft]) -> None:
    """Store the jobs, in one statement for each table."""
    drafts = list(drafts)
    for table, rows in (
        (Job, [item.job for item in drafts]),
        (JobLabel, [row for item in drafts for row in item.labels]),
        (Shard, [row for item in drafts for row in item.shards]),
        (Trial, [row for item in drafts for row in item.trials]),
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


def _shards(
    job: dict[str, Any], resolved: ResolvedJobSpec, plans: list[TrialPlan]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    cost = cost_of(resolved)
    settings = job["resolved_spec"]["optimizers"]
    shards: list[dict[str, Any]] = []
    trials: list[dict[str, Any]] = []
    for index, some in enumerate(plan_shards(plans, resolved.problem.parameters, cost.affordable())):
        shards.append(_new_shard(job, index, cost.of(len(some))))
        trials += [_new_trial(job["id"], shards[-1]["id"], plan, settings[plan.optimizer_index]) for plan in some]
    return shards, trials


def _new_shard(job: dict[str, Any], index: int, cost: float) -> dict[str, Any]:
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
        "cost": cost,
        "attempt": 0,
        "failures": 0,
    }


def _new_trial(job_id: str, shard_id: str, plan: TrialPlan, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "job_id": job_id,
        "shard_id": shard_id,
        "index": plan.index,
        "optimizer_index": plan.optimizer_index,
        "label": plan.settings.label or "",
        "settings": settings,
        "seed": plan.seed,
        "state": TrialState.QUEUED,
        "steps_done": 0,
        "capped_steps": 0,
        "wall_seconds": 0.0,
        "stored_bytes": 0,
    }
