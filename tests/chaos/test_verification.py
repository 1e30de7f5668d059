"""The verification can fail: each kind of harm is done to a sound store, and each is found."""

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ayla_core.devices import set_threads
from ayla_service.db import migrate
from ayla_service.db.models import AttemptRow, ChunkRow, JobRow, MetricChunkRow, ShardRow, TrialSummariesRow
from ayla_service.db.session import Database
from ayla_service.queue import attempts
from ayla_service.queue.claimed import Claim, SavedState
from ayla_service.queue.claims import claim
from ayla_service.settings import Settings
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES, Summaries, decode_summaries, encode_summaries
from ayla_service.trials.encoding import decode, encode
from ayla_service.trials.writer import AttemptResults, NewChunk, NewResults, insert
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner
from sqlalchemy import URL, delete, select, text, update
from sqlalchemy.orm import Session

from tests.chaos import audit
from tests.chaos.clients import Order
from tests.chaos.load import Planned
from tests.chaos.verification import Check, verify
from tests.factories import WORKER, indices, progress, submit
from tests.servers.postgres import PostgresServer

set_threads(1)

Harm = Callable[[Session], object]

_numbers = itertools.count()
_DIGITS = {
    "problem": {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 500},
    "budget": {"epochs": 3},
}
_SPECS: dict[str, dict[str, Any]] = {
    "course": {"budget": {"steps": 40}, "record": {"every": 3}},
    "digits": _DIGITS,
    "diverging": {"optimizers": [{"name": "sgd", "learning_rate": 10.0}], "budget": {"steps": 40}},
}


def _named(what: str) -> str:
    return f"ayla_{os.getpid()}_chaos_{what}"


def _opened(url: URL) -> Database:
    return Database(url.render_as_string(hide_password=False))


@pytest.fixture(scope="module")
def template(postgres_server: PostgresServer) -> Iterator[str]:
    """A sound store with the audit in it, whose jobs have run."""
    url = postgres_server.create_database(_named("template"))
    database = _opened(url)
    migrate.upgrade(database)
    audit.install(database)
    for name, spec in _SPECS.items():
        submit(database, name=name, **spec)
    settings = Settings(torch_threads=1, download_datasets=False)
    runner = Runner(database, settings, describe_worker(settings), lambda: False)
    while runner.run_next():
        pass
    database.dispose()
    yield str(url.database)
    postgres_server.drop_database(str(url.database))


@pytest.fixture
def store(postgres_server: PostgresServer, template: str) -> Iterator[Database]:
    """A copy of that store, to be harmed."""
    url = postgres_server.create_database(_named(str(next(_numbers))), template)
    database = _opened(url)
    yield database
    database.dispose()
    postgres_server.drop_database(str(url.database))


def _orders(database: Database) -> dict[str, Order]:
    """What users asked for and were told, if all is well."""
    with database.read() as session:
        ids = dict(session.execute(select(JobRow.name, JobRow.id)).all())
    return {
        name: Order(Planned(name, "small", _SPECS[name], 0.0, 0), answers=[ids[name]], asked=1)
        for name in _SPECS
    }  # fmt: skip


def _found(database: Database, orders: dict[str, Order] | None = None) -> set[Check]:
    verified = verify(database, _orders(database) if orders is None else orders, ())
    return {finding.check for finding in verified.findings}


def _shard(session: Session, name: str) -> ShardRow:
    return session.scalars(select(ShardRow).join(JobRow).where(JobRow.name == name)).one()


def _chunk(session: Session, name: str = "course") -> ChunkRow:
    return session.scalars(select(ChunkRow).where(*_first_trial(session, ChunkRow, name))).one()


def _first_trial(session: Session, table: type[ChunkRow | MetricChunkRow], name: str) -> tuple[Any, Any]:
    """Conditions for the rows of the first trial of a job."""
    return table.job_id == _shard(session, name).job_id, table.trial_index == 0


def _change_summaries(session: Session, change: Callable[[Summaries], object]) -> None:
    for row in session.scalars(select(TrialSummariesRow)):
        trials = decode_summaries(row.data, session.get_one(ShardRow, row.shard_id).trials)
        change(trials)
        row.data = encode_summaries(trials)


