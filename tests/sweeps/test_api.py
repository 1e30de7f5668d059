"""Best setting, sensitivity and heat map over HTTP, as numbers and as pictures."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from ayla_service import computing_time
from ayla_service.db.session import Database
from ayla_service.http.authorization import authenticate
from ayla_service.states import TrialState
from ayla_service.sweeps import loading
from ayla_service.sweeps.routes import sweeps as routes
from ayla_service.teams.principal import LOCAL
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from matplotlib import image

from tests.factories import set_trials, stranger
from tests.http.helpers import pointers, problem_of
from tests.sweeps.grids import PROBLEM, RATES, finish, grid_spec

ROUTES = ("best", "sensitivity", "heatmap")


def submitted(client: TestClient, **changes: Any) -> str:
    answer = client.post("/v1/jobs", json=grid_spec(**changes))
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


@pytest.fixture
def grid(client: TestClient, database: Database) -> str:
    """A job that has ended: losses 0, 1, 2 … by trial, the last setting diverged on its second seed."""
    job_id = submitted(client)
    finish(database, job_id, np.arange(30.0))
    set_trials(database, job_id, 29, state=TrialState.DIVERGED, final_loss=None)
    return job_id


def asked(client: TestClient, job_id: str, what: str, **query: Any) -> Response:
    return client.get(f"/v1/jobs/{job_id}/{what}", params=query)


def test_the_best_setting_of_each_arm(client: TestClient, grid: str) -> None:
    answer = asked(client, grid, "best").json()
    assert (answer["metric"], answer["over_seeds"], answer["settings"], answer["seeds"]) == (
        "final_loss",
        "median",
        15,
        2,
    )
    assert [axis["path"] for axis in answer["axes"]] == ["learning_rate", "ayla.n2"]
    plain, with_ayla = answer["best"]
    assert (plain["arm"], plain["value"], plain["best_seed"], plain["worst_seed"]) == ("plain", 0.5, 0, 1)
    assert plain["setting"]["axes"] == {"learning_rate": 0.01}
    assert plain["setting"]["trial_ids"] == [f"{grid}-0", f"{grid}-1"]
    assert (with_ayla["value"], with_ayla["selected_among"], with_ayla["diverged"]) == (6.5, 12, 1)
    assert with_ayla["setting"]["axes"] == {"learning_rate": 0.01, "ayla.n2": 0.5}
    assert with_ayla["setting"]["optimizer"]["ayla"]["n2"] == 0.5
    assert with_ayla["at_ends"] == {"learning_rate": "lowest", "ayla.n2": "lowest"}
    assert plain["values"] == [0.5, 2.5, 4.5]
    assert with_ayla["values"] == [*np.arange(6.5, 28, 2.0), None], "the diverged one is last"
    assert "part of its value is luck" in with_ayla["luck"]
    assert "A diverged seed counts as worse than every number." in answer["notes"]


def test_the_best_of_all_arms_and_by_another_rule(client: TestClient, grid: str) -> None:
    (best,) = asked(client, grid, "best", per_arm="false", over_seeds="worst").json()["best"]
    assert (best["arm"], best["value"], best["selected_among"]) == ("plain", 1, 15)


def test_before_anything_has_ended_it_says_so(client: TestClient) -> None:
    job_id = submitted(client)
    answer = asked(client, job_id, "best").json()
    assert answer["notes"] == ["No trial has ended with a result, so there is nothing to tell yet."]
    assert [(one["setting"], one["waiting"]) for one in answer["best"]] == [(None, 3), (None, 12)]
    assert asked(client, job_id, "heatmap", format="png").status_code == 200
    assert asked(client, job_id, "sensitivity", format="svg").status_code == 200


def test_the_sensitivity_to_an_axis(client: TestClient, grid: str) -> None:
    answer = asked(client, grid, "sensitivity", axis="learning_rate").json()
    assert answer["axis"] == {
        "path": "learning_rate",
        "scale": "log",
        "binned": False,
        "values": list(RATES),
        "edges": None,
    }
    plain, with_ayla = answer["sensitivity"]
    assert plain["best"] == [0.5, 2.5, 4.5]
    assert (with_ayla["best"], with_ayla["median"]) == ([6.5, 14.5, 22.5], [9.5, 17.5, 25.5])
    assert (with_ayla["settings"], with_ayla["finite"]) == ([4, 4, 4], [4, 4, 3])
    assert with_ayla["best_setting"] == [3, 7, 11]
    lacking = asked(client, grid, "sensitivity", axis="ayla.n2").json()
    assert lacking["lacking"] == ["plain"]
    assert "Left out, as they lack ayla.n2: plain." in lacking["notes"]


def test_the_heat_map_over_two_axes(client: TestClient, grid: str) -> None:
    answer = asked(client, grid, "heatmap").json()
    assert (answer["x"]["path"], answer["y"]["path"], answer["reduce"]) == ("learning_rate", "ayla.n2", "best")
    (panel,) = answer["panels"]
    assert panel["cells"][0] == [6.5, 14.5, 22.5]
    assert panel["cells"][3] == [12.5, 20.5, None]  # the last diverged
    assert panel["settings"] == [[1, 1, 1]] * 4
    assert (panel["best"]["x"], panel["best"]["y"], panel["best"]["value"]) == (0.01, 0.5, 6.5)
    assert panel["best"]["setting"]["setting"] == 3
    assert answer["lacking"] == ["plain"]


def test_several_jobs_are_one_sweep(client: TestClient, database: Database, grid: str) -> None:
    more = [
        {"name": "sgd", "learning_rate": rate, "ayla": {"n1": 1.0, "n2": 0.5}, "arm": "ayla"} for rate in (0.01, 0.3)
    ]
    other = submitted(client, optimizers=more)
    finish(database, other, np.array([0.25, 0.25, 100.0, 100.0]))
    query: dict[str, Any] = {"job_id": [grid, other]}
    answer = client.get("/v1/sweeps/heatmap", params=query).json()
    (panel,) = answer["panels"]
    assert answer["x"]["values"] == [0.01, 0.03, 0.1, 0.3]
    assert panel["cells"][:2] == [[0.25, 14.5, 22.5, 100.0], [8.5, 16.5, 24.5, None]]
    assert panel["settings"][:2] == [[2, 1, 1, 1], [1, 1, 1, 0]]
    assert "Cells with settings of several jobs: 1." in answer["notes"]
    best = client.get("/v1/sweeps/best", params=query).json()["best"][1]
    assert (best["setting"]["job_id"], best["setting"]["setting"], best["selected_among"]) == (other, 0, 14)
    assert client.get("/v1/sweeps/sensitivity", params=query | {"format": "png"}).status_code == 200


def test_pictures_in_every_form(client: TestClient, grid: str) -> None:
    for what in ("sensitivity", "heatmap"):
        for form, kind in (("svg", "image/svg+xml"), ("png", "image/png"), ("pdf", "application/pdf")):
            answer = asked(client, grid, what, format=form)
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"].startswith(kind)
            assert answer.headers["content-disposition"] == f'inline; filename="{grid[:8]}-{what}.{form}"'
    words = asked(client, grid, "heatmap", format="svg", title="My grid").text
    for word in ("My grid", "learning_rate", "ayla.n2", "final loss", "framed: the best", "diverged", "over 2 seeds"):
        assert word in words
    accepted = client.get(f"/v1/jobs/{grid}/heatmap", headers={"Accept": "image/png"})
    assert image.imread(io.BytesIO(accepted.content)).shape == (750, 1200, 4)


def test_what_the_client_has_is_not_computed_again(
    client: TestClient, database: Database, grid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {what: asked(client, grid, what).headers["etag"].removeprefix("W/") for what in ROUTES}
    with monkeypatch.context() as patched:
        patched.setattr(loading.Sweep, "trials", None)
        for what, etag in seen.items():
            again = client.get(f"/v1/jobs/{grid}/{what}", headers={"If-None-Match": etag})
            assert (again.status_code, again.headers["etag"]) == (304, etag)
    assert asked(client, grid, "heatmap", reduce="median").headers["etag"].removeprefix("W/") != seen["heatmap"]
    set_trials(database, grid, 28, state=TrialState.DIVERGED, final_loss=None)
    assert asked(client, grid, "best").headers["etag"].removeprefix("W/") != seen["best"]


def test_answers_about_the_same_results_are_made_from_one_reading(
    app: FastAPI, client: TestClient, database: Database, grid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings, read = [], loading.Sweep.trials

    def counted(*given: Any) -> Any:
        readings.append(given)
        return read(*given)

    monkeypatch.setattr(loading.Sweep, "trials", counted)
    first = {what: asked(client, grid, what).json() for what in (*ROUTES, "settings")}
    assert len(readings) == 1
    assert asked(client, grid, "best", over_seeds="worst").json() != first["best"]
    assert len(readings) == 2
    assert {what: asked(client, grid, what).json() for what in first} == first
    assert len(readings) == 2
    for trial in (0, 6):  # of the best settings of both arms
        set_trials(database, grid, trial, state=TrialState.DIVERGED, final_loss=None)
    changed = {what: asked(client, grid, what).json() for what in first}
    assert len(readings) == 3
    assert all(changed[what] != first[what] for what in first)
    rival = stranger(database)
    app.dependency_overrides[authenticate] = lambda: rival
    assert {what: asked(client, grid, what).status_code for what in first} == dict.fromkeys(first, 404)


@pytest.mark.parametrize(
    ("what", "query", "pointer"),
    [
        ("best", {"metric": "area_under_curve"}, "/metric"),
        ("best", {"metric": "test_loss"}, "/metric"),
        ("best", {"over_seeds": "luckiest"}, "/over_seeds"),
        ("best", {"arm": "plain"}, "/arm"),
        ("sensitivity", {"axis": "beta1"}, "/axis"),
        ("sensitivity", {"bins": 1}, "/bins"),
        ("sensitivity", {"bins": 1001}, "/bins"),
        ("sensitivity", {"arm": "other"}, "/arm"),
        ("heatmap", {"x": "beta1"}, "/x"),
        ("heatmap", {"x": "ayla.n2", "y": "ayla.n2"}, "/y"),
        ("heatmap", {"reduce": "mean"}, "/reduce"),
        ("heatmap", {"format": "svg", "dpi": 100}, "/dpi"),
        ("heatmap", {"format": "png", "dpi": 600, "width": 16}, "/dpi"),
    ],
)
def test_what_cannot_be_honoured_is_named(
    client: TestClient, grid: str, what: str, query: dict[str, Any], pointer: str
) -> None:
    assert pointers(problem_of(asked(client, grid, what, **query), 422, "invalid-request")) == [pointer]


def test_where_settings_do_not_differ_there_is_no_heat_map(client: TestClient, grid: str) -> None:
    problem = problem_of(asked(client, grid, "heatmap", arm="plain"), 409, "sweep-unavailable")
    assert "along 2 axes, and here only 'learning_rate' does" in problem["detail"]
    single = submitted(client, optimizers=[{"name": "sgd", "learning_rate": 0.1}])
    assert "here none does" in problem_of(asked(client, single, "sensitivity"), 409, "sweep-unavailable")["detail"]
    assert asked(client, single, "best").status_code == 200


def test_jobs_of_different_problems_are_no_sweep(client: TestClient, grid: str) -> None:
    other = submitted(client, budget={"steps": 11})
    problem = problem_of(client.get("/v1/sweeps/best", params={"job_id": [grid, other]}), 422, "invalid-request")
    assert pointers(problem) == ["/job_id"]
    twice = client.get("/v1/sweeps/best", params={"job_id": [grid, grid]})
    assert pointers(problem_of(twice, 422, "invalid-request")) == ["/job_id"]


def test_bounds_are_told_before_anything_is_read(
    client: TestClient, grid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MOST_NUMBERS", 8)
    problem = problem_of(asked(client, grid, "heatmap"), 422, "sweep-too-large")
    assert "12 cells of all arms are too many for one answer, which takes at most 8 cells" in problem["detail"]
    assert asked(client, grid, "heatmap", format="png").status_code == 200
    assert asked(client, grid, "heatmap", bins=2).status_code == 200
    monkeypatch.setattr(loading, "MOST_TRIALS", 29)
    monkeypatch.setattr(loading.Sweep, "trials", None)
    for what in ROUTES:
        assert "30 trials" in problem_of(asked(client, grid, what), 422, "sweep-too-large")["detail"]


def test_an_answer_that_takes_too_long_is_given_up(
    client: TestClient, grid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing_time, "MOST_SECONDS", -1.0)
    for what in ROUTES:
        assert "of computing" in problem_of(asked(client, grid, what), 422, "sweep-too-large")["detail"]


def test_a_team_has_two_answers_computed_at_once(app: FastAPI, client: TestClient, grid: str) -> None:
    slots, team = app.state.team_slots, LOCAL.team_id
    with slots.slot(team), slots.slot(team):
        for what in ROUTES:
            answer = asked(client, grid, what)
            problem_of(answer, 429, "team-busy")
            assert answer.headers["retry-after"] == "1"
    assert asked(client, grid, "best").status_code == 200


def test_jobs_of_other_teams_are_not_found(app: FastAPI, client: TestClient, database: Database, grid: str) -> None:
    rival = stranger(database)
    app.dependency_overrides[authenticate] = lambda: rival
    for what in ROUTES:
        problem_of(asked(client, grid, what), 404, "job-not-found")
        problem_of(client.get(f"/v1/sweeps/{what}", params={"job_id": grid}), 404, "job-not-found")


def unpacked(text: str, kind: str, shape: tuple[int, int]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)


def test_packed_cells_are_those_of_the_lists(client: TestClient, grid: str) -> None:
    (panel,) = asked(client, grid, "heatmap").json()["panels"]
    (packed,) = asked(client, grid, "heatmap", packed="true").json()["panels"]
    cells, settings = (
        unpacked(packed[f"packed_{name}"], kind, (4, 3)) for name, kind in (("cells", "<f4"), ("settings", "<u4"))
    )
    assert cells.tolist() == [[np.inf if value is None else value for value in row] for row in panel["cells"]]
    assert settings.tolist() == panel["settings"]
    assert (packed["cells"], packed["settings"], packed["best"]) == ([], [], panel["best"])
    assert panel["packed_cells"] is None


def test_packed_cells_without_settings_are_no_numbers_and_none_is_lost(
    client: TestClient, database: Database, grid: str
) -> None:
    more = [{"name": "sgd", "learning_rate": 0.3, "ayla": {"n1": 1.0, "n2": 0.5}, "arm": "ayla"}]
    other = submitted(client, optimizers=more)
    finish(database, other, np.array([1e-200, 1e-200]))
    query: dict[str, Any] = {"job_id": [grid, other], "packed": "true"}
    (panel,) = client.get("/v1/sweeps/heatmap", params=query).json()["panels"]
    cells = unpacked(panel["packed_cells"], "<f4", (4, 4))
    assert cells[0, 3] == np.finfo(np.float32).tiny
    assert np.isnan(cells[1:, 3]).all()
    answer = asked(client, grid, "heatmap", packed="true", format="png")
    assert (answer.status_code, pointers(answer.json())) == (422, ["/packed"])


def test_settings_are_listed_the_best_first(client: TestClient, grid: str) -> None:
    first = asked(client, grid, "settings", limit=10).json()
    second = asked(client, grid, "settings", limit=10, cursor=first["next_cursor"]).json()
    rows = first["data"] + second["data"]
    assert (first["total"], second["next_cursor"], first["metric"]) == (15, None, "final_loss")
    assert [row["rank"] for row in rows] == [*range(1, 16)]
    assert [row["setting"] for row in rows] == [*range(15)]
    assert (rows[0]["value"], rows[0]["best_seed"], rows[0]["worst_seed"]) == (0.5, 0, 1)
    assert (rows[-1]["value"], rows[-1]["diverged_seeds"], rows[-1]["first_trial_id"]) == (None, 1, f"{grid}-28")
    assert rows[4]["axes"] == {"learning_rate": 0.01, "ayla.n2": 1.0}


def test_settings_tell_why_they_were_stopped(client: TestClient, database: Database, grid: str) -> None:
    for trial, step in ((28, 9), (29, 4)):
        set_trials(database, grid, trial, state=TrialState.DIVERGED, final_loss=None, first_nonfinite_step=step)
    set_trials(database, grid, 0, state=TrialState.CANCELLED, final_loss=None)
    reasons = ("diverged_seeds", "first_nonfinite_step", "failed_seeds", "cancelled_seeds")
    rows = {row["setting"]: [row[one] for one in reasons] for row in asked(client, grid, "settings").json()["data"]}
    assert (rows[0], rows[1], rows[14]) == ([0, None, 0, 1], [0, None, 0, 0], [2, 4, 0, 0])
    set_trials(database, grid, 1, state=TrialState.FAILED, final_loss=None)
    (last,) = [row for row in asked(client, grid, "settings").json()["data"] if row["setting"] == 0]
    assert (last["failed_seeds"], last["cancelled_seeds"]) == (2, 0), "both are of one shard"


def test_an_answer_names_the_metrics_that_its_settings_can_have(client: TestClient, grid: str) -> None:
    for what in ("best", "sensitivity", "heatmap"):
        assert asked(client, grid, what).json()["metrics"] == ["final_loss", "best_loss", "gap"]
    other = submitted(client, problem={**PROBLEM, "expression": "x**4 + x"})  # nobody knows its minimum
    assert asked(client, other, "best").json()["metrics"] == ["final_loss", "best_loss"]
    assert asked(client, other, "best", minimum=-1).json()["metrics"] == ["final_loss", "best_loss", "gap"]
    for metric in ("gap", "test_loss"):
        assert asked(client, other, "best", metric=metric).status_code == 422


def test_settings_of_a_cell_and_of_an_arm(client: TestClient, grid: str) -> None:
    where = ["learning_rate>=0.03", "learning_rate<0.1"]
    answer = asked(client, grid, "settings", where=where, arm="ayla").json()
    assert [row["setting"] for row in answer["data"]] == [7, 8, 9, 10]
    assert [row["rank"] for row in answer["data"]] == [8, 9, 10, 11]  # among all settings
    refused = asked(client, grid, "settings", where=["momentum>0"])
    assert (refused.status_code, pointers(refused.json())) == (422, ["/where"])


def test_settings_that_are_not_judged_come_last(client: TestClient, database: Database, grid: str) -> None:
    set_trials(database, grid, 0, state=TrialState.FAILED, final_loss=None)
    rows = asked(client, grid, "settings", limit=14).json()
    last = asked(client, grid, "settings", limit=14, cursor=rows["next_cursor"]).json()["data"]
    assert [row["setting"] for row in rows["data"]] == [*range(1, 15)]
    assert [(row["setting"], row["rank"], row["value"], row["known_seeds"]) for row in last] == [(0, None, None, 1)]
    other = asked(client, grid, "settings", cursor=rows["next_cursor"], over_seeds="worst")
    assert (other.status_code, pointers(other.json())) == (422, ["/cursor"])
