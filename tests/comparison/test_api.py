"""Comparisons over HTTP: what is answered, to whom, and what is refused."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from ayla_service import computing_time
from ayla_service.comparison import loading
from ayla_service.comparison.routes import EXAMPLES
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.http.authorization import authenticate
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL, Scope
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.cases import each
from tests.factories import spec, stranger, submit_as
from tests.http.helpers import pointers, problem_of, record

PLAIN, AYLA = "SGD lr=0.03", "AYLA-SGD lr=0.03 N1=1 N2=1.4"


def new_job(client: TestClient, database: Database, losses: Sequence[tuple[float, float]], **changes: Any) -> str:
    """A job whose trials have ended with these final losses, of the plain setting and with AYLA, seed by seed."""
    document = spec(**{"seeds": list(range(len(losses))), "name": "mine"} | changes)
    job_id: str = client.post("/v1/jobs", json=document).json()["id"]
    for trial in client.get(f"/v1/jobs/{job_id}/trials", params={"limit": 200}).json()["data"]:
        end(database, trial, losses[trial["seed"]][trial["optimizer_index"]])
    return job_id


def end(database: Database, trial: dict[str, Any], loss: float) -> None:
    diverged = math.isinf(loss)
    record(
        database,
        trial["id"],
        {"step": [0, 5, 10], "loss": [10.0, 8.0, loss]},
        state=TrialState.DIVERGED if diverged else TrialState.COMPLETED,
        steps_done=10,
        wall_seconds=2.0,
        stored_bytes=88,
        final_loss=None if diverged else loss,
        best_loss=min(8.0, loss),
        best_step=5 if loss > 8 else 10,
    )


def document_of(answer: Response) -> dict[str, Any]:
    """The JSON of an answer, which has no NaN and nothing infinite."""
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = json.loads(answer.text, parse_constant=pytest.fail)
    return document


CLEAR = [(4.0 + seed / 8, 1.0 + seed / 16) for seed in range(8)]


def test_a_job_is_compared_by_its_final_losses(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, CLEAR)
    found = document_of(client.get(f"/v1/jobs/{job_id}/comparison"))
    assert (found["job_id"], found["metric"], found["confidence"], found["notes"]) == (job_id, "final_loss", 0.95, [])
    plain, ayla = found["optimizers"]
    assert (plain["label"], plain["seeds"], plain["runs"], plain["optimizer"]["name"]) == (PLAIN, 8, 8, "sgd")
    final = plain["final_loss"]
    assert (final["median"], final["min"], final["max"], final["lower_quartile"]) == (4.4375, 4.0, 4.875, 4.21875)
    assert final["min"] <= final["interval"]["low"] < final["median"] < final["interval"]["high"] <= final["max"]
    assert (plain["wall_seconds"], plain["steps_per_second"], plain["steps_to_target"]) == (2.0, 5.0, None)
    assert ayla["area_under_curve"]["min"] == 45.0 + 22.5
    (pair,) = found["pairs"]
    assert (pair["label"], pair["base_label"], pair["compared_as"], pair["unit"]) == (AYLA, PLAIN, "ayla", "seed")
    assert (pair["wins"], pair["losses"], pair["ties"], pair["superiority"]) == (8, 0, 0, 1.0)
    assert pair["sign_test"] == {"p_value": 2 / 256, "adjusted": 2 / 256}
    assert pair["rank_test"] == {"pairs": 8, "statistic": 36.0, "exact": True, "p_value": 2 / 256, "adjusted": 2 / 256}
    assert (pair["median_difference"], pair["outcome"], pair["tests"]) == (-3.21875, "better", 1)
    assert "ended lower than SGD lr=0.03 on 8 of 8 seeds: unlikely to be chance" in pair["verdict"]


def test_steps_to_a_target_and_profiles(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, CLEAR)
    params: dict[str, str | float] = {"target": 4.25, "metric": "steps_to_target", "confidence": 0.9}
    found = document_of(client.get(f"/v1/jobs/{job_id}/comparison", params=params))
    assert [one["steps_to_target"]["finite"] for one in found["optimizers"]] == [3, 8]
    assert [one["steps_to_target"]["median"] for one in found["optimizers"]] == [None, 10.0]
    assert found["pairs"][0]["median_difference"] is None
    profile = found["profile"]
    assert (profile["measure"], profile["tolerance"], profile["instances"]) == ("steps_to_target", None, 8)
    assert profile["curves"][0] == {
        "label": PLAIN,
        "best": 0.375,
        "solved": 0.375,
        "performance": {"tau": [1.0], "share": [0.375]},
        "data": {"steps": [10], "cost": [10.0], "share": [0.375]},
        "ecdf": profile["curves"][0]["ecdf"],
    }
    without = document_of(client.get(f"/v1/jobs/{job_id}/comparison"))["profile"]
    assert (without["measure"], without["tolerance"]) == ("steps_to_near_best", 0.01)


def test_diverged_trials_are_null_and_counted(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, [(1.0, math.inf), (2.0, math.inf), (3.0, 0.5)])
    found = document_of(client.get(f"/v1/jobs/{job_id}/comparison"))
    ayla, (pair,) = found["optimizers"][1], found["pairs"]
    assert (ayla["diverged"], ayla["final_loss"]["median"], ayla["final_loss"]["min"]) == (2, None, 0.5)
    assert (ayla["final_loss"]["finite"], ayla["final_loss"]["values"]) == (1, 3)
    assert (pair["wins"], pair["losses"], pair["median_difference"]) == (1, 2, None)


def test_an_interval_that_reaches_into_what_diverged_is_open(client: TestClient, database: Database) -> None:
    losses = [(float(seed), math.inf if seed > 4 else seed / 2) for seed in range(8)]
    job_id = new_job(client, database, losses)
    interval = document_of(client.get(f"/v1/jobs/{job_id}/comparison"))["optimizers"][1]["final_loss"]["interval"]
    assert interval["low"] is not None
    assert interval["high"] is None


def test_a_baseline_is_compared_with_everything(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, CLEAR)
    found = document_of(client.get(f"/v1/jobs/{job_id}/comparison", params={"baseline": AYLA}))
    assert [(pair["label"], pair["base_label"], pair["compared_as"]) for pair in found["pairs"]] == [
        (AYLA, PLAIN, "ayla"),
        (PLAIN, AYLA, "baseline"),
    ]
    assert [pair["sign_test"]["adjusted"] for pair in found["pairs"]] == [4 / 256, 4 / 256]
    problem = problem_of(client.get(f"/v1/jobs/{job_id}/comparison?baseline=Adam"), 422, "invalid-request")
    assert pointers(problem) == ["/baseline"]
    assert problem["errors"][0]["in"] == "query"
    assert PLAIN in problem["detail"]


def test_a_job_that_has_not_begun_is_a_clear_answer(client: TestClient, job_id: str) -> None:
    found = document_of(client.get(f"/v1/jobs/{job_id}/comparison"))
    assert found["state"] == "queued"
    assert "nothing to compare yet" in found["notes"][0]
    assert [one["final_loss"] for one in found["optimizers"]] == [None, None]
    assert found["pairs"][0]["outcome"] == "no_statement"


def test_several_jobs_are_compared_problem_by_problem_and_over_all(client: TestClient, database: Database) -> None:
    jobs = [new_job(client, database, [(2.0 + n, 1.0), (3.0, 2.0)], budget={"steps": 10 + n}) for n in range(3)]
    found = document_of(client.post("/v1/comparisons", json={"job_ids": jobs}))
    assert [(job["id"], job["name"], job["problem"]) for job in found["jobs"]] == [
        (job_id, "mine", number) for number, job_id in enumerate(jobs)
    ]
    assert [(one["title"], one["steps"], one["job_ids"]) for one in found["problems"]] == [
        ("x**4 - 3*x**3 + 2", 10 + number, [job_id]) for number, job_id in enumerate(jobs)
    ]
    assert [pair["tests"] for one in found["problems"] for pair in one["pairs"]] == [3, 3, 3]
    (pair,) = found["pairs"]
    assert (pair["unit"], pair["count"], pair["wins"]) == ("problem", 3, 3)
    assert -1 < pair["median_difference"] < 0
    assert found["profile"]["instances"] == 6


def test_over_problems_there_are_the_interquartile_mean_and_the_improvement(
    client: TestClient, database: Database
) -> None:
    losses = [(2.0 + seed / 64, 1.0 + 2.0 * (seed % 2)) for seed in range(10)]
    jobs = [new_job(client, database, losses, budget={"steps": 10 + number}) for number in range(5)]
    (pair,) = document_of(client.post("/v1/comparisons", json={"job_ids": jobs}))["aggregates"]
    assert (pair["label"], pair["base_label"], pair["compared_as"]) == (AYLA, PLAIN, "ayla")
    middle, improvement = pair["interquartile_mean"], pair["improvement"]
    assert (middle["problems"], middle["pairs"], middle["no_interval"]) == (5, 50, None)
    assert middle["interval"]["low"] <= middle["value"] <= middle["interval"]["high"]
    assert improvement["value"] == 0.5
    assert improvement["interval"]["confidence"] == 0.95
    assert pair["statement"].startswith(f"On 5 problems {AYLA} does better than {PLAIN} with probability 0.50 (95 % ")
    one = document_of(client.post("/v1/comparisons", json={"job_ids": jobs[:1]}))
    assert one["aggregates"] == []


def test_targets_and_cost_are_those_of_the_request(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, CLEAR)
    params: dict[str, Any] = {"targets": [9.0, 4.25], "cost": "gradient_evaluations"}
    for found in (
        document_of(client.get(f"/v1/jobs/{job_id}/comparison", params=params)),
        document_of(client.post("/v1/comparisons", json={"job_ids": [job_id]} | params)),
    ):
        profile = found["profile"]
        assert (profile["targets"], profile["targets_from"], profile["cost"]) == (2, "request", "gradient_evaluations")
        plain, ayla = (curve["ecdf"] for curve in profile["curves"])
        assert (plain["cost"], plain["share"]) == ([5.0, 10.0], [0.5, 0.6875])
        assert (ayla["cost"], ayla["share"]) == ([5.0, 10.0], [0.5, 1.0])
    params["cost"] = "seconds"
    refused = document_of(client.get(f"/v1/jobs/{job_id}/comparison", params=params))["profile"]
    assert refused["curves"] == []
    assert "only where every trial ran alone" in refused["no_curves"]


def test_jobs_of_other_teams_and_ids_of_nothing_are_not_found(client: TestClient, database: Database) -> None:
    mine, theirs = new_job(client, database, [(1.0, 2.0)]), submit_as(database, stranger(database)).id
    for job_id in (theirs, "nothing", "0" * 36):
        problem_of(client.get(f"/v1/jobs/{job_id}/comparison"), 404, "job-not-found")
        problem = problem_of(client.post("/v1/comparisons", json={"job_ids": [mine, job_id]}), 404, "job-not-found")
        assert job_id in problem["detail"]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"metric": "speed"}, "/metric"),
        ({"metric": "steps_to_target"}, "/target"),
        ({"target": "nan"}, "/target"),
        ({"target": "inf"}, "/target"),
        ({"confidence": "1"}, "/confidence"),
        ({"confidence": "0.1"}, "/confidence"),
        ({"baseline": "x" * 251}, "/baseline"),
        ({"tau": "2"}, "/tau"),
        ({"cost": "money"}, "/cost"),
        ({"targets": "nan"}, "/targets"),
        ({"targets": [str(number) for number in range(101)]}, "/targets"),
    ],
)
def test_wrong_parameters_are_refused(client: TestClient, job_id: str, params: dict[str, str], pointer: str) -> None:
    answer = client.get(f"/v1/jobs/{job_id}/comparison", params=params)
    assert pointers(problem_of(answer, 422, "invalid-request")) == [pointer]


@each(
    ("change", "pointer"),
    [
        ({"job_ids": []}, "/job_ids"),
        ({"job_ids": ["a"] * 2}, "/job_ids"),
        ({"job_ids": [str(number) for number in range(201)]}, "/job_ids"),
        ({"job_ids": [1]}, "/job_ids/0"),
        ({"job_ids": ["x" * 101]}, "/job_ids/0"),
        ({"metric": "speed"}, "/metric"),
        ({"metric": "steps_to_target"}, "/target"),
        ({"target": "1"}, "/target"),
        ({"confidence": 1.5}, "/confidence"),
        ({"baseline": "Adam"}, "/baseline"),
        ({"tau": 2}, "/tau"),
        ({"cost": "money"}, "/cost"),
        ({"targets": []}, "/targets"),
        ({"targets": list(range(101))}, "/targets"),
        ({"targets": [1, "2"]}, "/targets/1"),
    ],
)
def test_wrong_fields_are_refused(client: TestClient, job_id: str, change: dict[str, Any], pointer: str) -> None:
    answer = client.post("/v1/comparisons", json={"job_ids": [job_id]} | change)
    problem = problem_of(answer, 422, "invalid-request")
    assert pointers(problem) == [pointer]
    assert problem["errors"][0]["in"] == "body"


def test_too_many_trials_are_refused(client: TestClient, job_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MOST_TRIALS", 1)
    problem = problem_of(client.get(f"/v1/jobs/{job_id}/comparison"), 422, "comparison-too-large")
    assert "at most 1 trials" in problem["detail"]


def test_reading_is_enough_to_compare_and_an_idempotency_key_is_passed_over(
    app: FastAPI, client: TestClient, job_id: str
) -> None:
    headers = {"Idempotency-Key": "once"}
    app.dependency_overrides[authenticate] = lambda: replace(LOCAL, scopes=frozenset({Scope.READ}))
    for confidence in (0.9, 0.95):
        body = {"job_ids": [job_id], "confidence": confidence}
        assert document_of(client.post("/v1/comparisons", json=body, headers=headers))["confidence"] == confidence
    app.dependency_overrides[authenticate] = lambda: replace(LOCAL, scopes=frozenset({Scope.SUBMIT}))
    problem_of(client.post("/v1/comparisons", json={"job_ids": [job_id]}), 403, "not-allowed")
    problem_of(client.get(f"/v1/jobs/{job_id}/comparison"), 403, "not-allowed")


def test_the_documented_example_is_a_valid_request(client: TestClient) -> None:
    for example in EXAMPLES.values():
        problem_of(client.post("/v1/comparisons", json=example["value"]), 404, "job-not-found")


def test_a_spec_that_another_version_wrote_is_said_to_be_unreadable(client: TestClient, database: Database) -> None:
    known, newer = new_job(client, database, CLEAR[:2]), new_job(client, database, CLEAR[:2], budget={"steps": 11})
    with database.read() as session:
        written = session.get_one(JobRow, newer).resolved_spec
    problem, record_section = written["problem"], written["record"]
    changes: list[dict[str, Any]] = [
        {"problem": problem | {"start": {"x": {"cauchy": [0, 1]}}}},
        {"problem": problem | {"type": "simulator"}},
        {"problem": {"type": "expression"}},
        {"record": record_section | {"every": 0}},
        {"budget": {}},
    ]
    for changed in changes:
        with database.write() as session:
            session.get_one(JobRow, newer).resolved_spec = written | changed
        for answer in (
            client.get(f"/v1/jobs/{newer}/comparison"),
            client.post("/v1/comparisons", json={"job_ids": [known, newer]}),
            client.get("/v1/figures/strip", params={"job_id": [known, newer]}),
        ):
            assert newer in problem_of(answer, 409, "spec-unreadable")["detail"]
    with database.write() as session:  # a function that this version's language lacks: its minimum is not known
        session.get_one(JobRow, newer).resolved_spec = written | {"problem": problem | {"expression": "newer(x)"}}
    found = document_of(client.get(f"/v1/jobs/{newer}/comparison"))
    assert (found["minimum"], found["optimizers"][0]["final_loss"]["values"]) == (None, 2)


def test_a_comparison_that_takes_too_long_is_given_up(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = new_job(client, database, CLEAR)
    monkeypatch.setattr(computing_time, "MOST_SECONDS", -1.0)
    protocol = {"tuning_seeds": [0, 1], "confirm_seeds": [2, 3]}
    for answer in (
        client.get(f"/v1/jobs/{job_id}/comparison"),
        client.post("/v1/comparisons", json={"job_ids": [job_id], "protocol": protocol}),
    ):
        problem = problem_of(answer, 422, "comparison-too-large")
        assert "s of computing are too many for one comparison, which takes at most -1 s" in problem["detail"]
        assert "Name fewer or smaller jobs" in problem["detail"]


def test_a_team_has_two_comparisons_computed_at_once(app: FastAPI, client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, CLEAR)
    slots, team = app.state.team_slots, LOCAL.team_id
    with slots.slot(team), slots.slot(team):
        for answer in (
            client.get(f"/v1/jobs/{job_id}/comparison"),
            client.post("/v1/comparisons", json={"job_ids": [job_id]}),
        ):
            problem_of(answer, 429, "team-busy")
            assert answer.headers["retry-after"] == "1"
    assert client.get(f"/v1/jobs/{job_id}/comparison").status_code == 200


def test_pairs_tell_the_values_of_each_seed_where_they_are_asked_for(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, [*CLEAR[:7], (math.inf, 2.0)])
    path = f"/v1/jobs/{job_id}/comparison"
    (pair,) = document_of(client.get(path, params={"values": "true"}))["pairs"]
    expected = [{"seed": seed, "value": ours, "base": base} for seed, (base, ours) in enumerate(CLEAR[:7])]
    assert pair["values"] == [*expected, {"seed": 7, "value": 2.0, "base": None}]
    (without,) = document_of(client.get(path))["pairs"]
    assert without == pair | {"values": None}
    body = {"job_ids": [job_id], "values": True}
    (problem,) = document_of(client.post("/v1/comparisons", json=body))["problems"]
    assert problem["pairs"] == [pair]
    arms = body | {"protocol": {"tuning_seeds": [0, 1], "confirm_seeds": [2, 7]}, "baseline": PLAIN}
    (there,) = document_of(client.post("/v1/comparisons", json=arms))["protocol"]["problems"]
    assert there["pairs"][0]["values"] == [expected[2], pair["values"][7]]


def test_seeds_on_which_neither_reached_the_target_are_not_told(client: TestClient, database: Database) -> None:
    job_id = new_job(client, database, [(5.0, 1.0), (5.0, 5.0)])
    asked: dict[str, Any] = {"values": "true", "metric": "steps_to_target", "target": 2.0}
    (pair,) = document_of(client.get(f"/v1/jobs/{job_id}/comparison", params=asked))["pairs"]
    assert pair["values"] == [{"seed": 0, "value": 10, "base": None}]
    assert pair["unreached"] == 1
