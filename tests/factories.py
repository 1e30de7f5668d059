"""Specs, workers and results that many tests need, small and valid."""

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
from ayla_service.datasets.pinning import fill_uploads, pin_uploads
from ayla_service.db.models import JobRow, MemberRow, ShardRow, TeamRow
from ayla_service.db.session import Database, store_now
from ayla_service.idempotency import RequestKey, StoredAnswer, request_digest
from ayla_service.jobs import editing
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.schemas import Attempt, JobDetail, JobSummary
from ayla_service.jobs.service import JobService
from ayla_service.queue.attempts import RecordedBlock
from ayla_service.queue.claimed import Claim, SavedState
from ayla_service.queue.claims import WorkerIdentity
from ayla_service.queue.retries import RetryPolicy
from ayla_service.queue.wakeup import TimerWakeUp, WakeUp
from ayla_service.schemas import Page
from ayla_service.states import WITH_RESULT, Role, ShardState, TrialState
from ayla_service.teams.principal import LOCAL, ROLE_SCOPES, Principal
from ayla_service.trials.columns import CODES, MISSING, Summaries
from ayla_service.trials.encoding import encode
from ayla_service.trials.progress import ShardProgress, read_summaries, write_summaries
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.record import TrialRecord
from ayla_service.trials.schemas import Trial
from ayla_service.trials.trial_ids import trial_id
from ayla_service.trials.writer import NewChunk, NewResults
from ayla_spec import JobSpec
from sqlalchemy import select

AT_ONCE = RetryPolicy(max_attempts=3, pause_seconds=0.0)
"""Three attempts, without a pause between them."""

WORKER = WorkerIdentity("here:1", frozenset({"auto", "cpu"}), {"torch": "none"})


STYBLINSKI_TANG: dict[str, Any] = {
    "type": "expression",
    "expression": "sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))/2",
    "start": {"x": [0.1 * place for place in range(1, 11)]},
}
"""Ten variables: some hundred thousand steps take seconds, however fast the kernels are."""


def spec(**changes: Any) -> dict[str, Any]:
    """A valid job spec as a user would write it: two optimizers, ten steps."""
    return {
        "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}},
        "optimizers": [
            {"name": "sgd", "learning_rate": 0.03},
            {"name": "sgd", "learning_rate": 0.03, "ayla": {"n1": 1.0, "n2": 1.4}},
        ],
        "budget": {"steps": 10},
        **changes,
    }


TWO_BY_TWO: list[dict[str, Any]] = [
    {"name": "sgd", "learning_rate": rate, "ayla": {"n1": 1.0, "n2": n2}} for rate in (0.01, 0.03) for n2 in (1.0, 1.4)
]
"""Optimizers of a job that has every answer about sweeps."""


