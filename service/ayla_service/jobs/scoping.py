"""Lookup of jobs by an id from a request: those of other teams are not found."""

from ayla_spec import ResolvedJobSpec
from pydantic import ValidationError
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow
from ayla_service.errors import JobNotFound, SpecUnreadable
from ayla_service.teams.principal import Principal
from ayla_service.teams.scoping import of_team, require_change


def job_of(session: Session, principal: Principal, job_id: str, *, lock: bool = False) -> JobRow:
    """A job of the caller's team, locked until the transaction ends if asked for.

    Raises:
        JobNotFound: if there is none; one of another team is none.
    """
    return of_team(session, principal, JobRow, job_id, JobNotFound, lock=lock)


def own_job(session: Session, principal: Principal, job_id: str) -> JobRow:
    """A job that the caller may change, locked until the transaction ends.

    Raises:
        JobNotFound: if there is none in the caller's team.
        NotYours: if it is another member's, and the caller is no admin.
    """
    job = job_of(session, principal, job_id, lock=True)
    require_change(principal, job.owner_id, "job", job_id)
    return job


def readable_spec(job: JobRow) -> ResolvedJobSpec:
    """The resolved spec of a job.

    Raises:
        SpecUnreadable: if another version of the service wrote it, and this one cannot read it.
    """
    try:
        return ResolvedJobSpec.model_validate(job.resolved_spec)
    except ValidationError as error:
        raise SpecUnreadable(job.id) from error