def _change_best_loss(trials: Summaries) -> None:
    trials["best_loss"][:] *= 1 + 2**-52


def _write_twice(session: Session) -> None:
    chunk = _chunk(session)
    again = {"last_step": chunk.last_step, "rows": chunk.rows, "attempt": 1, "data": chunk.data}
    session.add(ChunkRow(job_id=chunk.job_id, trial_index=chunk.trial_index, first_step=chunk.first_step + 1, **again))


def _flip(row: ChunkRow | MetricChunkRow, column: str) -> None:
    """Change the last bit of one number."""
    table = {name: values.to_numpy().copy() for name, values in zip(*_parts(row.data), strict=True)}
    table[column].view(np.int64)[-1] ^= 1
    row.data = encode(table)


def _parts(data: bytes) -> tuple[list[str], list[Any]]:
    table = decode(data)
    return table.column_names, table.columns


def _flip_metric(session: Session) -> None:
    of_trial = select(MetricChunkRow).where(*_first_trial(session, MetricChunkRow, "digits"))
    _flip(
        session.scalars(of_trial).first() or _missing(),
        "test_loss",
    )


def _missing() -> MetricChunkRow:
    raise AssertionError("the store has no metrics")


def _second_job(session: Session) -> None:
    job = session.scalars(select(JobRow).where(JobRow.name == "course")).one()
    session.expunge(job)
    values = {column.name: getattr(job, column.name) for column in JobRow.__table__.columns}
    session.add(JobRow(**{**values, "id": "another"}))


def _attempt(session: Session, number: int, **changes: Any) -> None:
    shard = _shard(session, "course")
    first = session.get_one(AttemptRow, (shard.id, 1))
    values = {column.name: getattr(first, column.name) for column in AttemptRow.__table__.columns}
    session.add(AttemptRow(**{**values, "number": number, **changes}))


_HARMS: dict[str, tuple[Harm, set[Check]]] = {
    "a chunk twice": (_write_twice, {Check.DOUBLED, Check.BITS}),
    "a chunk gone": (lambda session: session.delete(_chunk(session)), {Check.LOST, Check.BITS}),
    "the end of a diverged course gone": (
        lambda session: session.delete(_chunk(session, "diverging")), {Check.LOST, Check.BITS}
    ),
    "a bit of a trajectory": (lambda session: _flip(_chunk(session), "loss"), {Check.BITS}),
    "a bit of the metrics": (_flip_metric, {Check.BITS}),
    "another best loss": (
        lambda session: _change_summaries(session, _change_best_loss),
        {Check.BITS},
    ),
    "a job gone": (lambda session: session.execute(delete(JobRow).where(JobRow.name == "course")), {Check.LOST}),
    "a job twice": (_second_job, {Check.DOUBLED}),
    "a job that nobody asked for": (
        lambda session: session.execute(update(JobRow).where(JobRow.name == "course").values(name="other")),
        {Check.LOST, Check.DOUBLED},
    ),
    "a job that still waits": (
        lambda session: session.execute(
            update(JobRow).where(JobRow.name == "course").values(state="queued", finished_at=None)
        ),
        {Check.LOST},
    ),
    "a job cancelled by nobody": (
        lambda session: session.execute(update(JobRow).where(JobRow.name == "course").values(state="cancelled")),
        {Check.ENDS},
    ),
    "a trial without its end": (
        lambda session: _change_summaries(session, lambda trials: trials["state"].fill(CODES[TrialState.QUEUED])),
        {Check.ENDS, Check.BITS},
    ),
    "an attempt too many": (lambda session: _attempt(session, 2), {Check.STALE}),
    "an attempt that still runs": (
        lambda session: _attempt(session, 2, outcome="running", ended_at=None), {Check.STALE}
    ),
    "attempts without a first": (
        lambda session: session.execute(update(AttemptRow).values(number=2)), {Check.STALE}
    ),
    "a shard that nobody finished": (
        lambda session: session.execute(update(AttemptRow).values(outcome="lost")), {Check.STALE}
    ),
}  # fmt: skip


