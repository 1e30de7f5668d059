"""A service that holds things of two teams, and what there is to be asked of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.app import create_app
from ayla_service.db import migrate
from ayla_service.db.session import Database
from ayla_service.http import authentication
from ayla_service.http.rate_limits import RateLimitPolicy
from ayla_service.settings import Settings
from ayla_service.states import Role
from ayla_service.teams.principal import LOCAL, Principal
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.factories import TWO_BY_TWO, colleague, jobs, stranger, submit_as
from tests.http.every_route.operations import Operation, Thing
from tests.http.helpers import BASE_URL, with_shared_routes
from tests.keyring import holder_of, make_key
from tests.uploaded import upload
from tests.webhooks.hooks import add_delivery, add_webhook


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """One service for all; requests that are refused change nothing."""
    folder: Path = tmp_path_factory.mktemp("scoped")
    settings = Settings(data_dir=folder, webhook_private_hosts=["127.0.0.1"])
    database = Database(settings.store_url)
    migrate.upgrade(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(authentication, "WRONG_KEYS", RateLimitPolicy(6000, 6000))
        app = with_shared_routes(create_app(settings, database))
        app.middleware_stack = app.build_middleware_stack()
    yield app
    database.dispose()


@pytest.fixture(scope="module")
def database(served: FastAPI) -> Database:
    store: Database = served.state.database
    return store


@pytest.fixture(scope="module")
def client(served: FastAPI, ours: Thing) -> TestClient:
    """A client without a key, of a service that needs one."""
    return TestClient(served, BASE_URL)


@pytest.fixture(scope="module")
def operations(served: FastAPI) -> list[Operation]:
    """What there is under /v1: looking first, removing last."""
    found = [
        Operation(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            is_stream="text/event-stream" in operation["responses"].get("200", {}).get("content", {}),
        )
        for path, methods in served.openapi()["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/v1/")
    ]
    return sorted(found, key=lambda each: ["GET", "POST", "PUT", "PATCH", "DELETE"].index(each.method))


def things_of(database: Database, owner: Principal, name: str) -> Thing:
    """One of everything, of this member."""
    key = make_key(database, owner)
    job = submit_as(database, owner, optimizers=TWO_BY_TWO)
    webhook = add_webhook(database, caller=owner)
    ids = {
        "job_id": job.id,
        "trial_id": jobs(database, caller=owner).trials(job.id).items[0].id,
        "dataset_id": upload(database, name=name, caller=owner).id,
        "webhook_id": webhook,
        "delivery_id": add_delivery(database, webhook),
        "member_id": owner.member_id,
        "key_id": str(holder_of(database, make_key(database, owner)).key_id),
    }
    return Thing(ids, key, owner)


@pytest.fixture(scope="module")
def ours(database: Database) -> Thing:
    """Things of the built-in member, an admin."""
    colleague(database, "second admin", Role.ADMIN)
    return things_of(database, LOCAL, "ours")


@pytest.fixture(scope="module")
def theirs(database: Database) -> Thing:
    """Things of an admin of another team."""
    rival = stranger(database)
    return things_of(database, rival, "theirs")
