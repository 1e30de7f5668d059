"""The best settings of a job that keeps their trajectories alone, computed again once it has ended."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.computing_time import ComputingTime
from ayla_service.db.models import JobRow, MemberRow
from ayla_service.db.session import Database
from ayla_service.idempotency import StoredAnswer
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

BEST = "best"
"""Of ``record.trajectories``: those of the best setting of each arm."""


def submit_best(database: Database, job_id: str, pin: Pin, wake_up: WakeUp) -> int:
    """Put the jobs on the queue that compute the best settings of a job again, with all their seeds.

    Nothing where the job has not succeeded, or keeps other trajectories, or where they are there already.

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
    """
    with database.read() as session:
        job = session.get(JobRow, job_id)
        if job is None or job.state != JobState.SUCCEEDED or not keeps_best(job):
            return 0
        owner = _owner(session, job)
        found = _best(session, job, owner)
    if found:
        SubmissionBatcher(database, wake_up, pin).submit(owner, found, lambda _: StoredAnswer(202, b"", {}))
    return len(found)


def keeps_best(job: JobRow) -> bool:
    """Whether a job keeps the trajectories of its best settings."""
    return bool(job.resolved_spec["record"].get("trajectories") == BEST)


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
