"""The queue against a model of it: whatever several workers and users do, in any order, both agree on every step.

The model is a list of shards with a state and an attempt number; it has no time but "before" and "after" a lease.
"""

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import JobFinished
from ayla_service.queue import attempts, packs
from ayla_service.queue.attempts import HeartbeatReply, LeaseLost
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim_pack
from ayla_service.queue.packs import CompletedShard
from ayla_service.queue.policy import ALONE, PackLimits
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.states import PRIORITIES
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update

from tests.factories import WORKER, jobs, progress, submit

pytestmark = [pytest.mark.every_store, pytest.mark.usefixtures("small_shards")]

LEASE = 30.0
POLICY = RetryPolicy(max_attempts=3, pause_seconds=1.0)
TOGETHER = PackLimits(shards=4, seconds=100.0, small_seconds=10.0)
LAST_STEP = 10
ENDED = {"succeeded", "failed", "cancelled"}


@dataclass
class ShardModel:
    """A shard as it should be."""

    job: "JobModel"
    index: int
    id: str
    state: str = "queued"
    attempt: int = 0
    failures: int = 0
    saved: int = 0


@dataclass
class JobModel:
    """A job as it should be."""

    id: str
    number: int
    priority: str
    cancelled: bool = False
    failed: bool = False
    paused: bool = False
    started: bool = False
    shards: list[ShardModel] = field(default_factory=list)

    @property
    def state(self) -> str:
        states = {shard.state for shard in self.shards}
        if states <= ENDED:
            return next(state for state in ("failed", "cancelled", "succeeded") if state in states)
        return "running" if self.started else "queued"

    @property
    def ending(self) -> bool:
        return self.cancelled or self.failed


@dataclass
class Held:
    """A claim in somebody's hands, current or not, and how far its worker has come."""

    claim: Claim
    shard: ShardModel
    step: int
    outcome: str = "running"
    """How it was ended by its own hand; saying so again changes nothing."""

    @property
    def current(self) -> bool:
        return self.shard.state == "running" and self.shard.attempt == self.claim.attempt


