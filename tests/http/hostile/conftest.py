"""One service for all hostile requests of a file; after each test nothing is stored and the service lives."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi.testclient import TestClient

from tests.db.test_store_faults import rows
from tests.factories import spec
from tests.http.contract_cases import things
from tests.http.helpers import BASE_URL, with_shared_routes
from tests.http.hostile.operations import DOCUMENT
from tests.keyring import make_key, shown


@pytest.fixture(scope="module")
def folder(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(migrated_store, folder / "ayla.db")
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[Database]:
    database = Database(Settings(data_dir=folder).store_url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def there(store: Database) -> dict[str, str]:
    """Path parameters of things that are there."""
    names = {name for path in DOCUMENT["paths"] for name in re.findall(r"{(\w+)}", path)}
    return {**things(store, names), "kind": "loss"}


@pytest.fixture(scope="module")
def client(folder: Path, store: Database) -> TestClient:
    """It raises what the application lets through: nothing must get through."""
    app = with_shared_routes(create_app(Settings(data_dir=folder, rate_limit_per_minute=0), store))
    return TestClient(app, BASE_URL, headers=shown(make_key(store)))


@pytest.fixture(autouse=True)
def _nothing_is_stored_and_the_service_lives(
    client: TestClient, store: Database, there: dict[str, str]
) -> Iterator[None]:
    assert there
    before = rows(store)
    yield
    assert rows(store) == before
    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/jobs", json=spec()).status_code == 202
