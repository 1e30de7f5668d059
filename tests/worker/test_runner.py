"""A worker on the store: from a claim to results, and what happens when it is interrupted."""

import itertools
import math
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ayla_core import engine as core
from ayla_core.engine import Engine
from ayla_core.recorder import Column, MemoryRecorder
from ayla_core.training import train
from ayla_service.db.models import AttemptRow, CheckpointRow, JobRow
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue import attempts
from ayla_service.queue.attempts import HeartbeatReply
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper import reap
from ayla_service.settings import Settings
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from ayla_worker import attempt
from ayla_worker import recorder as runner_recorder
from ayla_worker.identity import describe_worker
from ayla_worker.lease import LeaseKeeper
from ayla_worker.recorder import StoreRecorder
from ayla_worker.runner import Runner
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from tests.factories import AT_ONCE, WORKER, jobs, submit
from tests.waiting import PATIENCE_SECONDS

Trajectories = list[dict[str, list[float]]]

CURVE = {"problem": {"type": "preset", "preset": "curve-a"}, "optimizers": None, "budget": {"steps": 60}}
DIGITS = {
    "problem": {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 500},
    "budget": {"epochs": 20},
}
EXPRESSION = {"budget": {"steps": 300}, "seeds": [0, 1]}


def _runner(
    database: Database,
    should_stop: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
    checkpoint_seconds: float = 15.0,
) -> Runner:
    settings = Settings(
        heartbeat_seconds=0.05,
        retry_seconds=0,
        checkpoint_seconds=checkpoint_seconds,
        datasets_dir=folder,
        download_datasets=False,
    )
    return Runner(database, settings, describe_worker(settings), should_stop)


def _stored(database: Database, job: JobDetail) -> Trajectories:
    reader = ResultReader(database)
    trials = jobs(database).trials(job.id).items
    return [reader.trajectory(LOCAL.team_id, trial.id, TrajectoryQuery()).to_pydict() for trial in trials]


def _stored_metrics(database: Database, job: JobDetail) -> Trajectories:
    reader = ResultReader(database)
    trials = jobs(database).trials(job.id).items
    tables = [reader.metrics(LOCAL.team_id, trial.id, TrajectoryQuery()).to_pydict() for trial in trials]
    return _comparable([table for table in tables if table["step"]])


def _alone(job: JobDetail) -> MemoryRecorder:
    """The same job run by the core alone, in one go."""
    spec = ResolvedJobSpec.model_validate(job.resolved)
    memory = MemoryRecorder()
    train(Engine(spec, plan_trials(spec), torch.device("cpu")), memory)
    return memory


def _undisturbed(job: JobDetail) -> Trajectories:
    return _lists(_alone(job).trajectories)


def _undisturbed_metrics(job: JobDetail) -> Trajectories:
    return _comparable(_lists(_alone(job).metrics))


def _comparable(tables: Trajectories) -> Trajectories:
    """With -inf for NaN, which stands where a part was not evaluated and is not equal to itself."""
    return [
        {name: [-math.inf if math.isnan(value) else value for value in column] for name, column in table.items()}
        for table in tables
    ]


def _lists(columns: dict[int, dict[str, Column]]) -> Trajectories:
    return [{name: list(values.tolist()) for name, values in columns[index].items()} for index in sorted(columns)]


def _outcomes(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AttemptRow.outcome).order_by(AttemptRow.number)))


@pytest.mark.parametrize("changes", [EXPRESSION, CURVE, DIGITS], ids=["expression", "curve", "digits"])
def test_a_job_runs_to_its_end(database: Database, changes: dict[str, object]) -> None:
    job = submit(database, **changes)
    assert _runner(database).run_next()
    done = jobs(database).get(job.id)
    assert (done.state, done.progress.fraction) == ("succeeded", 1.0)
    assert _stored(database, job) == _undisturbed(job)
    assert _stored_metrics(database, job) == _undisturbed_metrics(job)
    assert not _runner(database).run_next()


