"""Which jobs a stream may be about, and whether its client has heard the end of it already."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import Job
from ayla_service.errors import JobNotFound
from ayla_service.states import UNFINISHED_JOB
from ayla_service.streams.feeds import JobsFeed
from ayla_service.streams.positions import Position
from ayla_service.teams.principal import Principal


def follow(session: Session, principal: Principal, job_ids: Collection[str], since: Position | None) -> JobsFeed | None:
    """A stream about some jobs of the caller's team; None if its client has been told the end of all of them.

    Args:
        session: the unit of work.
        principal: who asks.
        job_ids: the jobs; at least one.
        since: of the last event that the client has.

    Raises:
        JobNotFound: if the team has none with one of the ids.
    """
    query = select(Job.id, Job.state, Job.updated_at).where(Job.team_id == principal.team_id)
    rows = session.execute(query.where(Job.id.in_([job_id for job_id in job_ids if could_be_id(job_id)]))).all()
    missing = set(job_ids) - {row.id for row in rows}
    if missing:
        raise JobNotFound(min(missing))
    # Ends are told in this order, so who has the last of them has them all.
    last = max(rows, key=lambda row: (row.updated_at, row.id))
    if since is None or since.ended != last.id or since.at < last.updated_at:
        return JobsFeed(frozenset(job_ids))
    has_ended = all(row.state not in UNFINISHED_JOB for row in rows)
    return None if has_ended else JobsFeed(frozenset(job_ids))
