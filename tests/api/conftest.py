"""The real application on a migrated SQLite file, for every test anew."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import LogCapture
from structlog.typing import EventDict

from tests.api.helpers import BASE_URL, quickly
from tests.factories import spec


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of access log lines would hide what a failing test says."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def events() -> list[EventDict]:
    """What this test logs, as it is logged."""
    captured = LogCapture()
    structlog.configure([captured], structlog.make_filtering_bound_logger(logging.NOTSET))
    return captured.entries


@pytest.fixture(scope="session")
def usual() -> Settings:
    """Settings as they are where nobody sets any; to read the environment takes longer than many a test."""
    return Settings()


@pytest.fixture
def app(tmp_path: Path, database: Database, usual: Settings) -> FastAPI:
    return quickly(create_app(usual.model_copy(update={"data_dir": tmp_path}), database))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, BASE_URL) as client:
        yield client


@pytest.fixture
def job_id(client: TestClient) -> str:
    """A job of two trials that was just submitted."""
    job_id: str = client.post("/v1/jobs", json=spec()).json()["id"]
    return job_id


@pytest.fixture
def trial_id(client: TestClient, job_id: str) -> str:
    """Its first trial."""
    trial_id: str = client.get(f"/v1/jobs/{job_id}/trials").json()["data"][0]["id"]
    return trial_id
