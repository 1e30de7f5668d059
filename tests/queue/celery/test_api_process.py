"""The API as a process of its own, with a broker."""

import subprocess
from pathlib import Path

import pytest
from ayla_service.db.session import Database

from tests.factories import submit
from tests.processes.command import SERVICE, clean_environment
from tests.queue.celery.helpers import depth
from tests.servers.redis import RedisServer
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.mark.parametrize("frozen", [False, True], ids=["redis", "frozen redis"])
def test_the_api_reminds_workers_of_what_waits_and_ends_in_time(
    database: Database, tmp_path: Path, own_redis: RedisServer, *, frozen: bool
) -> None:
    submit(database)
    environment = clean_environment(
        tmp_path, AYLA_DATABASE_URL=database.url, AYLA_BROKER_URL=own_redis.url, AYLA_REAP_SECONDS="0.1"
    )
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([*SERVICE, "api", "--port", "0"], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            wait_until(lambda: depth(own_redis) >= 1)
            if frozen:
                own_redis.freeze()
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