class Jobs:
    """The job service over a store as the built-in member uses it, each change in a unit of work of its own."""

    def __init__(self, database: Database, wake_up: WakeUp | None = None, caller: Principal = LOCAL) -> None:
        self._database = database
        self._caller = caller
        self.service = JobService(database, wake_up or TimerWakeUp(), fill_uploads, pin_uploads)

    def submit(self, document: dict[str, Any], key: str | None = None) -> JobDetail:
        """Submit a spec; the key stands for the whole request."""
        made: list[JobDetail] = []

        def render(views: list[JobDetail]) -> StoredAnswer:
            made.extend(views)
            return StoredAnswer(202, views[0].id.encode())

        request = (
            None
            if key is None
            else RequestKey(self._caller.member_id, key, request_digest("POST", "", repr(document).encode()))
        )
        new = self.service.checked(self._caller, JobSpec.model_validate(document), document)
        receipt = self.service.submit(self._caller, [new], render, request)
        return self.get(receipt.answer.body.decode())

    def get(self, job_id: str) -> JobDetail:
        """One job."""
        return self.service.get(self._caller, job_id)

    def list(self, wanted: JobQuery | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[JobSummary]:
        """A page of jobs."""
        return self.service.list(self._caller, wanted, limit=limit, cursor=cursor)

    def trials(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> Page[Trial]:
        """A page of a job's trials."""
        return self.service.trials(self._caller, job_id, limit=limit, cursor=cursor)

    def attempts(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> Page[Attempt]:
        """A page of the attempts at a job."""
        return self.service.attempts(self._caller, job_id, limit=limit, cursor=cursor)

    def trial(self, trial_id: str) -> Trial:
        """One trial."""
        return self.service.trial(self._caller, trial_id)

    def cancel(self, job_id: str) -> JobDetail:
        """Cancel a job."""
        with self._database.write() as session:
            return self.service.cancel(session, self._caller, job_id)

    def pause(self, job_id: str) -> JobDetail:
        """Pause a job."""
        with self._database.write() as session:
            return self.service.pause(session, self._caller, job_id)

    def resume(self, job_id: str) -> JobDetail:
        """Resume a job."""
        with self._database.write() as session:
            view, devices = self.service.resume(session, self._caller, job_id)
        self.service.wake_up.notify(devices)
        return view

    def retry(self, job_id: str) -> JobDetail:
        """Try a job again."""
        with self._database.write() as session:
            return editing.retry(session, self._caller, job_id)[0]

    def prioritise(self, job_id: str, priority: str) -> JobDetail:
        """Give a job another priority."""
        return self.edit(job_id, priority=priority)

    def edit(self, job_id: str, version: int = editing.ANY_VERSION, **changes: Any) -> JobDetail:
        """Change what is told about a job."""
        with self._database.write() as session:
            return editing.edit(session, self._caller, job_id, changes, version)


def jobs(database: Database, wake_up: WakeUp | None = None, caller: Principal = LOCAL) -> Jobs:
    """The job service over a store."""
    return Jobs(database, wake_up, caller)


def submit(database: Database, **changes: Any) -> JobDetail:
    """Submit ``spec(**changes)``."""
    return submit_as(database, LOCAL, **changes)


def submit_as(database: Database, caller: Principal, **changes: Any) -> JobDetail:
    """Submit ``spec(**changes)`` as somebody else."""
    return jobs(database, caller=caller).submit(spec(**changes))


def stranger(database: Database, name: str = "rival", role: Role = Role.ADMIN) -> Principal:
    """A member of another team, which is made for it."""
    team, member = str(uuid.uuid4()), str(uuid.uuid4())
    with database.write() as session:
        now = store_now(session)
        session.add(TeamRow(id=team, name=name, limits={}, created_at=now))
        session.flush()
        session.add(MemberRow(id=member, team_id=team, name=name, role=role, limits={}, created_at=now))
    return Principal(team, member, name, role, ROLE_SCOPES[role])


def colleague(database: Database, name: str = "colleague", role: Role = Role.MEMBER) -> Principal:
    """Another member of the built-in team."""
    member = str(uuid.uuid4())
    with database.write() as session:
        row = MemberRow(
            id=member, team_id=LOCAL.team_id, name=name, role=role, limits={}, created_at=store_now(session)
        )
        session.add(row)
    return Principal(LOCAL.team_id, member, name, role, ROLE_SCOPES[role])


def progress(claim: Claim, first: int, last: int, *, finished: bool = False) -> RecordedBlock:
    """A block of made-up steps ``first..last`` for every trial of a claim."""
    steps = list(range(first, last + 1))
    data = encode({"step": steps, "loss": [1.0 / (step + 1) for step in steps]})
    trials = claim.range
    results = NewResults([NewChunk(index, first, last, len(steps), data) for index in indices(claim)])
    return RecordedBlock(
        step=last if finished else last + 1,
        checkpoint=None if finished else SavedState(last + 1, f"state at {last + 1}".encode()),
        trials=summaries(
            trials.trials,
            state=CODES[TrialState.COMPLETED if finished else TrialState.QUEUED],
            steps_done=last,
            final_loss=1.0 / (last + 1) if finished else np.nan,
            best_loss=1.0 / (last + 1),
            best_step=last,
            wall_seconds=0.5,
            stored_bytes=results.sizes(trials.first, trials.trials),
        ),
        results=results,
        finished=finished,
    )


def indices(claim: Claim) -> range:
    """The indices in the job of a claim's trials."""
    return range(claim.range.first, claim.range.end)


def trial_ids(claim: Claim) -> list[str]:
    """The ids of a claim's trials."""
    return [trial_id(claim.job_id, index) for index in indices(claim)]


def summaries(count: int, **columns: Any) -> Summaries:
    """Summaries of so many trials, each column a number for all or one for each; ``device`` is a name."""
    blank, devices = Summaries.blank(count), list[str]()
    if "device" in columns:
        devices, columns = [columns["device"]], columns | {"device": 0}
    given = {name: np.full(count, value, blank[name].dtype) for name, value in columns.items()}
    return Summaries(dict(blank.columns) | given, tuple(devices))


def set_trials(
    database: Database, job_id: str, index: int | None = None, *, state: TrialState | None = None, **columns: Any
) -> None:
    """Set what is stored of a trial of a job, or of all of them.

    Args:
        database: the store.
        job_id: the job.
        index: of the trial; None for all.
        state: its state. One that a trial has with its shard, such as running, is set for the whole shard.
        columns: of its summary; None for a number that is missing, and ``device`` is a name.
    """
    with database.write() as session:
        query = select(ShardRow).where(ShardRow.job_id == job_id)
        for shard in session.scalars(query.order_by(ShardRow.index)).all():
            place = slice(None) if index is None else index - shard.first_trial
            if isinstance(place, int) and not 0 <= place < shard.trials:
                continue
            trials = _changed(read_summaries(session, {shard.id: shard.trials})[shard.id], place, state, columns)
            write_summaries(session, [ShardProgress(shard.id, shard.attempt, int(trials["steps_done"].max()), trials)])
            session.flush()
            if state in SHARD_OF:
                lease = store_now(session) + timedelta(hours=1) if state is TrialState.RUNNING else None
                shard.state, shard.lease_expires_at = SHARD_OF[state], lease


SHARD_OF = {
    TrialState.RUNNING: ShardState.RUNNING,
    TrialState.FAILED: ShardState.FAILED,
    TrialState.CANCELLED: ShardState.CANCELLED,
}


def _changed(before: Summaries, place: int | slice, state: TrialState | None, columns: dict[str, Any]) -> Summaries:
    devices = list(before.devices)
    if columns.get("device") is not None:
        devices.append(columns["device"])
        columns = columns | {"device": len(devices) - 1}
    if state is not None:
        columns = columns | {"state": CODES[state if state in WITH_RESULT else TrialState.QUEUED]}
    after = {name: column.copy() for name, column in before.columns.items()}
    for name, value in columns.items():
        missing = np.nan if after[name].dtype.kind == "f" else MISSING
        after[name][place] = missing if value is None else value
    return Summaries(after, tuple(devices))


def stored_trials(database: Database, job_id: str) -> list[TrialRecord]:
    """The trials of a job as the store has them."""
    with database.read() as session:
        return TrialReader(session).columns(session.get_one(JobRow, job_id)).trials()
