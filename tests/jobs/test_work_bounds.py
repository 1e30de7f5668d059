"""What one request can cost is bounded, counted in faults told, trials and terms, whatever its body holds."""

import time
from collections.abc import Iterator

import pytest
from ayla_service.jobs.schemas import MAX_BULK_NODES, MAX_BULK_TRIALS
from ayla_service.trials.routes.parameters import trial_selection
from ayla_spec import limits
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.contract_cases import is_stream, operations
from tests.http.helpers import pointers, problem_of


def test_a_list_of_faults_is_not_told_to_its_end(client: TestClient) -> None:
    """One fault of a long list tells enough; a megabyte of them would keep everybody waiting."""
    vector = {"type": "expression", "expression": "x[0]", "start": {"x": ["a"] * 1000}}
    for url, body in (
        ("/v1/jobs", spec(seeds=["a"] * 1000)),
        ("/v1/jobs", spec(problem=vector)),
        ("/v1/jobs:bulk", {"jobs": [spec(seeds=["a"] * 1000)] * 200}),
        ("/v1/jobs:bulk", {"jobs": [[]] * 30_000}),
        ("/v1/comparisons", {"job_ids": [[]] * 30_000}),
    ):
        assert len(problem_of(client.post(url, json=body), 422, "invalid-request")["errors"]) == 1


def test_a_bulk_of_too_many_trials_is_refused_at_the_first_too_many(client: TestClient) -> None:
    rates = {"low": 0.1, "high": 1.0, "count": 600}
    whole = spec(seeds=list(range(1000)), optimizers=[{"name": "sgd", "learning_rate": rates}])
    assert 600_000 < MAX_BULK_TRIALS < 1_200_000
    problem = problem_of(client.post("/v1/jobs:bulk", json={"jobs": [whole] * 200}), 422, "invalid-request")
    assert pointers(problem) == ["/jobs/1"]
    assert f"at most {MAX_BULK_TRIALS}" in problem["detail"]


def test_the_expressions_of_a_bulk_have_one_allowance(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they can be run or not: what they cost is that they are unrolled."""
    monkeypatch.setattr("ayla_service.jobs.service.MAX_BULK_NODES", 5000)
    terms = 500
    for changes in ({}, {"seeds": [1, 1]}):
        long = {"type": "expression", "expression": f"sum(x*i for i in range({terms}))", "start": {"x": 1.0}}
        body = {"jobs": [spec(problem=long, **changes)] * 20}
        problem = problem_of(client.post("/v1/jobs:bulk", json=body), 422, "invalid-request")
        assert pointers(problem) == ["/jobs/2/problem/expression"], "2000 nodes each"
    assert MAX_BULK_NODES == 20 * limits.MAX_EXPANDED_NODES


LISTS = ("0-99999,", "x,", ",")
MOST_CHARACTERS = 16_000
SECONDS = 1.5
"""Of computing, for a request that takes some milliseconds; and less than a list costs that is counted out."""


def test_a_long_list_in_a_query_costs_no_more_than_its_text(app: FastAPI, client: TestClient, job_id: str) -> None:
    client.get(f"/v1/jobs/{job_id}/figures/loss")  # what is loaded once is no cost of a list
    tried = set()
    for method, path, name in _texts_in_queries(app):
        url = path.replace("{job_id}", job_id).replace("{kind}", "loss")
        for text in LISTS:
            begun = time.process_time()
            answer = client.request(method, f"{url}?{name}={(text * MOST_CHARACTERS)[:MOST_CHARACTERS]}")
            assert time.process_time() - begun < SECONDS, (method, path, name, text)
            assert answer.status_code < 500
        tried.add(name)
    assert {"trials", "states", "columns", "optimizers", "at", "cursor", "tag", "q"} <= tried


def _texts_in_queries(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Method and path of all operations with query parameters, and the names of those that take a text of any kind."""
    for method, path, operation in operations(app.openapi()):
        for each in () if is_stream(operation) else operation.get("parameters", ()):
            kinds = [each["schema"], *each["schema"].get("anyOf", ())]
            if each["in"] == "query" and any(kind.get("type") == "string" and "enum" not in kind for kind in kinds):
                yield method, path, each["name"]


def test_each_trial_of_a_list_is_counted_out_once(client: TestClient, job_id: str) -> None:
    assert trial_selection("5-7,0,6-9,3,8").spans == (range(1), range(3, 4), range(5, 8), range(8, 10))
    assert trial_selection("0-9,2-4,9-9").spans == (range(10),)
    many = ",".join([f"0-{limits.MAX_TRIALS - 1}"] * 1700)
    assert trial_selection(many).spans == (range(limits.MAX_TRIALS),)
    for beyond in ("1000000", "3,0-1000000", "9999999-9999999"):
        problem = problem_of(client.get(f"/v1/jobs/{job_id}/summary?trials={beyond}"), 422, "invalid-request")
        assert pointers(problem) == ["/trials"]
        assert "at most 1000000 trials" in problem["detail"]
