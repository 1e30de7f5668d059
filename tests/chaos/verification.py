"""What must hold when everything has come to rest, checked against the store and not against the program's word."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import UNFINISHED_JOB, AttemptOutcome, JobState, ShardState, TrialState
from ayla_spec.jobspec import ResolvedJobSpec
from sqlalchemy import select

from tests.chaos.audit import Violation
from tests.chaos.clients import Order
from tests.chaos.reference import References
from tests.chaos.stored import Columns, StoredJob, StoredTrial, stored_job


class Check(StrEnum):
    """What is counted; every count has to be 0."""

    LOST = "jobs or steps lost"
    DOUBLED = "jobs or steps doubled"
    STALE = "results of a stale attempt accepted"
    BITS = "bit differences from an undisturbed run"
    ENDS = "jobs that ended as they should not"
    CONDUCT = "broken promises (time to stop, pauses, answers, proof)"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be."""

    check: Check
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome.

    Attributes:
        findings: all of them.
        trials: how many were compared bit for bit.
    """

    findings: Sequence[Finding]
    trials: int


def verify(database: Database, orders: Mapping[str, Order], audited: Iterable[Violation]) -> Verified:
    """Check the whole store.

    Args:
        database: the store; nothing works on it any more.
        orders: what users asked for and what they were told, by the name of the job.
        audited: what the triggers in the store have found.
    """
    findings = [Finding(Check.STALE, str(found)) for found in audited]
    findings += [*_check_jobs(database, orders), *_check_attempts(database), *_check_rests(database, orders)]
    references, trials = References(), 0
    for job_id in _ids(database):
        job = stored_job(database, job_id)
        order = orders.get(job.row.name or "")
        findings += [*_check_end(job, order), *_check_rows(job)]
        if job.row.state == JobState.SUCCEEDED:
            trials += sum(len(shard) for shard in job.shards)
            findings += [Finding(Check.BITS, found) for found in references.differences(job)]
    return Verified(findings, trials)


def _ids(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(JobRow.id).order_by(JobRow.created_at, JobRow.id)))


def _check_jobs(database: Database, orders: Mapping[str, Order]) -> Iterator[Finding]:
    """One job for each key: counted by the jobs' names, not by the keys that the program itself relies on."""
    with database.read() as session:
        stored = Counter(session.scalars(select(JobRow.name)))
    for key, order in orders.items():
        if stored[key] == 0:
            yield Finding(Check.LOST, f"{key}: asked for {order.asked} times, and there is no such job")
        if stored[key] > 1 or len(set(order.answers)) > 1:
            yield Finding(Check.DOUBLED, f"{key}: {stored[key]} jobs, answered with {sorted(set(order.answers))}")
        if order.complaint is not None:
            yield Finding(Check.CONDUCT, f"{key}: its user gave up: {order.complaint}")
    for name in stored.keys() - orders.keys():
        yield Finding(Check.DOUBLED, f"{name}: a job that nobody asked for")


def _check_end(job: StoredJob, order: Order | None) -> Iterator[Finding]:
    name, state = job.row.name, job.row.state
    if state in UNFINISHED_JOB:
        yield Finding(Check.LOST, f"{name}: still {state}")
        return
    if order is None:
        return
    if state not in order.planned.ends:
        yield Finding(Check.ENDS, f"{name} ({order.planned.kind}): {state}, {job.row.error_detail}")
    if state == JobState.FAILED and job.row.error_type != order.planned.error:
        yield Finding(Check.ENDS, f"{name}: failed of {job.row.error_type} instead of {order.planned.error}")
    if state == JobState.SUCCEEDED:
        for trial in (trial for shard in job.shards for trial in shard):
            if trial.row.state not in (TrialState.COMPLETED, TrialState.DIVERGED):
                yield Finding(Check.ENDS, f"{name}: succeeded with trial {trial.row.index} {trial.row.state}")


