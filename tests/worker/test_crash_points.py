"""A worker that dies right before or right after each of its commits: the next one finds a store that makes sense."""

import os
from pathlib import Path

import pytest
from ayla_service.db.models import AttemptRow
from ayla_service.db.session import Database
from sqlalchemy import select

from tests.factories import jobs, submit
from tests.queue.queueing import expire_leases
from tests.servers import forks
from tests.waiting import PATIENCE_SECONDS, wait_until
from tests.worker.processes import worker
from tests.worker.test_faults import LONG, _assert_as_if_undisturbed

DYING_WORKER = """
import os, sys
from contextlib import contextmanager
from ayla_service.db.session import Database

when, left = sys.argv[1], [int(sys.argv[2])]
write = Database.write

@contextmanager
def dying(self):
    with write(self) as session:
        yield session
        counts = bool(session.info.get("of the job"))
        left[0] -= counts
        if counts and when == "before" and left[0] == 0:
            os._exit(9)
    if counts and when == "after" and left[0] == 0:
        os._exit(9)

from ayla_service.queue import attempts, claims
for module, name in ((claims, "_open_attempts"), (attempts, "_current")):
    def marking(session, *arguments, real=getattr(module, name), **named):
        found = real(session, *arguments, **named)
        session.info["of the job"] = True
        return found
    setattr(module, name, marking)
Database.write = dying
sys.argv = sys.argv[:1]
from ayla_worker.__main__ import main
sys.exit(main())
"""
"""Counts the commits that concern the job: of the claim, of the attempt's begin, of each block, of its end."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_at_a_commit_costs_time_only(database: Database, tmp_path: Path, when: str) -> None:
    job = submit(database, **{**LONG, "budget": {"steps": 200_000}})
    environment = {
        **os.environ,
        "AYLA_DATABASE_URL": database.url,
        "AYLA_LEASE_SECONDS": "60",
        "AYLA_HEARTBEAT_SECONDS": "0.1",
        "AYLA_CHECKPOINT_SECONDS": "0",
        "AYLA_REAP_SECONDS": "0.1",
        "AYLA_RETRY_SECONDS": "0",
        "AYLA_MAX_ATTEMPTS": "100",
    }
    for commit in (1, 2, 3, 4):
        arguments, log = [when, str(commit)], tmp_path / "log"
        process = forks.start("ayla_worker", arguments, environment=environment, output=log, script=DYING_WORKER)
        assert process.wait(PATIENCE_SECONDS) == 9, log.read_text()
        expire_leases(database)
    with worker(database, tmp_path / "log", lease_seconds=60):
        wait_until(lambda: jobs(database).get(job.id).state == "succeeded")
    with database.read() as session:
        outcomes = list(session.scalars(select(AttemptRow.outcome).order_by(AttemptRow.number)))
    # A claim that was not committed leaves no attempt behind.
    assert outcomes == ["lost"] * (4 if when == "after" else 3) + ["succeeded"]
    _assert_as_if_undisturbed(database, job)
