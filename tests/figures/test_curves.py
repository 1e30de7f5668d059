"""Curves over HTTP: medians and quartiles as numbers, where trials diverged, and what is refused."""

from typing import Any

import numpy as np
import pytest
from ayla_service.db.session import Database
from ayla_service.figures.data import FEW_NAMED
from ayla_service.states import TrialState
from fastapi.testclient import TestClient

from tests.factories import set_trials, spec, stranger, submit_as
from tests.http.helpers import pointers, record, record_metrics
from tests.trials.chunked import ids_of


def submitted(client: TestClient, **changes: Any) -> str:
    answer = client.post("/v1/jobs", json=spec(**changes))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def curves(client: TestClient, job_id: str, **query: Any) -> Any:
    answer = client.get(f"/v1/jobs/{job_id}/curves", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_curve_is_the_median_and_the_quartiles_over_the_seeds(client: TestClient, database: Database) -> None:
    job_id = submitted(client, optimizers=[{"name": "sgd", "learning_rate": 0.1, "label": "a"}], seeds=[0, 1, 2, 3, 4])
    for column in ("loss", "effective_lr", "param.x"):
        assert curves(client, job_id, column=column)["curves"][0]["step"] == []
    for place, trial in enumerate(ids_of(database, job_id)):
        losses = [float(place), 10.0 * place] if place < 4 else [4.0, float("inf")]
        how: dict[str, Any] = {"state": TrialState.DIVERGED, "first_nonfinite_step": 1} if place == 4 else {}
        record(database, trial, {"step": [0, 1], "loss": losses}, steps_done=1, best_loss=0.0, **how)
    found = curves(client, job_id)
    assert (found["seeds"], found["seeds_total"], found["settings"], found["steps_per_epoch"]) == (5, 5, 1, 1)
    [curve] = found["curves"]
    assert (curve["label"], curve["step"], curve["seeds"], curve["epoch"]) == ("a", [0, 1], 5, None)
    # The diverged one is worst after its end: of 0, 10, 20, 30 and infinity the quartiles are 10 and 30.
    assert (curve["low"], curve["median"], curve["high"]) == ([1.0, 10.0], [2.0, 20.0], [3.0, 30.0])
    assert curve["ends"] == [{"step": 0, "value": 4.0}]


def test_metrics_have_their_epochs(client: TestClient, database: Database) -> None:
    problem = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 100}
    job_id = submitted(client, problem=problem, budget={"epochs": 2})
    first, _ = ids_of(database, job_id)
    record_metrics(database, first, {"step": [0, 15], "epoch": [0, 1], "test_accuracy": [0.1, 0.5]})
    curve, nothing = curves(client, job_id, column="test_accuracy")["curves"]
    assert (curve["step"], curve["epoch"], curve["median"]) == ([0, 15], [0, 1], [0.1, 0.5])
    assert nothing["step"] == []


def test_epochs_are_left_out_only_where_there_are_too_many(client: TestClient, database: Database) -> None:
    problem = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 100}
    optimizer = {"name": "sgd", "learning_rate": 0.1}
    job_id = submitted(client, problem=problem, optimizers=[optimizer], seeds=[0, 1], budget={"epochs": 120})
    epochs = np.arange(1, 101)
    rows = {"step": (15 * epochs).tolist(), "epoch": epochs.tolist(), "test_loss": (1.0 / epochs).tolist()}
    whole, ahead = ids_of(database, job_id)
    record_metrics(database, whole, {name: values[:90] for name, values in rows.items()})
    record_metrics(database, ahead, rows)
    for place in (0, 1):
        set_trials(database, job_id, place, steps_done=1500)
    for most, count in ((500, 100), (100, 100), (30, 26)):
        (curve,) = curves(client, job_id, column="test_loss", max_points=most)["curves"]
        assert len(curve["epoch"]) == count
        assert (curve["epoch"][0], curve["epoch"][-1], curve["median"][0]) == (1, 100, 1.0)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_long_curves_are_thinned_at_the_same_steps_of_all_seeds(
    client: TestClient, database: Database, scale: str
) -> None:
    steps = np.arange(5001)
    optimizer = {"name": "sgd", "learning_rate": 0.1}
    job_id = submitted(client, optimizers=[optimizer], seeds=[0, 1], budget={"steps": 5000})
    for trial in ids_of(database, job_id):
        record(
            database, trial, {"step": steps.tolist(), "loss": (1.0 + steps).tolist()}, steps_done=5000, best_loss=1.0
        )
    [curve] = curves(client, job_id, scale=scale, max_points=100)["curves"]
    assert curve["step"][0] == 0
    assert curve["step"][-1] == 5000
    assert curve["step"] == sorted(set(curve["step"]))
    assert curve["median"] == [1.0 + step for step in curve["step"]]
    assert 40 <= len(curve["step"]) <= 110
    assert sum(step <= 10 for step in curve["step"]) == (11 if scale == "log" else 1)


