"""Jobs whose numbers are axes, over HTTP: what a validation tells, and what is wrong with one."""

from typing import Any

import pytest
from ayla_spec.limits import MAX_TRIALS
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.helpers import pointers, problem_of

SQUARE = {"low": 0.5, "high": 2.0, "count": 1000}


def swept(*arms: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return spec(optimizers=[{"name": "adam", "learning_rate": 0.1} | arm for arm in arms], seeds=[0], **fields)


def validation(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/v1/jobs:validate", json=job)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_a_million_trials_are_allowed_and_no_more(client: TestClient) -> None:
    arm = {"ayla": {"n1": SQUARE, "n2": SQUARE}}
    found = validation(client, swept(arm))
    assert (found["settings"], found["trials"]) == (MAX_TRIALS, MAX_TRIALS)
    assert found["shards"] > 10
    assert found["estimated_seconds"] > 1
    (shown,) = found["arms"]
    assert {name: shown[name] for name in ("arm", "label", "settings")} == {
        "arm": "AYLA-Adam lr=0.1",
        "label": "AYLA-Adam lr=0.1",
        "settings": MAX_TRIALS,
    }
    assert shown["axes"] == [{"path": "ayla.n1", "points": 1000}, {"path": "ayla.n2", "points": 1000}]
    assert shown["first"][1] == {"ayla.n1": 0.5, "ayla.n2": 0.5015015015}
    problem = problem_of(client.post("/v1/jobs:validate", json=swept(arm, {})), 422, "invalid-request")
    assert pointers(problem) == ["/optimizers/0"]


@pytest.mark.parametrize("design", ["random", "sobol"])
def test_a_validation_of_draws_shows_the_first_of_them(client: TestClient, design: str) -> None:
    job = swept({"learning_rate": {"low": 0.1, "high": 0.2}}, search={"design": design, "settings": 3})
    (arm,) = validation(client, job)["arms"]
    assert len(arm["first"]) == 3
    assert all(0.1 <= point["learning_rate"] <= 0.2 for point in arm["first"])
    assert arm["axes"] == [{"path": "learning_rate", "points": None}]


def test_a_validation_of_many_batch_sizes_estimates_their_costs(client: TestClient) -> None:
    problem = {
        "type": "dataset",
        "dataset": {"name": "digits"},
        "model": {"name": "mlp", "hidden": [4]},
        "batch_size": {"low": 8, "high": 64, "scale": "log"},
    }
    search = {"design": "sobol", "settings": 100_000}
    few, many = (
        validation(client, swept({}, problem=problem, search=search | {"settings": settings}))
        for settings in (1000, 100_000)
    )
    assert 0.8 < many["estimated_seconds"] / few["estimated_seconds"] / 100 < 1.25
    assert few["shards"] == 57 <= many["shards"] <= 1000


@pytest.mark.parametrize(
    ("arm", "pointer", "words"),
    [
        ({"learning_rate": {"values": [0.1, -1]}}, "/optimizers/0/learning_rate/values/1", "greater than 0"),
        ({"learning_rate": {"values": [0.1, "1"]}}, "/optimizers/0/learning_rate/values/1", "such as 0.01"),
        ({"learning_rate": {"value": [0.1]}}, "/optimizers/0/learning_rate", "Must be a number or an axis"),
        ({"learning_rate": {"values": 0.1}}, "/optimizers/0/learning_rate/values", "list in square brackets"),
        (
            {"learning_rate": {"low": 0.1, "high": 1, "steps": 3}},
            "/optimizers/0/learning_rate/steps",
            "Allowed here: values, low, high, scale, count",
        ),
        ({"learning_rate": {"low": 0.1}}, "/optimizers/0/learning_rate/high", "must be a number"),
        ({"ayla": {"n1": {"low": 1, "high": 200, "count": 3}}}, "/optimizers/0/ayla/n1/high", "at most 100"),
        (
            {"schedule": {"name": "step", "every": {"values": [1.5]}}},
            "/optimizers/0/schedule/every/values/0",
            "whole number",
        ),
        ({"learning_rate": {"low": 0.1, "high": 1}}, "/optimizers/0/learning_rate", "add 'count'"),
    ],
)
def test_what_is_wrong_with_an_axis_is_told_where_it_stands(
    client: TestClient, arm: dict[str, Any], pointer: str, words: str
) -> None:
    problem = problem_of(client.post("/v1/jobs:validate", json=swept(arm)), 422, "invalid-request")
    assert pointers(problem) == [pointer]
    assert words in problem["errors"][0]["detail"]


def test_an_axis_of_the_start(client: TestClient) -> None:
    problem = {"type": "expression", "expression": "x**2", "start": {"x": {"low": -1, "high": 1, "count": 3}}}
    (arm,) = validation(client, swept({}, problem=problem))["arms"]
    assert arm["first"] == [{"problem.start.x": value} for value in (-1.0, 0.0, 1.0)]
