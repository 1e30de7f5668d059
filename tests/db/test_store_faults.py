"""A store that is full or gone is a 503, nothing is half stored, and the service goes on when it is back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.db import migrate
from ayla_service.db.models import Base
from ayla_service.db.session import Database
from ayla_service.processes.startup import StartError, open_store
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from tests.factories import spec
from tests.http.helpers import BASE_URL, problem_of, with_shared_routes
from tests.servers.postgres import PostgresServer
from tests.servers.reused import database_name


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
    client = TestClient(
        with_shared_routes(create_app(Settings(data_dir=tmp_path, database_url=url), database)), BASE_URL
    )
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


def test_a_database_of_another_encoding_is_refused_with_the_remedy(postgres_server: PostgresServer) -> None:
    name = database_name("encoded")
    url = postgres_server.create_database(name, "template0", "SQL_ASCII")
    try:
        settings = Settings(database_url=url.render_as_string(hide_password=False))
        with pytest.raises(StartError, match=r"encoding is SQL_ASCII, and UTF8 is needed.*createdb --encoding UTF8"):
            open_store(settings, migrate=True)
    finally:
        postgres_server.drop_database(name)


def spoil(path: Path, first: int, size: int) -> None:
    """Overwrite a piece of a file."""
    with path.open("r+b") as file:
        file.seek(first)
        file.write(b"\xff" * size)


def assert_damage_is_told(client: TestClient, job_id: str) -> None:
    """Once a read has met it, by whatever request, and from then on."""
    assert "store: " not in client.get("/readyz").text, "nobody has met it yet"
    for answer in (client.get(f"/v1/jobs/{job_id}"), client.get(f"/v1/jobs/{job_id}/trials")):
        problem = problem_of(answer, 503, "store-damaged")
        assert "restore a backup" in problem["detail"]
        assert "try again" not in problem["detail"].lower()
        assert "retry-after" not in answer.headers
    for _ in range(2):
        detail = problem_of(client.get("/readyz"), 503, "not-ready")["detail"]
        assert "store: The store is damaged" in detail
        assert "restore a backup" in detail
    assert client.get("/healthz").status_code == 200


def test_a_damaged_file_is_told_until_the_service_starts_anew(store_path: Path, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{store_path}")
    client = TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL)
    job_id = client.post("/v1/jobs", json=spec()).json()["id"]
    with database.engine.connect() as connection:
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'jobs'").scalar_one()
        page_size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    database.dispose()
    whole = store_path.read_bytes()
    spoil(store_path, (page - 1) * page_size, page_size)
    assert_damage_is_told(client, job_id)
    database.dispose()
    store_path.write_bytes(whole)
    problem_of(client.get("/readyz"), 503, "not-ready")
    anew = Database(f"sqlite:///{store_path}")
    assert (
        TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), anew)), BASE_URL)
        .get("/readyz")
        .status_code
        == 200
    )
    anew.dispose()


def test_a_file_that_became_something_else_is_told(store_path: Path, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{store_path}")
    client = TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL)
    assert client.get("/readyz").status_code == 200
    database.dispose()
    store_path.write_bytes(b"this is no database " * 1000)
    problem_of(client.get("/v1/jobs"), 503, "store-damaged")
    assert "damaged" in problem_of(client.get("/readyz"), 503, "not-ready")["detail"]
    database.dispose()
    with pytest.raises(StartError, match=r"is damaged: file is not a database\. Restore a backup"):
        open_store(Settings(data_dir=tmp_path), migrate=False)


def test_a_damaged_table_of_postgresql_is_told(mortal: PostgresServer, tmp_path: Path) -> None:
    url = mortal.create_database("ayla").render_as_string(hide_password=False)
    database = Database(url)
    migrate.upgrade(database)
    client = TestClient(
        with_shared_routes(create_app(Settings(data_dir=tmp_path, database_url=url), database)), BASE_URL
    )
    job_id = client.post("/v1/jobs", json=spec()).json()["id"]
    with database.engine.connect() as connection:
        folder, table = connection.exec_driver_sql(
            "SELECT current_setting('data_directory'), pg_relation_filepath('jobs')"
        ).one()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
    mortal.kill()
    file = Path(folder) / table
    spoil(file, 0, file.stat().st_size)
    mortal.start()
    assert_damage_is_told(client, job_id)
    database.dispose()


def test_what_is_no_damage_is_not_called_so(client: TestClient, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs RENAME TO gone")
    problem_of(client.get("/v1/jobs/5d1f0c6a-0000-4000-8000-000000000000"), 503, "store-unavailable")
    assert not database.is_damaged