def test_the_summary_tells_the_result(database: Database) -> None:
    job = submit(database, budget={"steps": 50})
    _runner(database).run_next()
    plain, ayla = jobs(database).trials(job.id).items
    assert plain.summary is not None
    assert ayla.summary is not None
    assert plain.summary.final_loss == pytest.approx(2.00068, abs=1e-4), "SGD stalls at the saddle"
    assert ayla.summary.final_loss == pytest.approx(-6.54297, abs=1e-4), "AYLA reaches the minimum"
    assert ayla.summary.device == "cpu"
    assert ayla.summary.wall_seconds > 0
    assert (ayla.state, ayla.steps_done) == ("completed", 50)


def test_a_diverging_trial_is_a_result_and_its_job_succeeds(database: Database) -> None:
    job = submit(database, optimizers=[{"name": "sgd", "learning_rate": rate} for rate in (0.03, 10.0)])
    _runner(database).run_next()
    assert jobs(database).get(job.id).state == "succeeded"
    fine, diverged = jobs(database).trials(job.id).items
    assert (fine.state, diverged.state) == ("completed", "diverged")
    assert diverged.summary is not None
    assert diverged.summary.final_loss is None
    last = _stored(database, job)[1]["step"][-1]
    assert last == diverged.summary.first_nonfinite_step == diverged.steps_done


@pytest.mark.parametrize("changes", [EXPRESSION, CURVE, DIGITS], ids=["expression", "curve", "digits"])
def test_a_stopped_worker_hands_back_and_the_next_goes_on_bit_for_bit(
    database: Database, changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "MOST_FIRST_STEPS", 16)
    job = submit(database, **changes)
    while _runner(database, _after_one_block()).run_next():
        pass
    assert _outcomes(database).count("released") >= 2
    assert _outcomes(database)[-1] == "succeeded"
    assert _stored(database, job) == _undisturbed(job)
    assert _stored_metrics(database, job) == _undisturbed_metrics(job)


def _after_one_block() -> Callable[[], bool]:
    """A stop signal that comes while the first block is computed."""
    answers = itertools.chain([False], itertools.repeat(True))
    return lambda: next(answers)


def _interrupt(database: Database, blocks: int, steps: int = 20) -> None:
    """An attempt that writes some blocks and is never heard of again; its lease then expires."""
    claimed = claim(database, WORKER, lease_seconds=-1)
    assert claimed is not None
    engine = Engine(claimed.spec, claimed.trials, torch.device("cpu"))
    store = StoreRecorder(database, claimed, lease_seconds=-1)
    for _ in range(blocks):
        store.write(engine.advance(steps), engine.checkpoint)
    assert reap(database, AT_ONCE) == 1


@pytest.mark.parametrize("damage", ["none", "newest", "all"])
def test_a_lost_attempt_is_resumed_even_if_checkpoints_are_damaged(database: Database, damage: str) -> None:
    job = submit(database, **EXPRESSION)
    _interrupt(database, blocks=3)
    if damage != "none":
        steps = [60] if damage == "newest" else [40, 60]
        with database.write() as session:
            session.execute(update(CheckpointRow).where(CheckpointRow.step.in_(steps)).values(data=b"flipped"))
    assert _runner(database).run_next()
    with database.read() as session:
        started = session.scalars(select(AttemptRow.first_step).where(AttemptRow.number == 2)).one()
    assert started == {"none": 60, "newest": 40, "all": 0}[damage]
    assert _stored(database, job) == _undisturbed(job)


def test_a_resumed_attempt_has_every_row_of_metrics_once(database: Database) -> None:
    """A checkpoint at the end of an epoch: the row of that epoch was written before it and stays."""
    job = submit(database, **DIGITS)
    _interrupt(database, blocks=3, steps=3)
    with database.write() as session:
        session.execute(update(CheckpointRow).where(CheckpointRow.step == 9).values(data=b"flipped"))
    assert _runner(database).run_next()
    assert _stored_metrics(database, job) == _undisturbed_metrics(job)
    assert _stored_metrics(database, job)[0]["epoch"] == list(range(1, 21))


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ({"name": "file", "file": "a.csv"}, "a.csv"),
        ({"name": "mnist"}, "train-images-idx3-ubyte"),
    ],
)
def test_data_that_cannot_be_used_fail_the_job_at_once(
    database: Database, tmp_path: Path, dataset: dict[str, object], said: str
) -> None:
    job = submit(database, problem={"type": "dataset", "dataset": dataset, "batch_size": 8})
    runner = _runner(database, folder=tmp_path)
    while runner.run_next():
        pass
    failed = jobs(database).get(job.id)
    assert _outcomes(database) == ["failed"]
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.type == "dataset-unusable"
    assert said in failed.error.detail
    assert "Error" not in failed.error.detail.split()[0]