def test_a_single_seed_keeps_its_extremes(client: TestClient, database: Database) -> None:
    steps = np.arange(5001)
    losses = np.ones(5001)
    losses[1234], losses[4321] = 99.0, -99.0
    job_id = submitted(client, optimizers=[{"name": "sgd", "learning_rate": 0.1}], budget={"steps": 5000})
    [trial] = ids_of(database, job_id)
    record(database, trial, {"step": steps.tolist(), "loss": losses.tolist()}, steps_done=5000, best_loss=-99.0)
    for scale in ("linear", "log"):
        [curve] = curves(client, job_id, max_points=50, scale=scale)["curves"]
        assert {99.0, -99.0} <= set(curve["median"]), scale


def test_of_many_settings_the_best_few_have_curves(client: TestClient, database: Database) -> None:
    job_id = submitted(client, optimizers=[{"name": "sgd", "learning_rate": 0.001 * (1 + n)} for n in range(20)])
    for place, trial in enumerate(ids_of(database, job_id)):
        loss = 20.0 - place
        record(database, trial, {"step": [0], "loss": [loss]}, final_loss=loss, best_loss=loss, steps_done=10)
    found = curves(client, job_id)
    assert [curve["optimizer_index"] for curve in found["curves"]] == list(range(20 - FEW_NAMED, 20))
    assert found["settings"] == 20
    assert [curve["optimizer_index"] for curve in curves(client, job_id, optimizers="0,3")["curves"]] == [0, 3]


def test_nothing_is_read_again_until_there_is_something_new(client: TestClient, database: Database) -> None:
    job_id = submitted(client)
    first, second = ids_of(database, job_id)
    address = f"/v1/jobs/{job_id}/curves"
    record(database, first, {"step": [0], "loss": [1.0]}, steps_done=0, best_loss=1.0)
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(f"{address}?scale=log", headers={"If-None-Match": etag}).status_code == 200
    record(database, second, {"step": [0], "loss": [2.0]}, steps_done=0, best_loss=2.0)
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("column=test_loss", "column"),
        ("column=param.y", "column"),
        ("optimizers=7", "optimizers"),
        ("optimizers=x", "optimizers"),
        ("max_points=2001", "max_points"),
        ("scale=cubic", "scale"),
    ],
)
def test_what_there_is_not_is_refused_by_name(client: TestClient, job_id: str, query: str, parameter: str) -> None:
    assert pointers(client.get(f"/v1/jobs/{job_id}/curves?{query}").json()) == [f"/{parameter}"]


def test_another_teams_job_is_not_found_and_a_sweep_has_no_lines(client: TestClient, database: Database) -> None:
    rival = stranger(database)
    assert client.get(f"/v1/jobs/{submit_as(database, rival).id}/curves").status_code == 404
    sweep = submitted(client, optimizers=[{"name": "sgd", "learning_rate": {"values": [0.1, 0.2]}}])
    assert client.get(f"/v1/jobs/{sweep}/curves").status_code == 409
