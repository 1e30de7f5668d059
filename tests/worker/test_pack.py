"""Small shards run together: each ends as if it had been alone, and none shares another's fate."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import torch
from ayla_core.engine import Engine
from ayla_core.recorder import MemoryRecorder
from ayla_core.training import train
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue import packs
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim, claim_pack
from ayla_service.queue.packs import CompletedShard
from ayla_service.queue.policy import PackLimits
from ayla_service.queue.reaper import reap
from ayla_service.settings import Settings
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from ayla_worker import pack
from ayla_worker.batches import batch_of
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner
from sqlalchemy import select, update

from tests.factories import AT_ONCE, WORKER, jobs, progress, submit

SMALL = PackLimits(shards=100, seconds=10.0, small_seconds=1.0)
ROSENBROCK = {"type": "expression", "expression": "(1 - x)**2 + 100*(y - x**2)**2", "start": {"x": -1.2, "y": 1.0}}
DIGITS = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 500}


def _mixed(database: Database) -> list[JobDetail]:
    """Small jobs of several kinds; some can share an engine, others cannot."""
    rates = [{"name": "adam", "learning_rate": 0.01 * place} for place in range(1, 5)]
    made = [submit(database, optimizers=[rate], budget={"steps": 50}) for rate in rates]
    made += [submit(database, problem=ROSENBROCK, budget={"steps": steps}) for steps in (40, 60)]
    made.append(submit(database, problem=DIGITS, budget={"epochs": 3}, seeds=[0, 1]))
    made.append(submit(database, optimizers=[{"name": "sgd", "learning_rate": rate} for rate in (0.03, 10.0)]))
    return made


def _runner(database: Database, should_stop: Callable[[], bool] = lambda: False, **changes: Any) -> Runner:
    settings = Settings(**{"heartbeat_seconds": 0.05, "retry_seconds": 0, **changes})
    return Runner(database, settings, describe_worker(settings), should_stop)


def _assert_as_if_alone(database: Database, job: JobDetail) -> None:
    spec = ResolvedJobSpec.model_validate(job.resolved)
    memory = MemoryRecorder()
    train(Engine(spec, plan_trials(spec), torch.device("cpu")), memory)
    for trial in jobs(database).trials(job.id).items:
        summary = memory.outcomes[trial.index]
        assert trial.state == summary.outcome
        assert trial.summary is not None
        assert (trial.summary.best_loss, trial.steps_done) == (summary.best_loss, summary.steps_done)
        stored = ResultReader(database).trajectory(LOCAL.team_id, trial.id, TrajectoryQuery())
        for name, values in memory.trajectories[trial.index].items():
            assert stored[name].to_numpy().tobytes() == values.tobytes(), name
        metrics = ResultReader(database).metrics(LOCAL.team_id, trial.id, TrajectoryQuery())
        for name, values in memory.metrics.get(trial.index, {}).items():
            assert metrics[name].to_numpy().tobytes() == values.tobytes(), name


def _states(database: Database, made: list[JobDetail]) -> list[str]:
    states = {job.id: job.state for job in jobs(database).list().items}
    return [states[job.id] for job in made]


def test_packed_jobs_end_bit_for_bit_as_if_they_had_run_alone(database: Database) -> None:
    made = _mixed(database)
    runner = _runner(database)
    assert runner.run_next()
    assert not runner.run_next(), "all of them went into one pack"
    assert set(_states(database, made)) == {"succeeded"}
    for job in made:
        _assert_as_if_alone(database, job)


def test_a_job_that_fails_in_a_pack_fails_alone(database: Database) -> None:
    made = _mixed(database)
    strange = made[1].resolved.model_dump(mode="json") | {"optimizers": [{"name": "from the future"}]}
    with database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == made[1].id).values(resolved_spec=strange))
    runner = _runner(database)
    while runner.run_next():
        pass
    assert _states(database, made) == ["succeeded", "failed", *["succeeded"] * 6]
    [error] = [job.error for job in jobs(database).list().items if job.id == made[1].id]
    assert error is not None
    assert error.type == "spec-unreadable"
    assert "optimizers" in error.detail


@pytest.mark.parametrize(("way", "then"), [("cancel", "cancelled"), ("pause", "running")])
def test_a_job_that_is_stopped_in_a_pack_stops_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch, way: str, then: str
) -> None:
    made = _mixed(database)

    def meanwhile(claims: list[Claim]) -> Any:
        if made[4].id in {claimed.job_id for claimed in claims}:
            getattr(jobs(database), way)(made[6].id)
        return batch_of(claims)

    monkeypatch.setattr(pack, "batch_of", meanwhile)
    _runner(database, heartbeat_seconds=1e-6).run_next()
    assert _states(database, made) == [*["succeeded"] * 6, then, "succeeded"]
    assert _shards(database, made[6]) == ["cancelled" if way == "cancel" else "paused"]


def test_a_stopped_worker_stores_what_is_done_and_hands_back_the_rest(database: Database) -> None:
    made = _mixed(database)
    answers = iter([False] * 4)
    _runner(database, lambda: next(answers, True)).run_next()
    states = [state for job in made for state in _shards(database, job)]
    assert set(states) == {"succeeded", "queued"}
    runner = _runner(database)
    while runner.run_next():
        pass
    for job in made:
        _assert_as_if_alone(database, job)


def test_a_shard_whose_lease_was_lost_is_left_out_and_the_others_are_stored(database: Database) -> None:
    made = [submit(database, budget={"steps": 5}) for _ in range(3)]
    claims = claim_pack(database, WORKER, 30, SMALL)
    assert [claimed.job_id for claimed in claims] == [job.id for job in made]
    _expire(database, claims[1])
    assert reap(database, AT_ONCE) == 1
    assert packs.renew(database, claims, 30) == {claims[0].shard_id, claims[2].shard_id}
    stored = packs.complete(database, [_completed(claimed) for claimed in claims])
    assert stored == {claims[0].shard_id, claims[2].shard_id}
    assert _states(database, made) == ["succeeded", "running", "succeeded"]
    second = claim(database, WORKER, 30)
    assert second is not None
    assert (second.job_id, second.attempt) == (made[1].id, 2)
    assert packs.complete(database, [_completed(claims[1])]) == set(), "the late attempt is fenced"
    assert packs.complete(database, [_completed(second)]) == {second.shard_id}
    ended = jobs(database).get(made[1].id)
    assert packs.complete(database, [_completed(second)]) == {second.shard_id}, "a repetition is no error"
    assert jobs(database).get(made[1].id) == ended


def test_what_was_tried_before_runs_alone(database: Database) -> None:
    """It may be what killed its worker: the second time nobody else is to be lost with it."""
    made = [submit(database, budget={"steps": 5}) for _ in range(3)]
    for claimed in claim_pack(database, WORKER, 30, SMALL):
        _expire(database, claimed)
    assert reap(database, AT_ONCE) == 3
    assert [len(claim_pack(database, WORKER, 30, SMALL)) for _ in made] == [1, 1, 1]


def test_a_large_shard_is_no_part_of_a_pack(database: Database) -> None:
    sizes = (5, 10_000_000, 5, 5)
    made = [submit(database, budget={"steps": steps}, record={"every": 1000}) for steps in sizes]
    first = claim_pack(database, WORKER, 30, SMALL)
    assert [claimed.job_id for claimed in first] == [made[0].id, made[2].id, made[3].id]
    assert [claimed.job_id for claimed in claim_pack(database, WORKER, 30, SMALL)] == [made[1].id]


def test_a_pack_holds_one_priority_and_keeps_its_limits(database: Database) -> None:
    made = [submit(database, budget={"steps": 5}, priority=name) for name in ("low", "normal", "high", "normal")]
    first = claim_pack(database, WORKER, 30, SMALL)
    assert [claimed.job_id for claimed in first] == [made[2].id]
    two = PackLimits(shards=2, seconds=10.0, small_seconds=1.0)
    assert [claimed.job_id for claimed in claim_pack(database, WORKER, 30, two)] == [made[1].id, made[3].id]
    made = [submit(database, budget={"steps": 5}) for _ in range(4)]
    short = PackLimits(shards=100, seconds=0.001, small_seconds=0.0005)
    assert 1 <= len(claim_pack(database, WORKER, 30, short)) < 4


def _shards(database: Database, job: JobDetail) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(ShardRow.state).where(ShardRow.job_id == job.id)))


def _expire(database: Database, claimed: Claim) -> None:
    with database.write() as session:
        past = store_now(session) - timedelta(seconds=1)
        session.execute(update(ShardRow).where(ShardRow.id == claimed.shard_id).values(lease_expires_at=past))


def _completed(claimed: Claim) -> CompletedShard:
    block = progress(claimed, 0, 5, finished=True)
    return CompletedShard(claimed, block.trials, block.results, "cpu")
