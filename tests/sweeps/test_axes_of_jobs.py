"""Answers about jobs with axes in their spec: grids, drawn points, arms with different axes, axes of the problem."""

from typing import Any

import numpy as np
import pytest
from ayla_service.db.session import Database
from fastapi.testclient import TestClient

from tests.http.helpers import pointers, problem_of
from tests.sweeps.grids import PROBLEM, finish

RATE = {"low": 0.01, "high": 1.0, "scale": "log", "count": 3}
PLAIN = {"name": "adam", "learning_rate": RATE, "label": "plain"}
WITH_AYLA = {
    "name": "adam",
    "learning_rate": RATE,
    "ayla": {"n1": {"values": [0.5, 1.5]}, "n2": {"low": 1.0, "high": 2.0, "count": 2}},
    "label": "ayla",
}


def submitted(client: TestClient, optimizers: list[dict[str, Any]], **changes: Any) -> str:
    spec = {"problem": PROBLEM, "optimizers": optimizers, "budget": {"steps": 10}, "seeds": [0, 1], **changes}
    answer = client.post("/v1/jobs", json=spec)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


@pytest.mark.every_store
def test_a_grid_of_two_arms(client: TestClient, database: Database) -> None:
    job_id = submitted(client, [PLAIN, WITH_AYLA])
    finish(database, job_id, np.arange(30.0))
    best = client.get(f"/v1/jobs/{job_id}/best").json()
    assert best["arms"] == ["plain", "ayla"]
    assert [(axis["path"], axis["scale"], axis["values"]) for axis in best["axes"]] == [
        ("learning_rate", "log", 3),
        ("ayla.n1", "linear", 2),
        ("ayla.n2", "linear", 2),
    ]
    with_ayla = best["best"][1]["setting"]
    assert (with_ayla["setting"], with_ayla["arm"]) == (3, "ayla")
    assert with_ayla["axes"] == {"learning_rate": 0.01, "ayla.n1": 0.5, "ayla.n2": 1}
    assert with_ayla["optimizer"]["ayla"]["n1"] == 0.5
    assert submitted(client, [with_ayla["optimizer"]])
    found = client.get(f"/v1/jobs/{job_id}/heatmap", params={"x": "ayla.n1", "y": "ayla.n2", "reduce": "median"}).json()
    assert found["lacking"] == ["plain"]
    assert found["panels"][0]["settings"] == [[3, 3], [3, 3]]
    note = "Each cell is the median of up to 3 settings over learning_rate."
    assert note in found["notes"]
    both = client.get(f"/v1/jobs/{job_id}/sensitivity", params={"axis": "learning_rate"}).json()
    assert [one["settings"] for one in both["sensitivity"]] == [[1, 1, 1], [4, 4, 4]]


def test_a_map_is_over_axes_that_one_arm_varies_along(client: TestClient) -> None:
    many = {"low": 0.01, "high": 1.0, "scale": "log", "count": 9}
    at_one_rate = {**WITH_AYLA, "learning_rate": 0.01}
    job_id = submitted(client, [PLAIN | {"learning_rate": many}, at_one_rate])
    found = client.get(f"/v1/jobs/{job_id}/heatmap").json()
    assert (found["x"]["path"], found["y"]["path"]) == ("ayla.n1", "ayla.n2")
    given = client.get(f"/v1/jobs/{job_id}/heatmap", params={"y": "ayla.n1"}).json()
    assert (given["x"]["path"], given["y"]["path"]) == ("ayla.n2", "ayla.n1")
    apart = client.get(f"/v1/jobs/{job_id}/heatmap", params={"x": "learning_rate"}).json()
    assert apart["y"]["path"] == "ayla.n1", "no arm varies along this and another"


def test_drawn_points_stand_in_bins_and_answers_have_their_settings(client: TestClient, database: Database) -> None:
    rate = {"low": 1e-4, "high": 1.0, "scale": "log"}
    arm = {"name": "adam", "learning_rate": rate, "ayla": {"n1": {"low": 0.5, "high": 2.0}}, "label": "drawn"}
    job_id = submitted(client, [arm], seeds=[0], search={"design": "sobol", "settings": 64, "seed": 3})
    finish(database, job_id, np.arange(64.0))
    found = client.get(f"/v1/jobs/{job_id}/heatmap").json()
    (panel,) = found["panels"]
    assert (found["x"]["binned"], len(found["x"]["values"]), len(found["y"]["edges"])) == (True, 4, 5)
    assert sum(map(sum, panel["settings"])) == 64
    assert "learning_rate was drawn: it stands in 4 bins of equal width on its log scale." in found["notes"]
    best = client.get(f"/v1/jobs/{job_id}/best").json()["best"][0]["setting"]
    assert best["setting"] == 0
    assert best["optimizer"]["learning_rate"] == best["axes"]["learning_rate"]
    rates = client.get(f"/v1/jobs/{job_id}/sensitivity", params={"axis": "learning_rate"}).json()
    assert len(rates["axis"]["values"]) == 8


def test_an_axis_of_the_problem_is_one_too(client: TestClient, database: Database) -> None:
    problem = {
        "type": "dataset",
        "dataset": {"name": "digits"},
        "model": {"name": "linear"},
        "batch_size": {"values": [32, 64]},
    }
    job_id = submitted(client, [PLAIN], problem=problem)
    finish(database, job_id, np.arange(12.0), test_loss=np.arange(12.0))
    best = client.get(f"/v1/jobs/{job_id}/best").json()
    assert best["metric"] == "test_loss"
    assert best["best"][0]["setting"]["axes"] == {"problem.batch_size": 32, "learning_rate": 0.01}
    found = client.get(f"/v1/jobs/{job_id}/heatmap", params={"x": "learning_rate", "y": "problem.batch_size"}).json()
    assert found["panels"][0]["cells"] == [[0.5, 2.5, 4.5], [6.5, 8.5, 10.5]]
    assert client.get(f"/v1/jobs/{job_id}/heatmap", params={"format": "png"}).status_code == 200


def test_figures_of_jobs_say_where_the_heat_map_of_axes_is(client: TestClient, database: Database) -> None:
    job_id = submitted(client, [PLAIN, WITH_AYLA])
    finish(database, job_id, np.arange(30.0))
    refused = problem_of(client.get(f"/v1/jobs/{job_id}/figures/heatmap"), 409, "figure-unavailable")
    assert f"GET /v1/jobs/{job_id}/heatmap?format=svg" in refused["detail"]
    for kind in ("sensitivity", "tuning", "strip"):
        drawn = client.get(f"/v1/jobs/{job_id}/figures/{kind}", params={"format": "png"})
        assert drawn.status_code == 200, drawn.text


def test_at_most_six_arms_are_drawn_side_by_side(client: TestClient, database: Database) -> None:
    arms = [WITH_AYLA | {"label": f"arm {place}"} for place in range(7)]
    job_id = submitted(client, arms)
    finish(database, job_id, np.arange(168.0))
    assert len(client.get(f"/v1/jobs/{job_id}/heatmap").json()["panels"]) == 7
    refused = client.get(f"/v1/jobs/{job_id}/heatmap", params={"format": "svg"})
    assert pointers(problem_of(refused, 422, "invalid-request")) == ["/arm"]
    some = client.get(f"/v1/jobs/{job_id}/heatmap", params={"format": "svg", "arm": ["arm 1", "arm 6"]})
    assert some.status_code == 200
    assert "arm 6" in some.text
