"""Limits: how much a member, and a team with all its members, may have at once.

They are stored by name with the member and the team; what is not listed has no limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import DatasetRow, JobRow, MemberRow, TeamRow
from ayla_service.errors import LimitReached, QueueDraining
from ayla_service.states import UNFINISHED_JOB


class Limit(StrEnum):
    """Quantities that can be limited. The first three are of jobs that have not ended."""

    JOBS = "queued_jobs"
    TRIALS = "trials"
    STEPS = "steps"
    STORED_BYTES = "stored_bytes"
    WORKERS = "workers"


_WORDS = {
    Limit.JOBS: "jobs that have not ended",
    Limit.TRIALS: "trials in jobs that have not ended",
    Limit.STEPS: "steps in jobs that have not ended",
    Limit.STORED_BYTES: "bytes of results and datasets",
    Limit.WORKERS: "workers at once",
}


@dataclass(frozen=True, slots=True)
class Amount:
    """Amounts of the limited quantities that are counted from the store."""

    jobs: int = 0
    trials: int = 0
    steps: int = 0
    stored_bytes: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Sum of both."""
        return Amount(
            self.jobs + other.jobs,
            self.trials + other.trials,
            self.steps + other.steps,
            self.stored_bytes + other.stored_bytes,
        )

    def of(self, limit: Limit) -> int:
        """Amount of the quantity that this limit is about."""
        return {
            Limit.JOBS: self.jobs,
            Limit.TRIALS: self.trials,
            Limit.STEPS: self.steps,
            Limit.STORED_BYTES: self.stored_bytes,
        }[limit]


_COUNTED = (Limit.JOBS, Limit.TRIALS, Limit.STEPS, Limit.STORED_BYTES)
_OF_JOBS = (Limit.JOBS, Limit.TRIALS, Limit.STEPS)


@dataclass(slots=True)
class LimitTally:
    """Limits of a member or team and what is used of them, counted up while a transaction adds to it."""

    whose: str
    limits: Mapping[str, int]
    have: Amount


class LimitCheck:
    """Check of the limits of one member and its team, counted once and then kept in memory for a transaction.

    Args:
        session: the unit of work; the rows of team and member are locked in it if there is anything to count, so that
            two submissions at the same moment cannot both have the last place. A transaction that makes several checks
            orders them by team and member, so that no two such transactions wait for each other.
        member_id: the member.
        tallies: shared by all checks of a transaction, by the id of a member or team: members of one team share its
            limits.
    """

    def __init__(self, session: Session, member_id: str, tallies: dict[str, LimitTally] | None = None) -> None:
        tallies = {} if tallies is None else tallies
        query = (
            select(MemberRow, TeamRow).join(TeamRow, TeamRow.id == MemberRow.team_id).where(MemberRow.id == member_id)
        )
        member, team = session.execute(query).one()
        self._is_draining = team.draining_at is not None
        in_team = (JobRow.team_id == team.id, DatasetRow.team_id == team.id)
        # With the team beside the owner, unfinished jobs are found by an index of their own, however many have ended.
        of_member = (in_team[0] & (JobRow.owner_id == member.id), in_team[1] & (DatasetRow.owner_id == member.id))
        for whose, row, owned in (("Your team has", team, in_team), ("You have", member, of_member)):
            if row.id not in tallies and any(limit in row.limits for limit in _COUNTED):
                table = type(row)
                session.execute(select(table.id).where(table.id == row.id).with_for_update(key_share=True))
                tallies[row.id] = LimitTally(whose, row.limits, _counted(session, row.limits, *owned))
        self._tallies = [tallies[row_id] for row_id in (member.id, team.id) if row_id in tallies]

    def take(self, amount: Amount) -> None:
        """Count an addition.

        Raises:
            QueueDraining: if it has jobs, and the team's queue takes none.
            LimitReached: if it exceeds a limit, which the error names.
        """
        if self._is_draining and amount.jobs:
            raise QueueDraining
        for tally in self._tallies:
            for limit in _COUNTED:
                _refuse_beyond(tally.whose, limit, tally.limits.get(limit), tally.have.of(limit), amount.of(limit))
        for tally in self._tallies:
            tally.have += amount


def _refuse_beyond(whose: str, limit: Limit, most: int | None, have: int, more: int) -> None:
    # A limit on what is stored stops whoever is over it already: what a job will store is not known before.
    over = most is not None and (have + more > most or (limit is Limit.STORED_BYTES and have >= most))
    if over:
        raise LimitReached(
            f"{whose} {have:,} {_WORDS[limit]} and may have {most:,}; this would add {more:,}. Wait for jobs to end, "
            "cancel or delete some, or ask an admin for more."
            if limit is not Limit.STORED_BYTES
            else f"{whose} {have:,} {_WORDS[limit]} and may have {most:,}. Delete jobs or datasets, or ask an admin "
            "for more."
        )


def used(session: Session, of_jobs: ColumnElement[bool], of_datasets: ColumnElement[bool]) -> Amount:
    """Amounts of the jobs and datasets that meet the conditions."""
    return _counted(session, dict.fromkeys(_COUNTED, 0), of_jobs, of_datasets)


def _counted(
    session: Session, limits: Mapping[str, Any], of_jobs: ColumnElement[bool], of_datasets: ColumnElement[bool]
) -> Amount:
    """Amounts of the quantities that have limits."""
    unfinished = Amount()
    if any(limit in limits for limit in _OF_JOBS):
        counts = select(func.count(), func.sum(JobRow.trials_total), func.sum(JobRow.steps_total))
        # State by state: for several at once SQLite would look through all jobs of a member that have ever been.
        for state in UNFINISHED_JOB:
            jobs, trials, steps = session.execute(counts.where(of_jobs, JobRow.state == state)).one()
            unfinished += Amount(jobs, int(trials or 0), int(steps or 0))
    stored = 0
    if Limit.STORED_BYTES in limits:
        stored = int(session.scalar(select(func.sum(JobRow.stored_bytes)).where(of_jobs)) or 0)
        stored += int(session.scalar(select(func.sum(DatasetRow.stored_bytes)).where(of_datasets)) or 0)
    return unfinished + Amount(stored_bytes=stored)
