"""What one request can cost is bounded, counted in faults told, trials and terms, whatever its body holds."""

import pytest
from ayla_service.api.submissions import MAX_BULK_NODES, MAX_BULK_TRIALS
from ayla_spec import limits
from fastapi.testclient import TestClient

from tests.api.helpers import pointers, problem_of
from tests.factories import spec


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
    whole = spec(seeds=list(range(1000)), optimizers=[{"name": "sgd", "learning_rate": 1.0}] * 9)
    assert 9000 < MAX_BULK_TRIALS < 18_000
    problem = problem_of(client.post("/v1/jobs:bulk", json={"jobs": [whole] * 200}), 422, "invalid-request")
    assert pointers(problem) == ["/jobs/1"]
    assert f"at most {MAX_BULK_TRIALS}" in problem["detail"]


def test_the_expressions_of_a_bulk_have_one_allowance(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they can be run or not: what they cost is that they are unrolled."""
    monkeypatch.setattr("ayla_service.api.submissions.MAX_BULK_NODES", 5000)
    terms = 500
    for changes in ({}, {"seeds": [1, 1]}):
        long = {"type": "expression", "expression": f"sum(x*i for i in range({terms}))", "start": {"x": 1.0}}
        body = {"jobs": [spec(problem=long, **changes)] * 20}
        problem = problem_of(client.post("/v1/jobs:bulk", json=body), 422, "invalid-request")
        assert pointers(problem) == ["/jobs/2/problem/expression"], "2000 nodes each"
    assert MAX_BULK_NODES == 20 * limits.MAX_EXPANDED_NODES
