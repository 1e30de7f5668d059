"""The best settings of a job that keeps their trajectories alone, computed again once it has ended.

It is due from the submission of the job on (``jobs.best_due``). The worker that ends the job sees to it; if that is
killed before it has, any other one does a little later.
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ayla_service.computing_time import ComputingTime
from ayla_service.db.models import JobRow, MemberRow
from ayla_service.db.session import Database, store_now
from ayla_service.idempotency import RequestKey, StoredAnswer, request_digest
from ayla_service.jobs.recomputation import setting_again
from ayla_service.jobs.submission import NewJob, Pin, SubmissionBatcher
from ayla_service.queue.wakeup import WakeUp
from ayla_service.states import JobState, Role
from ayla_service.sweeps.best import best_settings
from ayla_service.sweeps.loading import open_sweep
from ayla_service.sweeps.query import TOO_LONG, SweepQuery
from ayla_service.sweeps.table import table_of
from ayla_service.teams.principal import ROLE_SCOPES, Principal
from ayla_service.trials.recomputed import recomputations
from ayla_service.trials.trial_ids import trial_id

_KEY = "the best settings of {}, computed again"
"""Idempotency key of the submission, so that however many processes see to it, it is made once."""

_AT_ONCE = 10


def submit_best(database: Database, job_id: str, pin: Pin, wake_up: WakeUp) -> int:
    """Put the jobs on the queue that compute the best settings of a job again, with all their seeds.

    Nothing where the job has not succeeded, or keeps other trajectories, or where that has been done. If the store
    fails it stays due; whatever else prevents it does so for good.

    Args:
        database: the store.
        job_id: the job.
        pin: completes resolved specs.
        wake_up: told about the new jobs.

    Returns:
        How many.

    Raises:
        ayla_service.errors.ServiceError: as of any submission, if its owner may have no more, or the sweep is too large
            to be judged.
        sqlalchemy.exc.DBAPIError: if the store does not answer.
    """
    with database.read() as session:
        job = session.get(JobRow, job_id)
        if job is None or job.state != JobState.SUCCEEDED or not job.best_due:
            return 0
    try:
        count = _submit(database, job_id, pin, wake_up)
    except DBAPIError:
        raise
    except Exception:
        _settle(database, job_id)
        raise
    _settle(database, job_id)
    return count


def overdue(database: Database, seconds: float) -> list[str]:
    """Some jobs that have succeeded so long ago, and whose best settings nobody has had computed again.

    Args:
        database: the store.
        seconds: that the worker which ended a job has for it.
    """
    with database.read() as session:
        before = store_now(session) - timedelta(seconds=seconds)
        due = (JobRow.best_due.is_not(None), JobRow.finished_at < before, JobRow.state == JobState.SUCCEEDED)
        return list(session.scalars(select(JobRow.id).where(*due).order_by(JobRow.finished_at).limit(_AT_ONCE)))


def _submit(database: Database, job_id: str, pin: Pin, wake_up: WakeUp) -> int:
    with database.read() as session:
        job = session.get_one(JobRow, job_id)
        owner = _owner(session, job)
        found = _best(session, job, owner)
    if not found:
        return 0
    key = RequestKey(owner.member_id, _KEY.format(job_id), request_digest("POST", job_id, b""))
    receipt = SubmissionBatcher(database, wake_up, pin).submit(owner, found, lambda _: StoredAnswer(202, b"", {}), key)
    return 0 if receipt.replayed else len(found)


def _settle(database: Database, job_id: str) -> None:
    with database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == job_id).values(best_due=None))


def _best(session: Session, job: JobRow, owner: Principal) -> list[NewJob]:
    sweep = open_sweep(session, owner, [job.id], SweepQuery()).with_points(session)
    table = table_of(sweep.trials(session, ComputingTime(TOO_LONG)), "median")
    seeds = job.resolved_spec["seeds"]
    found: list[NewJob] = []
    for best in best_settings(table, per_arm=True):
        if best.place is not None:
            setting = int(table.number[best.place])
            first = setting * len(seeds)
            if next(recomputations(session, job, first), None) is None:
                found.append(setting_again(session, job, setting, seeds, trial_id(job.id, first)))
    return found


def _owner(session: Session, job: JobRow) -> Principal:
    """The owner of a job, in whose name its best settings are computed again."""
    member = session.scalars(select(MemberRow).where(MemberRow.id == job.owner_id)).one()
    return Principal(job.team_id, member.id, member.name, Role(member.role), ROLE_SCOPES[Role(member.role)])
