"""A store that an older version has filled is upgraded without loss, and its work goes on."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from alembic import command
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.service import ComparisonService
from ayla_service.db import migrate
from ayla_service.db.migrate import MigrationRefused
from ayla_service.db.models import JobLabelRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.jobs.listing import JobQuery
from ayla_service.queue.attempts import begin, record
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper import reap
from ayla_service.states import LabelKind, TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.encoding import encode
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.service import ResultReader
from ayla_spec import JobSpec, resolve
from sqlalchemy import Connection, MetaData, insert, select, text
from structlog.types import EventDict

from tests.factories import AT_ONCE, WORKER, jobs, progress, set_trials, spec, stored_trials, submit

pytestmark = pytest.mark.every_store

OLD = "0002"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATES = ("queued", "running", "succeeded", "failed", "cancelled")


_SUBMITTED: dict[str, Any] = {
    "optimizers": [{"name": "sgd", "learning_rate": 0.03, "ayla": {"n1": 1.0, "n2": 1.4}}],
    "tags": ["old"],
}


def _id(kind: str, place: int) -> str:
    return f"{kind:0>8}-0000-4000-8000-{place:012d}"


@pytest.fixture
def old(database: Database) -> Database:
    """A store at the older revision, with a job in every state; some rows of the running one were recorded."""
    with database.migration() as connection:
        command.downgrade(migrate._config(connection), OLD)
    with database.write() as session:
        tables = MetaData()
        tables.reflect(session.connection())
        for name, rows in _rows().items():
            session.execute(insert(tables.tables[name]), rows)
    assert migrate.current(database) == OLD
    return database


def _rows() -> dict[str, list[dict[str, Any]]]:
    places = list(enumerate(STATES))
    return {
        "jobs": [_job(place, state) for place, state in places],
        "job_tags": [{"job_id": _id("a", place), "tag": "old"} for place, _ in places],
        "idempotency_keys": [{"key": "k", "body_digest": "0" * 64, "job_id": _id("a", 2), "created_at": NOW}],
        "shards": [_shard(place, state) for place, state in places],
        "trials": [_trial(place, state) for place, state in places],
        "attempts": [_attempt(place, state) for place, state in places if state != "queued"],
        "chunks": [
            {
                "trial_id": _id("c", place),
                "first_step": 0,
                "last_step": 4,
                "rows": 5,
                "data": encode({"step": list(range(5)), "loss": [1.0 / (step + 1) for step in range(5)]}),
            }
            for place in (1, 2)
        ],
        "checkpoints": [{"shard_id": _id("b", 1), "step": 5, "attempt": 1, "data": b"state at 5"}],
    }


def _job(place: int, state: str) -> dict[str, Any]:
    submitted = spec(**_SUBMITTED, name=f"OLD ÄRGER {state}")
    resolved = resolve(JobSpec.model_validate(submitted)).model_dump(mode="json")
    del resolved["limits"]  # which that version did not know
    return {
        "id": _id("a", place),
        "name": f"OLD ÄRGER {state}",
        "state": state,
        "priority": 0,
        "submitted_spec": submitted,
        "resolved_spec": resolved,
        "steps_total": 10,
        "created_at": NOW + timedelta(seconds=place),
        "started_at": None if state == "queued" else NOW + timedelta(seconds=10),
        "finished_at": None if state in STATES[:2] else NOW + timedelta(seconds=20),
        "cancel_requested_at": NOW if state == "cancelled" else None,
        "error_type": "attempts-exhausted" if state == "failed" else None,
        "error_detail": "Gave up." if state == "failed" else None,
    }


def _shard(place: int, state: str) -> dict[str, Any]:
    return {
        "id": _id("b", place),
        "job_id": _id("a", place),
        "index": 0,
        "state": state,
        "device": "auto",
        "attempt": 0 if state == "queued" else 1,
        "failures": 0,
        "lease_expires_at": NOW + timedelta(seconds=40) if state == "running" else None,
    }


def _trial(place: int, state: str) -> dict[str, Any]:
    return {
        "id": _id("c", place),
        "job_id": _id("a", place),
        "shard_id": _id("b", place),
        "index": 0,
        "optimizer_index": 0,
        "label": "SGD lr=0.03",
        "settings": {"name": "sgd", "learning_rate": 0.03},
        "seed": 0,
        "state": "completed" if state == "succeeded" else state,
        "steps_done": 5 if state == "running" else 0,
        "capped_steps": 0,
        "wall_seconds": 0.5,
    }


def _attempt(place: int, state: str) -> dict[str, Any]:
    return {
        "shard_id": _id("b", place),
        "number": 1,
        "worker": "old:1",
        "outcome": state,
        "environment": {},
        "first_step": 0,
        "started_at": NOW,
        "heartbeat_at": NOW,
        "ended_at": None if state == "running" else NOW + timedelta(seconds=20),
        "error": "ValueError: no" if state == "failed" else None,
    }


def test_every_job_of_an_old_store_is_there_after_the_upgrade(old: Database) -> None:
    migrate.upgrade(old)
    service = jobs(old)
    page = service.list(
        JobQuery(labels={LabelKind.TAG: "old", LabelKind.OPTIMIZER: "sgd", LabelKind.PROBLEM: "expression"})
    )
    assert [(job.name, job.state) for job in page.items] == [
        (f"OLD ÄRGER {state}", state) for state in reversed(STATES)
    ]
    assert {(job.priority, job.owner, tuple(job.tags)) for job in page.items} == {("normal", "local", ("old",))}
    with old.read() as session:
        stored = dict(session.execute(select(JobRow.state, JobRow.stored_bytes)).all())
    assert stored["succeeded"] == len(_rows()["chunks"][1]["data"])
    table = ResultReader(old).trajectory(LOCAL.team_id, _id("c", 2), TrajectoryQuery())
    assert table["step"].to_pylist() == [0, 1, 2, 3, 4]


def test_the_jobs_of_an_old_store_are_found_as_those_of_a_new_one(old: Database) -> None:
    """By every label and text that a job has which is submitted now."""
    migrate.upgrade(old)
    new = jobs(old).submit(spec(**_SUBMITTED, name="OLD ÄRGER queued"))
    stored = {}
    with old.read() as session:
        for job_id in (_id("a", 0), new.id):
            labels = select(JobLabelRow.kind, JobLabelRow.label).where(JobLabelRow.job_id == job_id)
            text = session.get_one(JobRow, job_id).search_text
            stored[job_id] = (text, sorted(map(tuple, session.execute(labels))))
    assert stored[_id("a", 0)] == stored[new.id]
    assert "old ärger queued" in stored[new.id][0]


def test_the_work_of_an_old_store_goes_on_after_the_upgrade(old: Database) -> None:
    migrate.upgrade(old)
    assert reap(old, AT_ONCE) == 1, "its worker is long gone"
    service = jobs(old)
    for job_id, first in ((_id("a", 0), 0), (_id("a", 1), 5)):
        claimed = claim(old, WORKER, 30)
        assert claimed is not None
        assert claimed.job_id == job_id
        assert claimed.spec.limits.seconds is None
        begin(old, claimed, first, "cpu", 30)
        record(old, claimed, progress(claimed, first, 10, finished=True), 30)
        assert service.get(job_id).state == "succeeded"
    table = ResultReader(old).trajectory(LOCAL.team_id, _id("c", 1), TrajectoryQuery())
    assert table["step"].to_pylist() == list(range(11))


def test_of_trials_that_are_older_nothing_is_said_of_exponents_without_effect(old: Database) -> None:
    """Nobody counted their losses below and above 1; no number stands for that, zero least of all."""
    migrate.upgrade(old)
    (trial,) = jobs(old).trials(_id("a", 2)).items
    assert trial.summary is not None
    assert (trial.summary.losses_below_one, trial.summary.losses_above_one, trial.summary.notes) == (None, None, [])
    reader = ResultReader(old)
    table = reader.summary(reader.of_job(None, LOCAL.team_id, _id("a", 2), TrialSelection()))
    (row,) = table.whole(10, 1000).to_pylist()
    assert (row["losses_below_one"], row["losses_above_one"], row["notes"]) == (None, None, None)
    comparison = ComparisonService(old).compare(LOCAL, [_id("a", 2)], ComparisonQuery())
    assert (comparison.results[0].summaries[0].notes, comparison.results[0].summaries[0].copy_of) == ([], None)
    assert not any("effect" in note for note in comparison.notes)


def test_an_upgraded_store_can_be_taken_back_and_upgraded_again(old: Database) -> None:
    migrate.upgrade(old)
    service = jobs(old)
    service.pause(_id("a", 0))
    with old.migration() as connection:
        command.downgrade(migrate._config(connection), OLD)
    migrate.upgrade(old)
    assert service.get(_id("a", 0)).state == "queued"
    claimed = claim(old, WORKER, 30)
    assert claimed is not None
    assert claimed.job_id == _id("a", 0), "what was paused waits in the queue of the older schema"


def _newest_but_one(database: Database) -> None:
    """Take a store back to the schema in which each trial has a row."""
    with database.migration() as connection:
        command.downgrade(migrate._config(connection), "0008")


def _counts(database: Database, *tables: str) -> list[int]:
    with database.read() as session:
        return [session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables]


def _batches(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The migration that moves trials, a little at a time."""
    module = next(module for module in migrate._pending("0009") if module.revision == "0010")
    for name, value in {"_SHARDS_AT_ONCE": 1, "_ROWS_AT_ONCE": 1}.items():
        monkeypatch.setattr(module, name, value)
    return module