def test_a_sound_store_has_nothing_to_find(store: Database) -> None:
    verified = verify(store, _orders(store), audit.violations(store))
    assert (verified.findings, verified.trials) == ([], 5)


@pytest.mark.parametrize("name", _HARMS)
def test_harm_is_found(store: Database, name: str) -> None:
    harm, expected = _HARMS[name]
    orders = _orders(store)
    with store.write() as session:
        harm(session)
    assert _found(store, orders) == expected


def test_what_users_were_told_is_held_against_the_store(store: Database) -> None:
    orders = _orders(store)
    orders["course"].answers.append("another")
    assert _found(store, orders) == {Check.DOUBLED}
    orders = _orders(store) | {"never": Order(Planned("never", "small", {}, 0.0, 0), asked=3)}
    assert _found(store, orders) == {Check.LOST}
    orders = _orders(store)
    orders["course"].complaint = "no answer"
    assert _found(store, orders) == {Check.CONDUCT}
    orders = _orders(store)
    orders["course"].rests.append((0.0, float("inf")))
    assert _found(store, orders) == {Check.CONDUCT}


def test_a_job_has_to_fail_of_what_it_should_fail_of(store: Database) -> None:
    orders = _orders(store)
    asked = replace(orders["course"].planned, ends=frozenset({"failed"}), error="time-limit-exceeded")
    orders["course"] = replace(orders["course"], planned=asked)
    assert _found(store, orders) == {Check.ENDS}
    for error, found in (("worker-lost", {Check.ENDS}), ("time-limit-exceeded", set())):
        with store.write() as session:
            session.execute(update(JobRow).where(JobRow.name == "course").values(state="failed", error_type=error))
        assert _found(store, orders) == found


def _claimed(database: Database) -> Claim:
    submit(database, budget={"steps": 100})
    found = claim(database, WORKER, lease_seconds=60)
    assert found is not None
    return found


def _places(database: Database) -> list[str]:
    return [found.place for found in audit.violations(database)]


def test_the_audit_lets_a_whole_life_of_a_shard_pass(store: Database) -> None:
    first = _claimed(store)
    attempts.begin(store, first, 0, "cpu", 60)
    attempts.record(store, first, progress(first, 0, 9), 60)
    attempts.release(store, first, SavedState(10, b"state"))
    second = claim(store, WORKER, lease_seconds=60)
    assert second is not None
    attempts.begin(store, second, 10, "cpu", 60)
    attempts.record(store, second, progress(second, 10, 100, finished=True), 60)
    assert _places(store) == []


def test_the_audit_sees_rows_of_an_attempt_that_does_not_own_the_shard(store: Database) -> None:
    old = _claimed(store)
    attempts.record(store, old, progress(old, 0, 9), 60)
    attempts.release(store, old)
    rows = NewResults([NewChunk(index, 10, 19, 10, b"late") for index in indices(old)])
    with store.write() as session:
        insert(session, [AttemptResults(old.job_id, old.attempt, rows)])
    assert _places(store) == ["chunks", "chunks"], "nobody owns the shard"
    assert claim(store, WORKER, lease_seconds=60) is not None
    with store.write() as session:
        session.execute(text("UPDATE checkpoints SET data = 'late'"))
        session.execute(text("UPDATE chunks SET data = 'late' WHERE first_step = 0 AND data <> 'late'"))
    assert "checkpoints" in _places(store), "another attempt owns it"


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("jobs", "UPDATE jobs SET state = 'cancelled' WHERE name = 'course'"),
        ("shards", "UPDATE shards SET attempt = attempt - 1"),
        ("shards", "UPDATE shards SET state = 'queued' WHERE state = 'succeeded'"),
        ("shards", "UPDATE shards SET completed = completed - 1 WHERE completed > 0"),
        ("trial_summaries", "UPDATE trial_summaries SET data = 'other'"),
        ("chunks", "DELETE FROM chunks"),
        ("metrics", "UPDATE metrics SET attempt = 2"),
    ],
)
def test_the_audit_sees_what_has_ended_being_changed(store: Database, table: str, statement: str) -> None:
    with store.write() as session:
        session.execute(text(statement))
    assert set(_places(store)) == {table}
