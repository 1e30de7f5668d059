"""What some workers run, as the store knows it."""

from dataclasses import replace

import pytest
from ayla_service.db.session import Database
from ayla_service.queue.claims import claim
from ayla_service.queue.running import running_shards

from tests.factories import WORKER, submit

pytestmark = pytest.mark.every_store


def test_what_a_worker_runs_is_shown_with_its_owner(database: Database) -> None:
    job = submit(database)
    assert claim(database, WORKER, 60.0) is not None
    with database.read() as session:
        [shard] = running_shards(session, [WORKER.name, "another"])
    shown = shard.as_dict()
    assert shown.pop("seconds") >= 0
    assert shown == {
        "worker": WORKER.name,
        "job": job.id,
        "shard": 0,
        "attempt": 1,
        "trials": 2,
        "step": 0,
        "owner": "local",
    }


def test_others_are_not_shown(database: Database) -> None:
    submit(database)
    assert claim(database, replace(WORKER, name="another"), 60.0) is not None
    with database.read() as session:
        assert running_shards(session, [WORKER.name]) == []
        assert running_shards(session, []) == []