class QueueMachine(RuleBasedStateMachine):
    """Rules are what users, workers and time can do."""

    database: Database

    @initialize()
    def empty(self) -> None:
        with self.database.write() as session:
            session.execute(delete(JobRow))
        self.jobs: list[JobModel] = []
        self.held: list[Held] = []

    @rule(priority=st.sampled_from(sorted(PRIORITIES)), large=st.booleans())
    def submit(self, priority: str, large: bool) -> None:
        made = submit(self.database, priority=priority, seeds=list(range(200 if large else 1)))
        job = JobModel(made.id, len(self.jobs), priority)
        with self.database.read() as session:
            rows = session.execute(
                select(ShardRow.index, ShardRow.id).where(ShardRow.job_id == made.id).order_by(ShardRow.index)
            )
            job.shards = [ShardModel(job, index, shard_id) for index, shard_id in rows]
        self.jobs.append(job)

    @rule(together=st.booleans())
    def claim(self, together: bool) -> None:
        expected = self._next(TOGETHER if together else ALONE)
        claims = claim_pack(self.database, WORKER, LEASE, TOGETHER if together else ALONE)
        assert [found.shard_id for found in claims] == [shard.id for shard in expected]
        for found, shard in zip(claims, expected, strict=True):
            shard.state, shard.attempt, shard.job.started = "running", shard.attempt + 1, True
            assert found.attempt == shard.attempt
            assert (found.saved[0].step if found.saved else 0) == shard.saved
            self.held.append(Held(found, shard, shard.saved))

    def _next(self, limits: PackLimits) -> list[ShardModel]:
        waiting = [shard for job in self.jobs for shard in job.shards if shard.state == "queued"]
        waiting.sort(key=lambda shard: (PRIORITIES[shard.job.priority], shard.job.number, shard.index))
        if not waiting or waiting[0].attempt > 0 or limits is ALONE:
            return waiting[:1]
        fitting = [s for s in waiting if s.job.priority == waiting[0].job.priority and s.attempt == 0]
        return fitting[: limits.shards]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), checkpoint=st.booleans())
    def record(self, data: Any, checkpoint: bool) -> None:
        held = data.draw(st.sampled_from(self.held))
        if held.step >= LAST_STEP:
            return
        block = progress(held.claim, held.step, held.step)
        if not checkpoint:
            block = dataclasses.replace(block, checkpoint=None)
        if self._refused(held, lambda: attempts.record(self.database, held.claim, block, LEASE)):
            return
        held.step += 1
        if checkpoint:
            if held.step > held.shard.saved:
                held.shard.failures = 0
            held.shard.saved = held.step

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def heartbeat(self, data: Any) -> None:
        held = data.draw(st.sampled_from(self.held))
        if not held.current:
            with pytest.raises(LeaseLost):
                attempts.renew(self.database, held.claim, LEASE)
            return
        job = held.shard.job
        expected = (
            HeartbeatReply.STOP if job.ending else HeartbeatReply.RELEASE if job.paused else HeartbeatReply.CONTINUE
        )
        assert attempts.renew(self.database, held.claim, LEASE) is expected

    @precondition(lambda self: self.held)
    @rule(data=st.data(), packed=st.booleans())
    def finish(self, data: Any, packed: bool) -> None:
        held = data.draw(st.sampled_from(self.held))
        block = progress(held.claim, held.step, LAST_STEP, finished=True)
        if packed:
            done = CompletedShard(held.claim, block.trials, block.results, "cpu")
            assert bool(packs.complete(self.database, [done])) is (held.current or held.outcome == "succeeded")
        elif self._refused(held, lambda: attempts.record(self.database, held.claim, block, LEASE), "succeeded"):
            return
        if held.current:
            held.shard.state, held.outcome = "succeeded", "succeeded"

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def hand_back(self, data: Any) -> None:
        held = data.draw(st.sampled_from(self.held))
        if not self._refused(held, lambda: attempts.release(self.database, held.claim), "released"):
            self._wait(held.shard, "queued")

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_up(self, data: Any) -> None:
        """A worker that saw its job ending."""
        held = data.draw(st.sampled_from(self.held))
        if held.current and not held.shard.job.ending:
            return
        if not self._refused(held, lambda: attempts.cancel(self.database, held.claim), "cancelled"):
            held.shard.state = "cancelled"

    @precondition(lambda self: self.held)
    @rule(data=st.data(), error=st.sampled_from([ErrorType.UNEXPECTED, ErrorType.OUT_OF_MEMORY, ErrorType.TIME_LIMIT]))
    def fail(self, data: Any, error: ErrorType) -> None:
        held = data.draw(st.sampled_from(self.held))
        if not self._refused(held, lambda: attempts.fail(self.database, held.claim, error, "no", POLICY), "failed"):
            self._count_failure(held.shard, error)

    @rule()
    def leases_expire(self) -> None:
        with self.database.write() as session:
            past = store_now(session) - timedelta(seconds=1)
            session.execute(update(ShardRow).where(ShardRow.state == "running").values(lease_expires_at=past))
        running = [shard for job in self.jobs for shard in job.shards if shard.state == "running"]
        assert reap(self.database, POLICY) == len(running)
        for shard in running:
            # One by one, as a job that fails of one of them ends the others.
            self._count_failure(shard, ErrorType.WORKER_LOST)

    @rule()
    def pauses_pass(self) -> None:
        with self.database.write() as session:
            past = store_now(session) - timedelta(seconds=1)
            session.execute(update(ShardRow).where(ShardRow.state == "delayed").values(available_at=past))
        for job in self.jobs:
            for shard in job.shards:
                shard.state = "queued" if shard.state == "delayed" else shard.state
        reap(self.database, POLICY)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        if job.state in {"succeeded", "failed"}:
            with pytest.raises(JobFinished):
                jobs(self.database).cancel(job.id)
            return
        jobs(self.database).cancel(job.id)
        if job.state != "cancelled":
            job.cancelled, job.paused = True, False
            self._end_waiting(job)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), what=st.sampled_from(["pause", "resume", "low", "normal", "urgent"]))
    def manage(self, data: Any, what: str) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        service = jobs(self.database)
        calls = {"pause": service.pause, "resume": service.resume}
        if job.state in ENDED:
            with pytest.raises(JobFinished):
                calls[what](job.id) if what in calls else service.prioritise(job.id, what)
        elif what == "pause":
            service.pause(job.id)
            job.paused = job.paused or not job.ending
            self._move(job, {"queued", "delayed"}, "paused" if job.paused else "queued")
        elif what == "resume":
            service.resume(job.id)
            job.paused = False
            self._move(job, {"paused"}, "queued")
        else:
            service.prioritise(job.id, what)
            job.priority = what

    @invariant()
    def the_store_agrees(self) -> None:
        with self.database.read() as session:
            rows = session.execute(select(ShardRow.id, ShardRow.state, ShardRow.attempt))
            shards = {shard_id: (state, attempt) for shard_id, state, attempt in rows}
            states = dict(session.execute(select(JobRow.id, JobRow.state)).all())
            running = session.execute(
                select(AttemptRow.shard_id, AttemptRow.number).where(AttemptRow.outcome == "running")
            )
            open_attempts = {(shard_id, number) for shard_id, number in running}
        for job in self.jobs:
            assert states[job.id] == job.state
            for shard in job.shards:
                assert shards[shard.id] == (shard.state, shard.attempt)
        expected = {(s.id, s.attempt) for job in self.jobs for s in job.shards if s.state == "running"}
        assert open_attempts == expected

    def _refused(self, held: Held, write: Any, outcome: str = "never") -> bool:
        """Try a write: refused exactly if its attempt is not the current one, or without effect if it is a repetition.

        Returns:
            Whether nothing has changed.
        """
        if held.current:
            write()
            if outcome != "never":
                held.outcome = outcome
            return False
        if held.outcome == outcome:
            write()
            return True
        with pytest.raises(LeaseLost):
            write()
        return True

    def _count_failure(self, shard: ShardModel, error: ErrorType) -> None:
        shard.failures += 1
        if shard.job.ending:
            self._wait(shard, "queued")
        elif error is ErrorType.TIME_LIMIT or shard.failures >= POLICY.max_attempts:
            shard.state = "failed"
            shard.job.failed, shard.job.paused = True, False
            self._end_waiting(shard.job)
        else:
            pause = POLICY.pause(error, shard.failures)
            self._wait(shard, "delayed" if pause else "queued")

    def _wait(self, shard: ShardModel, state: str) -> None:
        if shard.job.ending:
            shard.state = "cancelled"
        else:
            shard.state = "paused" if shard.job.paused else state

    def _end_waiting(self, job: JobModel) -> None:
        self._move(job, {"queued", "delayed", "paused"}, "cancelled")

    def _move(self, job: JobModel, before: set[str], after: str) -> None:
        for shard in job.shards:
            shard.state = after if shard.state in before else shard.state


@pytest.fixture
def machine(database: Database) -> type[QueueMachine]:
    """The machine over this test's store."""
    return type("Machine", (QueueMachine,), {"database": database})


def test_the_queue_does_what_its_model_does(machine: type[QueueMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
