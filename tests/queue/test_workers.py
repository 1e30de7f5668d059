"""Which workers there are: registered, alive, lost, stopped; and what they work on."""

from datetime import timedelta

import pytest
from ayla_service.db.models import WorkerRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue import attempts
from ayla_service.queue.claims import WorkerIdentity, claim
from ayla_service.queue.schemas import Worker, WorkerState
from ayla_service.queue.workers import (
    WorkerFacts,
    beat,
    list_workers,
    register,
    sign_off,
)
from sqlalchemy import update

from tests.factories import submit

pytestmark = pytest.mark.every_store

PRESENCE = 5.0


def facts(name: str = "here:1:abcdef") -> WorkerFacts:
    return WorkerFacts(name, "here", 1, "cpu", ("auto", "cpu"), 2**34, {"torch": "none"})


def seen(database: Database) -> dict[str, Worker]:
    with database.read() as session:
        return {view.name: view for view in list_workers(session, PRESENCE)}


def state(database: Database) -> WorkerState:
    return seen(database)[facts().name].state


def silence(database: Database, **since: float) -> None:
    """Let the last sign of life of every worker be so long ago."""
    with database.write() as session:
        session.execute(update(WorkerRow).values(heartbeat_at=store_now(session) - timedelta(**since)))


def test_a_worker_that_has_registered_is_idle(database: Database) -> None:
    register(database, facts())
    [view] = seen(database).values()
    assert view.state is WorkerState.IDLE
    assert (view.host, view.pid, view.device, view.devices) == ("here", 1, "cpu", ["auto", "cpu"])
    assert (view.memory_bytes, view.environment) == (2**34, {"torch": "none"})
    assert view.started_at == view.heartbeat_at
    assert (view.stopped_at, view.attempts) == (None, [])


def test_registering_again_changes_nothing_but_the_sign_of_life(database: Database) -> None:
    register(database, facts())
    first = seen(database)[facts().name]
    register(database, facts())
    again = seen(database)[facts().name]
    assert again.started_at == first.started_at
    assert again.heartbeat_at > first.heartbeat_at


def test_three_intervals_of_silence_are_a_loss_and_a_beat_ends_it(database: Database) -> None:
    register(database, facts())
    silence(database, seconds=2.5 * PRESENCE)
    assert state(database) is WorkerState.IDLE
    silence(database, seconds=3.5 * PRESENCE)
    assert state(database) is WorkerState.LOST
    assert beat(database, facts().name)
    assert state(database) is WorkerState.IDLE


def test_a_worker_that_has_signed_off_stays_stopped(database: Database) -> None:
    register(database, facts())
    sign_off(database, facts().name)
    stopped = seen(database)[facts().name]
    assert stopped.state is WorkerState.STOPPED
    sign_off(database, facts().name)
    assert not beat(database, facts().name)
    assert seen(database)[facts().name] == stopped


def test_a_worker_that_the_store_does_not_know_has_to_register(database: Database) -> None:
    assert not beat(database, facts().name)
    sign_off(database, facts().name)
    assert not seen(database)


def test_workers_that_are_gone_for_a_day_are_forgotten(database: Database) -> None:
    for name in ("lost", "stopped"):
        register(database, facts(name))
    sign_off(database, "stopped")
    silence(database, hours=23)
    register(database, facts("new"))
    assert set(seen(database)) == {"lost", "stopped", "new"}
    silence(database, hours=25)
    register(database, facts("newer"))
    assert set(seen(database)) == {"newer"}


def test_a_worker_with_a_running_attempt_is_busy_with_it(database: Database) -> None:
    register(database, facts())
    register(database, facts("another"))
    job = submit(database)
    claimed = claim(database, WorkerIdentity(facts().name, frozenset({"auto", "cpu"}), {}), 30.0)
    assert claimed is not None
    views = seen(database)
    assert [view.state for view in views.values()] == [WorkerState.BUSY, WorkerState.IDLE]
    [attempt] = views[facts().name].attempts
    assert (attempt.job_id, attempt.shard_id, attempt.number) == (job.id, claimed.shard_id, 1)
    attempts.release(database, claimed)
    assert state(database) is WorkerState.IDLE


@pytest.mark.parametrize("signed_off", [True, False])
def test_what_a_worker_left_behind_is_shown_with_it(database: Database, signed_off: bool) -> None:
    register(database, facts())
    submit(database)
    assert claim(database, WorkerIdentity(facts().name, frozenset({"auto", "cpu"}), {}), 30.0) is not None
    if signed_off:
        sign_off(database, facts().name)
    else:
        silence(database, minutes=1)
    view = seen(database)[facts().name]
    assert view.state is (WorkerState.STOPPED if signed_off else WorkerState.LOST)
    assert len(view.attempts) == 1
