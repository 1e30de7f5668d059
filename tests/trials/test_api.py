"""Trials and their results over HTTP: JSON, CSV, thinning, and numbers that are not finite."""

import csv
import io
import json
import math
from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from fastapi.testclient import TestClient

from tests.cases import each
from tests.http.helpers import pointers, problem_of, record, record_metrics, record_predictions

NAN, INF = math.nan, math.inf
COLUMNS: dict[str, list[Any]] = {
    "step": [0, 1, 2, 3, 4, 5],
    "loss": [6.0, 4.5, 9.25, 1e-300, 2.0, 1.5],
    "param.x": [-1.0, -0.5, 0.1, 0.2, 0.3, 0.4],
}


@pytest.fixture
def recorded(database: Database, trial_id: str) -> str:
    """A trial with six rows."""
    record(database, trial_id, COLUMNS)
    return trial_id


def trajectory(client: TestClient, trial_id: str, **params: object) -> dict[str, Any]:
    answer = client.get(
        f"/v1/trials/{trial_id}/trajectory", params={name: str(value) for name, value in params.items()}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = json.loads(answer.text, parse_constant=pytest.fail)
    return document


def test_a_queued_trial_has_settings_and_no_summary(client: TestClient, job_id: str, trial_id: str) -> None:
    trial = client.get(f"/v1/trials/{trial_id}").json()
    assert (trial["id"], trial["job_id"], trial["index"], trial["seed"]) == (trial_id, job_id, 0, 0)
    assert (trial["state"], trial["steps_done"], trial["summary"]) == ("queued", 0, None)
    assert trial["optimizer"].pop("label") == "SGD lr=0.03"
    assert trial["optimizer"] == {
        "name": "sgd",
        "learning_rate": 0.03,
        "momentum": 0.0,
        "dampening": 0.0,
        "nesterov": False,
        "weight_decay": 0.0,
        "clip_norm": None,
        "clip_value": None,
        "schedule": None,
        "ayla": None,
    }


def test_a_completed_trial_has_its_result_in_numbers(client: TestClient, database: Database, trial_id: str) -> None:
    record(database, trial_id, COLUMNS, steps_done=10, final_loss=1.5, best_loss=1e-300, best_step=3, wall_seconds=0.5)
    trial = client.get(f"/v1/trials/{trial_id}").json()
    assert trial["state"] == "completed"
    assert trial["summary"] == {
        "final_loss": 1.5,
        "best_loss": 1e-300,
        "best_step": 3,
        "first_nonfinite_step": None,
        "capped_steps": 0,
        "losses_below_one": None,
        "losses_above_one": None,
        "notes": [],
        "metrics": {},
        "ran_alone": None,
        "wall_seconds": 0.5,
        "steps_per_second": 20.0,
        "device": None,
    }


def test_a_trial_tells_of_exponents_that_had_no_effect(client: TestClient, database: Database, job_id: str) -> None:
    """Of the trial with N2 alone no loss was above 1; a count may be beyond 32 bits."""
    plain, ayla = (trial["id"] for trial in client.get(f"/v1/jobs/{job_id}/trials").json()["data"])
    none = "N2 had no effect, as the loss was above 1 in size on no step."
    nothing = "So AYLA changed nothing: the run is that of the optimizer without it."
    for trial_id, expected in ((plain, []), (ayla, [none, nothing])):
        record(database, trial_id, COLUMNS, steps_done=10, losses_below_one=2**40, losses_above_one=0)
        summary = client.get(f"/v1/trials/{trial_id}").json()["summary"]
        assert (summary["losses_below_one"], summary["losses_above_one"]) == (2**40, 0)
        assert summary["notes"] == expected
    columns = client.get(f"/v1/jobs/{job_id}/summary").json()["columns"]
    assert (columns["losses_below_one"], columns["losses_above_one"]) == ([2**40] * 2, [0, 0])
    assert columns["notes"] == [None, f"{none} {nothing}"]
    header, *rows = csv.reader(io.StringIO(client.get(f"/v1/jobs/{job_id}/summary?format=csv").text))
    assert [row[header.index("losses_below_one")] for row in rows] == [str(2**40)] * 2
    answer = client.get(f"/v1/jobs/{job_id}/comparison").json()
    assert [one["notes"] for one in answer["optimizers"]] == [[], [none, nothing]]
    labels = [one["label"] for one in answer["optimizers"]]
    assert [one["copy_of"] for one in answer["optimizers"]] == [None, labels[0]]
    assert answer["notes"][0] == f"{labels[1]}: {none} {nothing}"
    assert answer["notes"][1].startswith("1 of 2 optimizers is a copy of another one")


def test_a_diverged_trial_has_null_where_json_has_no_number(
    client: TestClient, database: Database, trial_id: str
) -> None:
    columns: dict[str, list[Any]] = {"step": [0, 1, 2], "loss": [1.0, INF, NAN], "param.x": [0.0, -INF, 1.0]}
    record(
        database, trial_id, columns, state=TrialState.DIVERGED, best_loss=INF, final_loss=None, first_nonfinite_step=1
    )
    summary = client.get(f"/v1/trials/{trial_id}").json()["summary"]
    assert (summary["final_loss"], summary["best_loss"], summary["first_nonfinite_step"]) == (None, None, 1)
    document = trajectory(client, trial_id)
    assert document["columns"] == {"step": [0, 1, 2], "loss": [1.0, None, None], "param.x": [0.0, None, 1.0]}


def test_a_trajectory_is_json_by_column(client: TestClient, recorded: str) -> None:
    assert trajectory(client, recorded) == {"trial_id": recorded, "rows": 6, "columns": COLUMNS}


def test_a_trajectory_is_csv_by_row(client: TestClient, database: Database, trial_id: str) -> None:
    record(database, trial_id, {"step": [0, 1], "loss": [0.1, NAN], "param.x": [-INF, 1e-300]})
    answer = client.get(f"/v1/trials/{trial_id}/trajectory", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == "step,loss,param.x\n0,0.1,\n1,,1e-300\n"


def test_a_long_trajectory_is_the_same_in_both_forms(client: TestClient, database: Database, trial_id: str) -> None:
    steps = list(range(50_001))
    loss = [math.sin(step) / 3 for step in steps]
    record(database, trial_id, {"step": steps, "loss": loss})
    assert trajectory(client, trial_id)["columns"] == {"step": steps, "loss": loss}
    answer = client.get(f"/v1/trials/{trial_id}/trajectory", headers={"Accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["step", "loss"]
    assert [(int(step), float(value)) for step, value in rows[1:]] == list(zip(steps, loss, strict=True))


def test_before_anything_is_recorded_a_trajectory_is_empty(client: TestClient, trial_id: str) -> None:
    assert trajectory(client, trial_id) == {"trial_id": trial_id, "rows": 0, "columns": {"step": [], "loss": []}}


def test_rows_and_columns_are_selected(client: TestClient, recorded: str) -> None:
    assert trajectory(client, recorded, columns="param.x,step")["columns"] == {
        "param.x": COLUMNS["param.x"],
        "step": COLUMNS["step"],
    }
    assert trajectory(client, recorded, every=2)["columns"]["step"] == [0, 2, 4, 5]
    assert trajectory(client, recorded, from_step=2, to_step=3)["columns"]["step"] == [2, 3]
    assert trajectory(client, recorded, max_points=4)["columns"]["step"] == [0, 2, 3, 5]
    assert trajectory(client, recorded, from_step=9)["rows"] == 0


@pytest.mark.parametrize(
    ("query", "pointer", "said"),
    [
        ("columns=loss,nope", "/columns", "Unknown column 'nope'; this trial has step, loss, param.x."),
        ("columns=", "/columns", "Unknown column ''"),
        ("every=0", "/every", "at least 1"),
        ("every=x", "/every", "whole number"),
        ("max_points=1", "/max_points", "at least 2"),
        ("from_step=-1", "/from_step", "at least 0"),
        ("to_step=99999999999999999999", "/to_step", "at most 10000000"),
        ("form_step=3", "/form_step", "Did you mean 'from_step'?"),
    ],
)
def test_a_wrong_selection_is_refused(client: TestClient, recorded: str, query: str, pointer: str, said: str) -> None:
    problem = problem_of(client.get(f"/v1/trials/{recorded}/trajectory?{query}"), 422, "invalid-request")
    assert pointers(problem) == [pointer]
    assert said in problem["errors"][0]["detail"]


@each(
    ("accept", "answered"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; q=0.5", "text/csv"),
        ("application/*", "application/json"),
        ("text/csv;q=0.4, application/json;q=0.8", "application/json"),
        ("text/csv;q=0.8, */*;q=0.1", "text/csv"),
        ("text/html, */*;q=0.5", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv;header=present", "text/csv"),
    ],
)
def test_accept_chooses_the_form(client: TestClient, recorded: str, accept: str, answered: str) -> None:
    answer = client.get(f"/v1/trials/{recorded}/trajectory", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == answered
    assert answer.headers["vary"] == "Accept, Authorization, Cookie"


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "text/csv;q=zero", "image/*"])
def test_another_form_is_not_acceptable(client: TestClient, recorded: str, accept: str) -> None:
    answer = client.get(f"/v1/trials/{recorded}/trajectory", headers={"Accept": accept})
    assert (
        "application/json, text/csv, application/vnd.apache.arrow.stream or"
        in problem_of(answer, 406, "not-acceptable")["detail"]
    )


def test_predictions_come_with_their_steps(client: TestClient, database: Database, trial_id: str) -> None:
    for step, prediction in ((150, [0.5, NAN]), (400, [0.75, 1.0])):
        data = {"x": [0.0, 1.0], "target": [1.0, 2.0], "truth": [1.5, 2.5], "prediction": prediction}
        record_predictions(database, trial_id, step, data)
    assert client.get(f"/v1/trials/{trial_id}/predictions").json() == {
        "trial_id": trial_id,
        "steps": [150, 400],
        "columns": {
            "x": [0.0, 1.0],
            "target": [1.0, 2.0],
            "truth": [1.5, 2.5],
            "prediction.150": [0.5, None],
            "prediction.400": [0.75, 1.0],
        },
    }


def test_predictions_may_come_without_targets(client: TestClient, database: Database, trial_id: str) -> None:
    record_predictions(database, trial_id, 5, {"x": [0.0], "prediction": [1.0]})
    answer = client.get(f"/v1/trials/{trial_id}/predictions").json()
    assert answer["columns"] == {"x": [0.0], "prediction.5": [1.0]}


METRICS: dict[str, list[Any]] = {
    "step": [45, 90, 135],
    "epoch": [1, 2, 3],
    "train_loss": [2.0, 1.5, NAN],
    "train_accuracy": [0.25, 0.5, 0.75],
}


def test_metrics_are_json_by_column_or_csv_by_row(client: TestClient, database: Database, trial_id: str) -> None:
    record_metrics(database, trial_id, METRICS)
    answer = client.get(f"/v1/trials/{trial_id}/metrics")
    assert answer.json() == {
        "trial_id": trial_id,
        "rows": 3,
        "columns": METRICS | {"train_loss": [2.0, 1.5, None]},
    }
    answer = client.get(f"/v1/trials/{trial_id}/metrics?columns=epoch,train_loss", headers={"Accept": "text/csv"})
    assert answer.text == "epoch,train_loss\n1,2\n2,1.5\n3,\n"
    assert answer.headers["vary"] == "Accept, Authorization, Cookie"


def test_metrics_are_selected(client: TestClient, database: Database, trial_id: str) -> None:
    record_metrics(database, trial_id, METRICS)
    path = f"/v1/trials/{trial_id}/metrics"
    assert client.get(f"{path}?from_step=46&to_step=90").json()["columns"]["epoch"] == [2]
    assert client.get(f"{path}?max_points=2").json()["columns"]["epoch"] == [1, 3]
    problem = problem_of(client.get(f"{path}?columns=loss"), 422, "invalid-request")
    assert pointers(problem) == ["/columns"]
    assert "step, epoch, train_loss, train_accuracy" in problem["detail"]


def test_an_expression_has_no_metrics(client: TestClient, recorded: str) -> None:
    answer = client.get(f"/v1/trials/{recorded}/metrics").json()
    assert answer == {"trial_id": recorded, "rows": 0, "columns": {"step": [], "epoch": []}}


def test_an_expression_has_no_predictions(client: TestClient, recorded: str) -> None:
    answer = client.get(f"/v1/trials/{recorded}/predictions")
    assert answer.json() == {"trial_id": recorded, "steps": [], "columns": {}}


@pytest.mark.parametrize("path", ["", "/trajectory", "/metrics", "/predictions"])
def test_an_unknown_trial_is_not_found(client: TestClient, path: str) -> None:
    problem_of(client.get(f"/v1/trials/nope{path}"), 404, "trial-not-found")
