"""Jobs that have changed since the last poll, found with few statements however many jobs are followed.

A transaction can commit a change with an earlier time after another with a later time. So every poll reads again what
has changed within the last second, and every two seconds whatever a transaction that was still open could have written;
changes that are known already are left out.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.streams.events import LONGEST_TRANSACTION
from ayla_service.streams.feeds import PollRequest

_USUAL_TRANSACTION = timedelta(seconds=1)
_WHOLE_EVERY = timedelta(seconds=2)
_MOST_AT_ONCE = 500
_MOST_RUNNING = 500
_IDS_AT_ONCE = 5000


class _JobVersion(NamedTuple):
    """A job with the time of its last change."""

    id: str
    updated_at: datetime
    team_id: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class JobChanges:
    """Changes that a poll has found.

    Attributes:
        until: all changes up to this time are among them, but for those of transactions that are still open.
        jobs: ids of the jobs to read again, in the order of their changes.
        in_teams: those of them that have changed for streams about teams.
        ended: jobs followed by id that have ended or are gone.
        gone: those of them that are gone.
    """

    until: datetime
    jobs: list[str]
    in_teams: Set[str]
    ended: Set[str]
    gone: Set[str]


class ChangeLog:
    """Log of the changes that were found, so that each is found once."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, datetime]] = {}
        self._until: datetime | None = None
        self._whole_at: datetime | None = None

    def find(self, session: Session, request: PollRequest, known: Mapping[str, datetime], now: datetime) -> JobChanges:
        """Changes since the last poll.

        Args:
            session: the unit of work.
            request: which jobs and teams are followed.
            known: by id, the time of the last change of jobs that need not be read again without a later one.
            now: the store's time.
        """
        followed = {row.id: row for row in _by_id(session, request.jobs | request.awaited)}
        stale = [row for row in followed.values() if row.id in request.jobs and known.get(row.id) != row.updated_at]
        gone = (request.jobs | request.awaited) - followed.keys()
        ended = {row.id for row in followed.values() if row.state not in UNFINISHED_JOB} | gone
        in_teams, until = self._of_teams(session, request.teams, now)
        started = [job_id for job_id in self._start(session, request.teams, now) if job_id not in known]
        jobs = [row.id for row in sorted([*stale[:_MOST_AT_ONCE], *in_teams], key=_by_time)]
        return JobChanges(until, list(dict.fromkeys([*jobs, *started])), {row.id for row in in_teams}, ended, gone)

    def _of_teams(self, session: Session, teams: Set[str], now: datetime) -> tuple[list[_JobVersion], datetime]:
        """The changes in teams that were followed before, as many as fit into a poll, and the time up to which."""
        fresh = self._fresh(session, teams, now)
        sent, left = fresh[:_MOST_AT_ONCE], fresh[_MOST_AT_ONCE:]
        until = left[0].updated_at if left else now
        for row in sent:
            self._seen[row.team_id][row.id] = row.updated_at
        self._until = until
        return sent, until

    def _fresh(self, session: Session, teams: Set[str], now: datetime) -> list[_JobVersion]:
        """The changes in teams that were followed before, without those that are known."""
        for team_id in self._seen.keys() - teams:
            del self._seen[team_id]
        if not self._seen or self._until is None:
            self._until, self._whole_at = now, None
            return []
        whole = self._whole_at is None or now - self._whole_at >= _WHOLE_EVERY
        rows = _since(session, self._seen, self._until - (LONGEST_TRANSACTION if whole else _USUAL_TRANSACTION))
        fresh = [row for row in rows if self._seen[row.team_id].get(row.id) != row.updated_at]
        if whole:
            self._whole_at = now
            self._forget_all_but(rows)
        return fresh

    def _forget_all_but(self, rows: Collection[_JobVersion]) -> None:
        kept: dict[str, dict[str, datetime]] = {team_id: {} for team_id in self._seen}
        for row in rows:
            time = self._seen[row.team_id].get(row.id)
            if time is not None:
                kept[row.team_id][row.id] = time
        self._seen = kept

    def _start(self, session: Session, teams: Set[str], now: datetime) -> list[str]:
        """Start to follow teams that were not followed before; returns their running jobs.

        Earlier changes are part of the first events of their streams.
        """
        new = teams - self._seen.keys()
        if not new:
            return []
        self._seen |= {team_id: {} for team_id in new}
        for row in _since(session, new, now - LONGEST_TRANSACTION):
            self._seen[row.team_id][row.id] = row.updated_at
        running = select(JobRow.id).where(JobRow.team_id.in_(new), JobRow.state == JobState.RUNNING)
        return list(session.scalars(running.limit(_MOST_RUNNING)))


def _by_id(session: Session, job_ids: Collection[str]) -> list[_JobVersion]:
    query, ids = select(JobRow.id, JobRow.updated_at, JobRow.team_id, JobRow.state), sorted(job_ids)
    pages = [ids[first : first + _IDS_AT_ONCE] for first in range(0, len(ids), _IDS_AT_ONCE)]
    return [_JobVersion(*row) for page in pages for row in session.execute(query.where(JobRow.id.in_(page)))]


def _since(session: Session, teams: Collection[str], time: datetime) -> list[_JobVersion]:
    """Jobs of the teams that have changed since, in order; read from the index alone, as there can be many."""
    query = select(JobRow.id, JobRow.updated_at, JobRow.team_id).where(
        JobRow.team_id.in_(teams), JobRow.updated_at >= time
    )
    return [_JobVersion(*row) for row in session.execute(query.order_by(JobRow.updated_at, JobRow.id))]


def _by_time(row: _JobVersion) -> tuple[datetime, str]:
    return row.updated_at, row.id
