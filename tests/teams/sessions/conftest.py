"""A service with keys, and a browser with one of its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.http.helpers import with_shared_routes
from tests.keyring import make_key
from tests.teams.sessions.browsers import OWN, URL


@pytest.fixture
def key(database: Database) -> str:
    """There are keys, and this is one."""
    return make_key(database)


@pytest.fixture
def app(tmp_path: Path, database: Database) -> FastAPI:
    """A service that others reach, so any host names it."""
    return with_shared_routes(create_app(Settings(data_dir=tmp_path, host="0.0.0.0"), database))


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    """A browser with a page of the service: keeps cookies, and says where its requests come from."""
    with TestClient(app, URL, headers=OWN) as client:
        yield client
