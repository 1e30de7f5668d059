"""A store that is full or gone is a 503, nothing is half stored, and the service goes on when it is back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.db import migrate
from ayla_service.db.models import Base
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from tests.api.helpers import BASE_URL, problem_of
from tests.factories import spec
from tests.servers.postgres import PostgresServer


def rows(database: Database) -> dict[str, int]:
    with database.read() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_a_full_disk_is_a_503_and_nothing_is_half_stored(client: TestClient, database: Database) -> None:
    """SQLite is told that there is no room for another page: the error is the one that a full disk gives."""

    most = 1  # SQLite takes at least what there is

    def fill(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most}")

    big = {"jobs": [spec(seeds=list(range(50)), notes="x" * 10_000)] * 20}
    event.listen(database.engine, "checkout", fill)
    before = rows(database)
    headers = {"Idempotency-Key": "again"}
    problem = problem_of(client.post("/v1/jobs:bulk", json=big, headers=headers), 503, "store-unavailable")
    assert "nothing was changed" in problem["detail"]
    assert rows(database) == before
    assert client.get("/v1/jobs").status_code == 200, "reading needs no room"
    most = 1_000_000
    assert client.post("/v1/jobs:bulk", json=big, headers=headers).status_code == 202
    assert rows(database)["jobs"] == 20


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    with PostgresServer.own() as server:
        yield server


def test_a_store_that_dies_is_a_503_and_is_found_again(mortal: PostgresServer, tmp_path: Path) -> None:
    url = mortal.create_database("ayla").render_as_string(hide_password=False)
    database = Database(url)
    migrate.upgrade(database)
    client = TestClient(create_app(Settings(data_dir=tmp_path, database_url=url), database), BASE_URL)
    job_id = client.post("/v1/jobs", json=spec()).json()["id"]
    mortal.kill()
    for answer in (
        client.get(f"/v1/jobs/{job_id}"),
        client.post("/v1/jobs", json=spec()),
        client.post(f"/v1/jobs/{job_id}/pause"),
        client.get("/v1/me"),
    ):
        problem_of(answer, 503, "store-unavailable")
        assert answer.headers["retry-after"] == "1"
    assert client.get("/healthz").status_code == 200
    mortal.start()
    assert client.get(f"/v1/jobs/{job_id}").json()["id"] == job_id
    assert client.post("/v1/jobs", json=spec()).status_code == 202
    database.dispose()
