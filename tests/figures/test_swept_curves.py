"""Curves of settings of jobs with axes, which are asked for by their running numbers."""

from typing import Any

import pytest
from ayla_service.db.session import Database
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.helpers import pointers, record
from tests.trials.chunked import ids_of

RATES = [0.1, 0.2, 0.4]
SEEDS = [5, 6, 7]
DESIGNS: tuple[dict[str, Any], ...] = ({}, {"design": "random", "settings": 4, "seed": 3})


def swept(client: TestClient, **search: Any) -> str:
    """A job of two arms, of which one has three or four settings."""
    optimizers = [
        {"name": "sgd", "learning_rate": 0.3, "arm": "fixed"},
        {"name": "sgd", "learning_rate": {"low": 0.1, "high": 0.4} if search else {"values": RATES}, "arm": "swept"},
    ]
    changes = {"search": search} if search else {}
    answer = client.post("/v1/jobs", json=spec(optimizers=optimizers, seeds=SEEDS, **changes))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def with_rows(client: TestClient, database: Database, **search: Any) -> str:
    """The same with rows: setting s with the seed at place p has the loss 10 s + p² at step 1."""
    job_id = swept(client, **search)
    for index, trial in enumerate(ids_of(database, job_id)):
        setting, place = divmod(index, len(SEEDS))
        rows: dict[str, list[Any]] = {"step": [0, 1], "loss": [100.0, 10.0 * setting + place**2]}
        record(database, trial, rows, steps_done=1, best_loss=0.0)
    return job_id


@pytest.mark.parametrize("search", DESIGNS, ids=["grid", "random"])
@pytest.mark.parametrize("numbers", ["2,1", "0,3", "0,1,2,3"])
def test_named_settings_have_their_own_curves(
    client: TestClient, database: Database, search: dict[str, Any], numbers: str
) -> None:
    job_id = with_rows(client, database, **search)
    answer = client.get(f"/v1/jobs/{job_id}/curves", params={"settings": numbers})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    wanted = sorted(map(int, numbers.split(",")))
    assert found["settings"] == (5 if search else 4)
    assert [curve["setting"] for curve in found["curves"]] == wanted
    assert [curve["optimizer_index"] for curve in found["curves"]] == [min(number, 1) for number in wanted]
    for curve in found["curves"]:
        number = curve["setting"]
        assert (curve["step"], curve["seeds"]) == ([0, 1], 3)
        assert curve["median"] == [100.0, 10.0 * number + 1]
        assert (curve["low"][1], curve["high"][1]) == (10.0 * number + 0.5, 10.0 * number + 2.5)
    told = client.get(f"/v1/jobs/{job_id}/settings").json()["data"]
    labels = {one["setting"]: one["label"] for one in told}
    assert [curve["label"] for curve in found["curves"]] == [labels[number] for number in wanted]


def test_they_are_read_again_when_they_have_more(client: TestClient, database: Database) -> None:
    job_id = swept(client)
    address = f"/v1/jobs/{job_id}/curves?settings=2"
    first = client.get(address)
    assert first.json()["curves"][0]["step"] == []
    record(database, ids_of(database, job_id)[6], {"step": [0], "loss": [1.0]}, steps_done=0, best_loss=1.0)
    etag = {"If-None-Match": first.headers["ETag"]}
    assert client.get(address, headers=etag).json()["curves"][0]["median"] == [1.0]
    other = {"If-None-Match": client.get(address).headers["ETag"]}
    assert client.get(address, headers=other).status_code == 304
    assert client.get(f"/v1/jobs/{job_id}/curves?settings=1", headers=other).status_code == 200


@pytest.mark.parametrize("numbers", ["4", "99999999", "", "x", ",".join(map(str, range(13)))])
def test_a_setting_that_is_not_there_or_too_many_are_refused(client: TestClient, numbers: str) -> None:
    answer = client.get(f"/v1/jobs/{swept(client)}/curves", params={"settings": numbers})
    assert pointers(answer.json()) == ["/settings"]


def test_without_axes_settings_are_the_optimizers(client: TestClient, job_id: str) -> None:
    assert pointers(client.get(f"/v1/jobs/{job_id}/curves?settings=0").json()) == ["/settings"]
    curves = client.get(f"/v1/jobs/{job_id}/curves").json()["curves"]
    assert [(curve["optimizer_index"], curve["setting"]) for curve in curves] == [(0, 0), (1, 1)]


def test_with_axes_they_have_to_be_named(client: TestClient) -> None:
    answer = client.get(f"/v1/jobs/{swept(client)}/curves?optimizers=0")
    assert answer.status_code == 409
    assert "settings=" in answer.json()["detail"]


def test_batch_sizes_on_an_axis_have_steps_per_epoch_of_their_own(client: TestClient) -> None:
    problem = {
        "type": "dataset",
        "dataset": {"name": "digits"},
        "model": {"name": "linear"},
        "batch_size": {"values": [50, 100]},
    }
    optimizers = [{"name": "sgd", "learning_rate": 0.1}]
    answer = client.post("/v1/jobs", json=spec(problem=problem, optimizers=optimizers, budget={"steps": 20}))
    assert answer.status_code == 202, answer.text
    answer = client.get(f"/v1/jobs/{answer.json()['id']}/curves?settings=0,1&column=test_loss")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["steps_per_epoch"] is None
    assert len(found["curves"]) == 2
