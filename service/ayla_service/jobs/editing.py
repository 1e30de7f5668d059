"""Changes of jobs by users: name, tags, notes, priority, archiving, retry; inside the caller's transaction."""

from collections.abc import Mapping
from typing import Any

import structlog
from ayla_spec import ResolvedJobSpec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobLabelRow, JobRow, ShardRow
from ayla_service.db.session import store_now
from ayla_service.errors import JobFinished, JobNotFound, JobUnfinished, StaleVersion
from ayla_service.jobs import repository
from ayla_service.jobs.planning import labels_of, new_labels, search_text
from ayla_service.jobs.schemas import JobDetail
from ayla_service.jobs.scoping import own_job
from ayla_service.jobs.submission import refuse_priority
from ayla_service.queue import lifecycle
from ayla_service.states import PRIORITIES, UNFINISHED_JOB
from ayla_service.teams.limits import Amount, LimitCheck
from ayla_service.teams.principal import Principal

ANY_VERSION = -1

log = structlog.get_logger("ayla_service.jobs")


def edit(session: Session, principal: Principal, job_id: str, changes: Mapping[str, Any], version: int) -> JobDetail:
    """Change the fields of a job that users may change.

    Args:
        session: the unit of work.
        principal: who asks.
        job_id: the job.
        changes: the new values, of name, project, tags, notes, priority and archived.
        version: the version that the user has seen; ``ANY_VERSION`` for whichever there is.

    Raises:
        JobNotFound: if the team has none with this id.
        NotYours: if it is another member's, and the caller is no admin.
        StaleVersion: if it has another version by now.
        SpecError: if the priority is for admins only.
        JobFinished: if it has ended and is to have another priority.
        JobUnfinished: if it has not and is to be archived.
    """
    job = own_job(session, principal, job_id)
    if version not in (ANY_VERSION, job.version):
        raise StaleVersion("job")
    if not changes:
        return repository.detail(session, job)
    for name in changes.keys() & {"name", "project", "tags", "notes"}:
        setattr(job, name, changes[name])
    if "tags" in changes:
        job.tags = list(dict.fromkeys(changes["tags"]))
    if "priority" in changes:
        _prioritise(session, principal, job, changes["priority"])
    if "archived" in changes:
        _archive(session, job, wanted=changes["archived"])
    if changes.keys() & {"name", "project", "tags", "notes"}:
        _relabel(session, job)
    log.info("job changed", job_id=job_id, fields=sorted(changes))
    return with_next_version(session, job)


def retry(session: Session, principal: Principal, job_id: str) -> tuple[JobDetail, list[str]]:
    """Queue the trials of a job again that failed or were cancelled; trials with a result keep it.

    Returns:
        The job, and the device kinds of the shards that are queued again.

    Raises:
        JobNotFound: if the team has none with this id, or it is being removed.
        NotYours: if it is another member's, and the caller is no admin.
        JobUnfinished: if it has not ended.
        JobFinished: if it has succeeded: nothing of it is left to be done.
        LimitReached: if it is more than its owner or the team may have.
    """
    job = own_job(session, principal, job_id)
    if job.state in UNFINISHED_JOB:
        raise JobUnfinished(job.id, "tried again")
    if _is_being_removed(session, job):
        raise JobNotFound(job_id)
    LimitCheck(session, job.owner_id).take(Amount(jobs=1, trials=job.trials_total, steps=job.steps_total))
    devices = lifecycle.retry(session, job)
    if not devices:
        why = "all of it has results, so nothing is left to try again. POST /v1/jobs/{id}/clone runs its spec anew."
        raise JobFinished(job.id, job.state, why)
    job.archived_at = None
    log.info("job tried again", job_id=job_id)
    return with_next_version(session, job), devices


def _is_being_removed(session: Session, job: JobRow) -> bool:
    """Whether some of its shards are gone: a large job is removed in several transactions."""
    left = session.scalar(select(func.sum(ShardRow.trials)).where(ShardRow.job_id == job.id)) or 0
    return int(left) < job.trials_total


def with_next_version(session: Session, job: JobRow) -> JobDetail:
    """Give a job that a user has changed its next version; returns its answer."""
    job.version += 1
    job.updated_at = store_now(session)
    session.flush()
    session.refresh(job)
    return repository.detail(session, job)


def _prioritise(session: Session, principal: Principal, job: JobRow, priority: str) -> None:
    refuse_priority(principal, priority)
    if job.state not in UNFINISHED_JOB:
        raise JobFinished(job.id, job.state)
    lifecycle.prioritise(session, job, PRIORITIES[priority])


def _archive(session: Session, job: JobRow, *, wanted: bool) -> None:
    if wanted and job.state in UNFINISHED_JOB:
        raise JobUnfinished(job.id, "archived")
    if wanted != (job.archived_at is not None):
        job.archived_at = store_now(session) if wanted else None


def _relabel(session: Session, job: JobRow) -> None:
    resolved = ResolvedJobSpec.model_validate(job.resolved_spec)
    job.search_text = search_text(resolved, job.name, job.tags, job.project, job.notes)
    session.execute(delete(JobLabelRow).where(JobLabelRow.job_id == job.id))
    labels = labels_of(resolved, job.tags, job.project)
    session.execute(insert(JobLabelRow), new_labels(job.id, job.team_id, job.created_at, labels))