def _check_rows(job: StoredJob) -> Iterator[Finding]:
    spec = ResolvedJobSpec.model_validate(job.row.resolved_spec)
    for trial in (trial for shard in job.shards for trial in shard):
        name = f"trial {trial.row.index} of {job.row.name}"
        yield from _check_steps(name, _steps(trial.trajectory), _expected_steps(spec, trial))
        metrics = _steps(trial.metrics)
        if sorted(set(metrics)) != metrics:
            yield Finding(Check.DOUBLED, f"{name}: rows of metrics are doubled or out of order")


def _check_steps(name: str, steps: list[int], expected: list[int] | None) -> Iterator[Finding]:
    """Steps 0, every, …, T; of a trial that did not get to its end, those from the start without a gap."""
    if len(set(steps)) < len(steps):
        yield Finding(Check.DOUBLED, f"{name}: {len(steps) - len(set(steps))} steps are there twice")
    elif expected is not None and steps != expected:
        yield Finding(Check.LOST, f"{name}: {len(steps)} steps are there, not the {len(expected)} that belong there")


def _steps(columns: Columns) -> list[int]:
    return [int(step) for step in columns["step"]] if columns else []


def _expected_steps(spec: ResolvedJobSpec, trial: StoredTrial) -> list[int]:
    last, every = spec.budget.steps, spec.record.every
    whole = sorted({*range(0, last + 1, every), last})
    if trial.row.state == TrialState.COMPLETED:
        return whole
    if trial.row.state == TrialState.DIVERGED and trial.row.first_nonfinite_step is not None:
        stopped = trial.row.first_nonfinite_step
        return sorted({step for step in whole if step < stopped} | {stopped})
    return whole[: len(_steps(trial.trajectory))]


def _check_attempts(database: Database) -> Iterator[Finding]:
    """One owner at a time: numbers without a gap, each attempt closed before the next began."""
    with database.read() as session:
        shards = {shard.id: shard for shard in session.scalars(select(ShardRow))}
        attempts: dict[str, list[AttemptRow]] = defaultdict(list)
        for attempt in session.scalars(select(AttemptRow).order_by(AttemptRow.shard_id, AttemptRow.number)):
            attempts[attempt.shard_id].append(attempt)
        session.expunge_all()  # to be read after the end of the unit of work
    for shard_id, shard in shards.items():
        for found in _disorder(shard, attempts[shard_id]):
            yield Finding(Check.STALE, f"shard {shard.index} of job {shard.job_id}: {found}")


def _disorder(shard: ShardRow, attempts: Sequence[AttemptRow]) -> Iterator[str]:
    numbers = [attempt.number for attempt in attempts]
    if numbers != list(range(1, shard.attempt + 1)):
        yield f"attempts {numbers}, but the shard counts {shard.attempt}"
    running = [attempt.number for attempt in attempts if attempt.outcome == AttemptOutcome.RUNNING]
    if running:
        yield f"attempts {running} still run"
    won = [attempt.number for attempt in attempts if attempt.outcome == AttemptOutcome.SUCCEEDED]
    if won != ([shard.attempt] if shard.state == ShardState.SUCCEEDED else []):
        yield f"{shard.state} with attempts {won} succeeded"
    for earlier, later in itertools.pairwise(attempts):
        if earlier.ended_at is None or earlier.ended_at > later.started_at:
            yield f"attempt {later.number} began before {earlier.number} had ended"


def _check_rests(database: Database, orders: Mapping[str, Order]) -> Iterator[Finding]:
    """Nothing of a job begins between the answer to a pause and the request to resume it."""
    with database.read() as session:
        rows = session.execute(
            select(JobRow.name, AttemptRow.started_at).join(ShardRow, ShardRow.job_id == JobRow.id).join(AttemptRow)
        ).all()
    for name, started_at in rows:
        order = orders.get(name or "")
        if order is not None and any(begun < _seconds(started_at) < ended for begun, ended in order.rests):
            yield Finding(Check.CONDUCT, f"{name}: an attempt began while the job was paused")


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
