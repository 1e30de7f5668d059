"""Which jobs have changed since the last look, in few statements however many are watched.

A transaction can commit a change with an earlier time after one with a later time. So every look reads again what it
has read a moment ago, now and then all that a transaction that was still open then could have written, and leaves out
what it knows.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import Job
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.streams.events import LONGEST_TRANSACTION
from ayla_service.streams.feeds import Wanted

_USUAL_TRANSACTION = timedelta(seconds=1)
_WHOLE_EVERY = timedelta(seconds=2)
_MOST_AT_ONCE = 500
_MOST_RUNNING = 500
_IDS_AT_ONCE = 5000


class _Row(NamedTuple):
    """A job, as far as it takes to see that it has changed."""

    id: str
    updated_at: datetime
    team_id: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look has found.

    Attributes:
        until: changes up to here are among them, but for those of transactions that are still open.
        jobs: to be read anew, those that changed first in front.
        told: those of them that streams about teams are to be told of.
        over: jobs watched by id that have ended or are gone.
        gone: those that are gone.
    """

    until: datetime
    jobs: list[str]
    told: Set[str]
    over: Set[str]
    gone: Set[str]


class ChangeLog:
    """Remembers what was found, so that it is found once."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, datetime]] = {}
        self._until: datetime | None = None
        self._whole_at: datetime | None = None

    def find(self, session: Session, wanted: Wanted, known: Mapping[str, datetime], now: datetime) -> Changes:
        """What has changed.

        Args:
            session: the unit of work.
            wanted: what is watched.
            known: when the jobs that need no reading, unless they have changed since, had changed last.
            now: the store's time.
        """
        watched = {row.id: row for row in _by_id(session, wanted.jobs | wanted.waits)}
        stale = [row for row in watched.values() if row.id in wanted.jobs and known.get(row.id) != row.updated_at]
        gone = (wanted.jobs | wanted.waits) - watched.keys()
        over = {row.id for row in watched.values() if row.state not in UNFINISHED_JOB} | gone
        fresh = self._of_teams(session, wanted.teams, now)
        told, untold = fresh[:_MOST_AT_ONCE], fresh[_MOST_AT_ONCE:]
        until = untold[0].updated_at if untold else now
        self._note(told, until)
        started = [job_id for job_id in self._begin(session, wanted.teams, now) if job_id not in known]
        jobs = [row.id for row in sorted([*stale[:_MOST_AT_ONCE], *told], key=_in_order)]
        return Changes(until, list(dict.fromkeys([*jobs, *started])), {row.id for row in told}, over, gone)

    def _of_teams(self, session: Session, teams: Set[str], now: datetime) -> list[_Row]:
        """The jobs of the teams watched before that have changed."""
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

    def _forget_all_but(self, rows: Collection[_Row]) -> None:
        kept: dict[str, dict[str, datetime]] = {team_id: {} for team_id in self._seen}
        for row in rows:
            time = self._seen[row.team_id].get(row.id)
            if time is not None:
                kept[row.team_id][row.id] = time
        self._seen = kept

    def _note(self, rows: Collection[_Row], until: datetime) -> None:
        for row in rows:
            self._seen[row.team_id][row.id] = row.updated_at
        self._until = until

    def _begin(self, session: Session, teams: Set[str], now: datetime) -> list[str]:
        """Begin with teams that were not watched before; returns their running jobs.

        What has changed before is part of what their streams begin with.
        """
        new = teams - self._seen.keys()
        if not new:
            return []
        self._seen |= {team_id: {} for team_id in new}
        for row in _since(session, new, now - LONGEST_TRANSACTION):
            self._seen[row.team_id][row.id] = row.updated_at
        running = select(Job.id).where(Job.team_id.in_(new), Job.state == JobState.RUNNING)
        return list(session.scalars(running.limit(_MOST_RUNNING)))


def _by_id(session: Session, job_ids: Collection[str]) -> list[_Row]:
    query, ids = select(Job.id, Job.updated_at, Job.team_id, Job.state), sorted(job_ids)
    pages = [ids[first : first + _IDS_AT_ONCE] for first in range(0, len(ids), _IDS_AT_ONCE)]
    return [_Row(*row) for page in pages for row in session.execute(query.where(Job.id.in_(page)))]


def _since(session: Session, teams: Collection[str], time: datetime) -> list[_Row]:
    """Read from the index alone, as there can be many; those that changed first in front."""
    query = select(Job.id, Job.updated_at, Job.team_id).where(Job.team_id.in_(teams), Job.updated_at >= time)
    return [_Row(*row) for row in session.execute(query.order_by(Job.updated_at, Job.id))]


def _in_order(row: _Row) -> tuple[datetime, str]:
    return row.updated_at, row.id
