"""What is done with a job is logged with its id, under the id of the request that asked for it."""

from pathlib import Path

import pytest
import structlog
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from structlog.testing import LogCapture
from structlog.typing import EventDict

from tests.factories import spec
from tests.http.helpers import BASE_URL, with_shared_routes


@pytest.fixture
def logged(events: list[EventDict]) -> list[EventDict]:
    """What this test logs, with what is bound to the request, as every process logs it."""
    captured = LogCapture()
    structlog.configure([structlog.contextvars.merge_contextvars, captured])
    return captured.entries


def test_a_request_leads_to_its_job(logged: list[EventDict], database: Database, tmp_path: Path) -> None:
    client = TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL)
    job_id = client.post("/v1/jobs", json=spec(), headers={"X-Request-ID": "first"}).json()["id"]
    client.post(f"/v1/jobs/{job_id}/cancel", headers={"X-Request-ID": "second"})
    told = [event for event in logged if "job_id" in event]
    assert [(event["event"], event["job_id"], event["request_id"]) for event in told] == [
        ("job submitted", job_id, "first"),
        ("job cancelled", job_id, "second"),
    ]
    assert [event["request_id"] for event in logged if event["event"] == "request"] == ["first", "second"]
