"""Specs meant to break something: each is refused at the right field, stores nothing, harms nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from tests.cases import each
from tests.factories import spec
from tests.http.helpers import BASE_URL, pointers, problem_of, set_at, spec_with, spec_without, with_shared_routes
from tests.jobs.hostile_specs import DATASETS, ELSEWHERE, EXPRESSIONS, FIELDS

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def database(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One store for all of them."""
    path = tmp_path_factory.mktemp("hostile") / "ayla.db"
    shutil.copy(migrated_store, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def client(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service that meets them all, one after the other."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    with TestClient(with_shared_routes(create_app(settings, database)), BASE_URL) as client:
        yield client


def stored(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(JobRow)) or 0


@pytest.fixture(autouse=True)
def _nothing_is_stored_and_the_service_lives(client: TestClient, database: Database) -> Iterator[None]:
    before = stored(database)
    yield
    assert stored(database) == before
    assert client.get("/readyz").status_code == 200
    assert client.post("/v1/jobs", json=spec()).status_code == 202


def refused(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    """The problem with a spec; NaN, huge numbers and half pairs are sent as Python writes them."""
    answer = client.post("/v1/jobs", content=json.dumps(body), headers=JSON)
    problem = problem_of(answer, 422, "invalid-request")
    assert len(answer.content) < 20_000, "an answer must not echo a hostile body"
    for error in problem["errors"]:
        assert error["in"] == "body"
        assert error["detail"].isprintable()
        assert not error["detail"][0].islower()
        assert error["detail"].endswith((".", "?"))
    return problem


@each("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_a_hostile_expression_is_refused(client: TestClient, expression: str) -> None:
    problem = refused(client, spec_with("/problem/expression", expression))
    assert pointers(problem) == ["/problem/expression"]
    assert len(problem["errors"][0]["detail"]) < 300


@each(("pointer", "value"), FIELDS.values(), ids=FIELDS.keys())
def test_a_hostile_field_is_refused(client: TestClient, pointer: str, value: object) -> None:
    body = {"seeds": [0], "record": {}, "tags": ["t"], "name": "n"} | spec()
    [found] = pointers(refused(client, set_at(body, pointer, value)))
    assert found == pointer or (len(found) < 100 and pointer.startswith(found.removesuffix("…")))


@each(("pointer", "value", "reported"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_fault_is_reported_where_it_is(client: TestClient, pointer: str, value: object, reported: str) -> None:
    assert pointers(refused(client, spec_with(pointer, value))) == [reported]


@each(("changes", "reported"), DATASETS.values(), ids=DATASETS.keys())
def test_a_hostile_dataset_is_refused(client: TestClient, changes: dict[str, Any], reported: str) -> None:
    problem = {"type": "dataset", "dataset": {"name": "digits"}} | changes
    assert pointers(refused(client, spec(problem=problem))) == [reported]


def test_epochs_of_a_file_are_not_known_beforehand(client: TestClient) -> None:
    problem = {"type": "dataset", "dataset": {"name": "file", "file": "a.csv"}, "batch_size": 10}
    refusal = refused(client, spec(problem=problem, budget={"epochs": 2}))
    assert pointers(refusal) == ["/budget/epochs"]
    assert "steps" in refusal["detail"]


def test_a_start_that_is_no_number_is_told_every_form(client: TestClient) -> None:
    refusal = refused(client, spec_with("/problem/start/x", "1"))
    assert refusal["errors"][0]["detail"] == (
        'Must be a number, an object or a list, such as 0.01, {"uniform": [-5, 5]} or [0.01, 2]; got a string.'
    )
    refusal = refused(client, spec_with("/problem/start/x", {"uniform": [2, 1]}))
    assert refusal["errors"][0]["detail"] == "Must be [low, high] with low below high."
    refusal = refused(client, spec_with("/problem/start/x", [None]))
    assert refusal["errors"][0]["detail"] == (
        'Must be a number or an object, such as 0.01 or {"uniform": [-5, 5]}; got null.'
    )


def test_a_rule_over_several_fields_names_them(client: TestClient) -> None:
    refusal = refused(client, spec_with("/optimizers/0/nesterov", True))
    assert refusal["errors"][0]["detail"] == "Nesterov needs momentum above 0 and dampening 0."


def test_a_thousand_unused_elements_are_not_all_told(client: TestClient) -> None:
    problem = {"type": "expression", "expression": "x[0]", "start": {"x": [1.0] * 1000}}
    refusal = refused(client, spec(problem=problem))
    assert len(refusal["errors"]) == 50
    assert "949 more" in refusal["detail"]


@each(
    "pointer",
    [
        "/problem",
        "/problem/type",
        "/problem/expression",
        "/problem/start",
        "/optimizers",
        "/optimizers/1/name",
        "/optimizers/1/learning_rate",
        "/budget",
    ],
)
def test_a_missing_field_is_asked_for(client: TestClient, pointer: str) -> None:
    problem = refused(client, spec_without(pointer))
    assert pointers(problem) == [pointer]
    assert problem["errors"][0]["detail"].startswith("Required")


def test_a_missing_start_value_is_an_unknown_name(client: TestClient) -> None:
    problem = refused(client, spec_with("/problem/expression", "x*z"))
    assert "unknown name 'z'" in problem["detail"]
    assert "x" in problem["detail"]


@pytest.mark.parametrize("body", [[], "spec", 1, None, True, [spec()]])
def test_a_body_that_is_no_object_is_refused(client: TestClient, body: object) -> None:
    answer = client.post("/v1/jobs", content=json.dumps(body), headers=JSON)
    assert pointers(problem_of(answer, 422, "invalid-request")) == [""]


@pytest.mark.parametrize("name", ["\ud800", "a/b~c", "\x00", "x" * 5000, "[key]", "sgd"])
def test_a_hostile_field_name_is_refused(client: TestClient, name: str) -> None:
    refused(client, spec() | {name: 1})


def test_deep_nesting_in_a_field_is_refused(client: TestClient) -> None:
    for depth in (100, 900):
        nested = "[" * depth + "]" * depth
        for pointer in ("/problem/type", "/problem/start", "/name", "/seeds", "/unknown"):
            body = json.dumps(spec_with(pointer, "HERE")).replace('"HERE"', nested)
            answer = client.post("/v1/jobs", content=body, headers=JSON)
            assert answer.status_code in (400, 422), (depth, pointer)


def test_a_crowd_of_fields_is_refused_as_a_whole(client: TestClient) -> None:
    start = {f"_{place}": "v" for place in range(60_000)}
    problem = refused(client, spec_with("/problem/start", start))
    assert pointers(problem) == [""]
    assert "more than 5000 fields" in problem["detail"]


def test_the_first_of_many_faults_are_told(client: TestClient) -> None:
    problem = refused(client, spec_with("/problem/start", {f"_{place}": "v" for place in range(100)}))
    assert len(problem["errors"]) == 50


def test_too_much_work_is_refused_with_what_would_fit(client: TestClient) -> None:
    body = spec(budget={"steps": 10_000_000}, seeds=list(range(1000)))
    problem = refused(client, body)
    assert pointers(problem) == ["/budget/steps"]
    assert "at most 500000 steps fit" in problem["detail"]


def test_too_many_rows_are_refused_with_what_would_fit(client: TestClient) -> None:
    problem = refused(client, spec(budget={"steps": 10_000_000}))
    assert pointers(problem) == ["/record/every"]
    assert "Use every >= 5" in problem["detail"]


def test_several_faults_are_told_at_once(client: TestClient) -> None:
    body = spec_with("/optimizers/0/learning_rate", -1.0) | {"budget": {"steps": 0}, "device": "tpu"}
    assert set(pointers(refused(client, body))) == {"/optimizers/0/learning_rate", "/budget/steps", "/device"}
