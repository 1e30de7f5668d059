"""The committed contract is the one that is served, and the service keeps it, whatever is asked."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from ayla_service.api.examples import JOB_EXAMPLES
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.openapi import contract_text
from ayla_service.settings import Settings
from ayla_service.webhooks.gate import Gate
from ayla_service.webhooks.networks import PrivateHosts
from ayla_service.webhooks.service import WebhookService
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests import factories
from tests.api.helpers import BASE_URL, record
from tests.service.hooks import add_delivery, add_webhook

_SOMEWHERE = IPv4Address("93.184.215.14")
"""Where every name leads; nobody is asked for it."""

COMMITTED = Path(__file__).parents[2] / "openapi.json"

committed = schemathesis.openapi.from_path(COMMITTED)


@pytest.fixture(scope="module")
def folder(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    shutil.copy(migrated_store, folder / "ayla.db")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[FastAPI]:
    """One application for every request, so that they also meet what earlier ones left behind."""
    service_settings = Settings(data_dir=folder)
    database = Database(service_settings.store_url)
    app = create_app(service_settings, database)
    app.state.webhooks = WebhookService(database, Gate(PrivateHosts(), lambda _host, _seconds: [_SOMEWHERE]))
    yield app
    database.dispose()


@pytest.fixture(scope="module")
def existing(served: FastAPI) -> dict[str, str]:
    """Path parameters of things that are there: a job, a trial of it with a trajectory, a webhook with a delivery."""
    database = served.state.database
    job = factories.submit(database)
    trial = factories.jobs(database).trials(job.id).items[0]
    record(database, trial.id, {"step": [0, 1, 2], "loss": [3.0, 2.0, float("nan")], "param.x": [1.0, 2.0, 3.0]})
    webhook = add_webhook(database)
    return {
        "job_id": job.id,
        "trial_id": trial.id,
        "webhook_id": webhook,
        "delivery_id": add_delivery(database, webhook),
    }


@committed.parametrize()
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_the_contract(
    case: schemathesis.Case[Any], served: FastAPI, existing: dict[str, str]
) -> None:
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = existing[name]
    # A valid spec can still be refused: JSON Schema knows neither expressions nor cursors.
    case.call_and_validate(BASE_URL, app=served, excluded_checks=[positive_data_acceptance])


def test_the_committed_contract_is_the_one_served() -> None:
    assert COMMITTED.read_text() == contract_text(), "run 'make openapi' and review the change"


def test_the_contract_is_the_same_in_every_process() -> None:
    printed = subprocess.run([sys.executable, "-m", "ayla_service", "openapi"], check=True, capture_output=True)
    assert printed.stdout.decode() == contract_text()


@pytest.mark.parametrize("name", JOB_EXAMPLES)
def test_the_examples_of_the_documentation_are_accepted(client: TestClient, name: str) -> None:
    answer = client.post("/v1/jobs", json=JOB_EXAMPLES[name]["value"])
    assert answer.status_code == 202
    assert answer.json()["spec"] == JOB_EXAMPLES[name]["value"]


def test_every_operation_declares_its_problems() -> None:
    for path, operations in committed.raw_schema["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"], (method, path)
            assert operation["summary"], (method, path)
            assert "421" in operation["responses"], (method, path)
            assert ("403" in operation["responses"]) == (method in ("post", "patch")), (method, path)
            refusals = {code: answer for code, answer in operation["responses"].items() if code >= "4"}
            for code, answer in refusals.items():
                assert list(answer["content"]) == ["application/problem+json"], (method, path, code)