def test_trials_are_moved_in_batches_and_what_is_cut_off_is_gone_on_with(
    old: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = _batches(monkeypatch)
    monkeypatch.setattr(migrate, "_pending", lambda _: [module])
    left, batch = [3], module.batch

    def dying(connection: Connection) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return bool(batch(connection))

    monkeypatch.setattr(module, "batch", dying)
    with pytest.raises(KeyboardInterrupt):
        migrate.upgrade(old)
    assert migrate.current(old) == "0009", "no version works with a store that is half moved"
    assert _counts(old, "chunks", "old_chunks", "trial_summaries", "trials") == [2, 0, 1, 5]
    left[0] = 100
    migrate.upgrade(old)
    assert migrate.is_current(old)
    assert _counts(old, "chunks", "trial_summaries", "trial_ids") == [2, 5, 5]
    assert [job.state for job in jobs(old).list().items] == list(reversed(STATES))


def test_ids_that_trials_had_go_on_working(old: Database) -> None:
    migrate.upgrade(old)
    service = jobs(old)
    for place, state in enumerate(STATES):
        trial = service.trial(_id("c", place))
        assert trial.id == f"{_id('a', place)}-0"
        assert service.trial(trial.id) == trial
        assert trial.state == ("completed" if state == "succeeded" else state)


def test_trials_keep_their_ids_and_results_on_the_way_back_and_forth(database: Database) -> None:
    job, waiting = submit(database, seeds=[5, 6]), submit(database)
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    record(database, claimed, progress(claimed, 0, 10, finished=True), 30)
    set_trials(database, job.id, 1, state=TrialState.DIVERGED, first_nonfinite_step=3, test_loss=0.5, ran_alone=True)
    set_trials(database, job.id, 2, device="NVIDIA H200", losses_below_one=2**40)
    before, shards = stored_trials(database, job.id), _shards_of(database)
    _newest_but_one(database)
    with database.read() as session:
        columns = "id, job_id, label, seed, state, losses_below_one"
        rows = session.execute(text(f'SELECT {columns} FROM trials ORDER BY job_id, "index"')).all()
    mine = [row for row in rows if row.job_id == job.id]
    assert [(row.label, row.seed, row.state) for row in mine] == [(one.label, one.seed, one.state) for one in before]
    assert mine[2].losses_below_one == 2**40
    assert {row.state for row in rows if row.job_id == waiting.id} == {"queued"}
    migrate.upgrade(database)
    assert stored_trials(database, job.id) == before
    assert _shards_of(database) == shards
    assert [jobs(database).trial(row.id).index for row in mine] == [0, 1, 2, 3]


def _shards_of(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as session:
        numbers = (ShardRow.completed, ShardRow.diverged, ShardRow.steps_done, ShardRow.completed_steps)
        more = (ShardRow.diverged_steps, ShardRow.result_bytes, ShardRow.first_trial, ShardRow.trials)
        return list(map(tuple, session.execute(select(ShardRow.id, *numbers, *more).order_by(ShardRow.id))))


def test_what_the_older_schema_cannot_hold_is_named_and_nothing_changes(database: Database) -> None:
    submit(database, name="without axes")
    rates = {"values": [0.1, 0.2, 0.3]}
    sweep = submit(database, name="swept", optimizers=[{"name": "sgd", "learning_rate": rates}])
    with pytest.raises(
        RuntimeError, match=re.escape(f"1 of the jobs, which have axes or compute a trial again: {sweep.id} (swept)")
    ):
        _newest_but_one(database)
    assert migrate.is_current(database)
    assert jobs(database).get(sweep.id).trials.queued == 3


def test_a_store_of_a_newer_version_is_refused(database: Database) -> None:
    _name_revision(database, "9999")
    with pytest.raises(MigrationRefused, match="a newer version has migrated it: it has the schema 9999"):
        migrate.upgrade(database)
    assert migrate.current(database) == "9999"
    _name_revision(database, migrate.head())


def _name_revision(database: Database, revision: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_a_disk_without_the_space_is_told_before_anything_is_moved(
    old: Database, monkeypatch: pytest.MonkeyPatch, events: list[EventDict]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    if old.is_sqlite:
        with pytest.raises(MigrationRefused, match="its disk has 0 MiB free, and 1 MiB are needed"):
            migrate.upgrade(old)
        assert migrate.current(old) == OLD
    else:
        migrate.upgrade(old)
        assert migrate.is_current(old)
    (said,) = [event for event in events if event["event"].startswith("the store is migrated in batches")]
    assert said["needed_mib"] == 1