def test_a_file_of_the_data_folder_is_fitted(database: Database, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    rows = "".join(f"{x},{2 * x + 1}\n" for x in range(20))
    (tmp_path / "files" / "line.csv").write_text("x,target\n" + rows)
    problem = {"type": "dataset", "dataset": {"name": "file", "file": "line.csv"}, "model": {"name": "linear"}}
    job = submit(database, problem=problem, budget={"steps": 50}, record={"predictions_at": [50]})
    assert _runner(database, folder=tmp_path).run_next()
    trial = jobs(database).trials(job.id).items[0]
    assert trial.state == "completed"
    found = ResultReader(database).predictions(LOCAL.team_id, trial.id)
    assert {"x", "prediction.50"} <= set(found.columns)


def test_an_attempt_says_what_its_bits_depend_on(database: Database) -> None:
    submit(database)
    _runner(database).run_next()
    with database.read() as session:
        environment = session.scalars(select(AttemptRow.environment)).one()
    assert environment["threads"] == 1
    assert environment["kernels"] in {"expressions and networks", "expressions", "networks", "none"}


def test_what_the_core_raises_is_retried_and_then_fails_the_job(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such luck\nwith a second line")

    monkeypatch.setattr(core.Engine, "advance", broken)
    job = submit(database)
    runner = _runner(database)
    while runner.run_next():
        pass
    failed = jobs(database).get(job.id)
    assert _outcomes(database) == ["failed"] * 3
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.detail.endswith("ValueError: no such luck")


def test_a_spec_that_cannot_be_read_fails_its_job_and_the_next_runs(database: Database) -> None:
    strange, healthy = submit(database), submit(database)
    with database.write() as session:
        session.execute(
            update(JobRow)
            .where(JobRow.id == strange.id)
            .values(resolved_spec=strange.resolved.model_dump(mode="json") | {"new": 1})
        )
    runner = _runner(database)
    while runner.run_next():
        pass
    states = {job.id: job.state for job in jobs(database).list().items}
    assert states == {strange.id: "failed", healthy.id: "succeeded"}


def test_a_store_that_is_away_for_a_moment_costs_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = attempts.record, iter([True, False, True])

    def sometimes(*arguments: object) -> HeartbeatReply:
        if next(failures, False):
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        return real(*arguments)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(attempts, "record", sometimes)
    job = submit(database)
    _runner(database).run_next()
    assert _outcomes(database) == ["succeeded"]
    assert _stored(database, job) == _undisturbed(job)


def test_a_store_that_was_away_for_too_long_costs_an_attempt_and_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> HeartbeatReply:
        raise OperationalError("INSERT", {}, Exception("could not connect to server"))

    job = submit(database)
    with monkeypatch.context() as patched:
        patched.setattr(attempts, "record", away)
        patched.setattr(runner_recorder, "retry_store", lambda _seconds, write: write())
        _runner(database).run_next()
    with database.read() as session:
        found = session.execute(select(AttemptRow.outcome, AttemptRow.error_type, AttemptRow.error)).one()
    assert tuple(found) == ("failed", "store-unavailable", "Exception: could not connect to server")
    assert _runner(database).run_next()
    assert jobs(database).get(job.id).state == "succeeded"


def test_cancelling_stops_a_running_job_and_keeps_its_rows(database: Database) -> None:
    job = submit(database, budget={"steps": 5_000_000}, record={"every": 100})
    worker = threading.Thread(target=_runner(database).run_next)
    worker.start()
    while jobs(database).get(job.id).progress.steps_done == 0:
        threading.Event().wait(0.01)
    jobs(database).cancel(job.id)
    worker.join(PATIENCE_SECONDS)
    assert not worker.is_alive()
    assert jobs(database).get(job.id).state == "cancelled"
    assert len(_stored(database, job)[0]["step"]) > 0


def _while_running(database: Database, job: JobDetail, runner: Runner, act: Callable[[], object]) -> None:
    """Do something once the job has made its first steps, and wait until the runner is through."""
    thread = threading.Thread(target=runner.run_next)
    thread.start()
    while jobs(database).get(job.id).progress.steps_done == 0:
        threading.Event().wait(0.01)
    act()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_a_paused_job_is_checkpointed_and_goes_on_bit_for_bit_when_resumed(database: Database) -> None:
    job = submit(database, budget={"steps": 2_000_000}, record={"every": 1000})
    _while_running(database, job, _runner(database), lambda: jobs(database).pause(job.id))
    paused = jobs(database).get(job.id)
    assert paused.paused_at is not None
    assert {state: count for state, count in paused.trials if count} == {"total": 2, "queued": 2}
    assert not _runner(database).run_next(), "what is paused is not taken"
    jobs(database).resume(job.id)
    assert _runner(database).run_next()
    with database.read() as session:
        first_steps = list(session.scalars(select(AttemptRow.first_step).order_by(AttemptRow.number)))
    assert first_steps[0] == 0 < first_steps[1]
    assert jobs(database).get(job.id).state == "succeeded"
    assert _stored(database, job) == _undisturbed(job)


def test_a_shard_is_checkpointed_by_time_and_not_by_every_block(database: Database) -> None:
    job = submit(database, budget={"steps": 200_000}, record={"every": 1000})
    seen: set[int] = set()

    def look() -> bool:
        with database.read() as session:
            seen.update(session.scalars(select(CheckpointRow.step)))
        return False

    _runner(database, look, checkpoint_seconds=3600.0).run_next()
    assert jobs(database).get(job.id).state == "succeeded"
    assert not seen, "it took less than the hour between two checkpoints"
    submit(database, budget={"steps": 200_000}, record={"every": 1000})
    _runner(database, look, checkpoint_seconds=0.0).run_next()
    assert len(seen) > 1, "blocks grow by a factor at most, from a first one of a few thousand steps"


def test_the_first_block_is_short_where_its_cost_is_a_guess(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is followed by the first heartbeat: a block that outlasts the lease would lose it on every attempt."""
    lengths: list[int] = []
    real = core.Engine.advance

    def noting(engine: core.Engine, steps: int) -> core.EngineBlock:
        lengths.append(steps)
        return real(engine, steps)

    monkeypatch.setattr(core.Engine, "advance", noting)
    for changes in (DIGITS, EXPRESSION):
        monkeypatch.setattr(attempt, "kernels", lambda *_: None)
        submit(database, **changes)
        _runner(database).run_next()
        assert lengths[0] <= 4
        lengths.clear()


def test_a_lease_is_renewed_by_progress_alone() -> None:
    renewed: list[str] = []
    keeper = LeaseKeeper(lambda: renewed.append("lease"), 0.05, lambda: renewed.append("told"))
    keeper.keep()
    assert not renewed, "too soon"
    threading.Event().wait(0.06)
    assert not renewed, "time alone renews nothing"
    keeper.keep()
    assert renewed == ["lease", "told"]


def test_predictions_are_stored_at_the_steps_asked_for(database: Database) -> None:
    job = submit(database, **CURVE, record={"predictions_at": [0, 60]})
    _runner(database).run_next()
    trial = jobs(database).trials(job.id).items[0]
    found = ResultReader(database).predictions(LOCAL.team_id, trial.id)
    assert found.steps == [0, 60]
    assert set(found.columns) == {"x", "target", "truth", "prediction.0", "prediction.60"}
    start = found.columns["prediction.0"]
    assert all(value is not None and abs(value) < 0.1 for value in start), "weights start close to zero"


def test_waiting_for_the_store_when_an_attempt_goes_on_is_not_a_step_that_is_too_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = attempts.begin

    def slowly(*arguments: object) -> None:
        threading.Event().wait(1.5)
        real(*arguments)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(attempts, "begin", slowly)
    submit(database, **EXPRESSION)
    _interrupt(database, blocks=1)
    settings = Settings(lease_seconds=1.0, heartbeat_seconds=0.05, retry_seconds=0, download_datasets=False)
    assert Runner(database, settings, describe_worker(settings), lambda: False).run_next()
    assert _outcomes(database) == ["lost", "succeeded"]
