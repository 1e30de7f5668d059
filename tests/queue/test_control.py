"""Stopping and draining the queue of a team."""

import pytest
from ayla_service.db.session import Database, store_now
from ayla_service.errors import QueueDraining
from ayla_service.queue import control
from ayla_service.queue.attempts import record
from ayla_service.queue.claims import claim
from ayla_service.queue.schemas import Switches
from ayla_service.teams.principal import LOCAL

from tests.factories import WORKER, jobs, progress, stranger, submit, submit_as
from tests.queue.queueing import LEASE, claim_one

pytestmark = pytest.mark.every_store

NOT_SWITCHED = Switches(paused_at=None, draining_at=None)


def switch(database: Database, name: str) -> Switches:
    with database.write() as session:
        switches: Switches = getattr(control, name)(session, LOCAL.team_id, store_now(session))
        return switches


def test_switches_are_told_and_keep_their_first_time(database: Database) -> None:
    with database.read() as session:
        assert control.switches(session, LOCAL.team_id) == NOT_SWITCHED
    paused = switch(database, "pause")
    assert paused.paused_at is not None
    assert switch(database, "pause") == paused
    both = switch(database, "drain")
    assert both.paused_at == paused.paused_at
    assert switch(database, "drain") == both
    with database.read() as session:
        assert control.switches(session, LOCAL.team_id) == both
    assert switch(database, "resume") == NOT_SWITCHED
    assert switch(database, "resume") == NOT_SWITCHED


def test_what_runs_of_a_paused_queue_goes_on_and_new_jobs_wait(database: Database) -> None:
    running = submit(database)
    claimed = claim_one(database)
    switch(database, "pause")
    waiting = submit(database)
    record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    assert jobs(database).get(running.id).state == "succeeded"
    assert claim(database, WORKER, LEASE) is None
    switch(database, "resume")
    assert claim_one(database).job_id == waiting.id


def test_a_draining_queue_runs_what_it_has_and_takes_nothing(database: Database) -> None:
    job = submit(database)
    switch(database, "drain")
    with pytest.raises(QueueDraining):
        submit(database)
    submit_as(database, stranger(database))
    assert claim_one(database).job_id == job.id
    switch(database, "resume")
    submit(database)
