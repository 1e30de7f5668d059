"""Trials of jobs with axes: lists with conditions and orders, and tables, read as columns."""

import csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials import table
from ayla_service.trials.conditions import Order
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.service import ResultReader
from fastapi.testclient import TestClient

from tests.factories import jobs, set_trials, spec, submit
from tests.http.helpers import pointers, problem_of

GRID: dict[str, Any] = {
    "optimizers": [
        {"name": "sgd", "learning_rate": {"values": [0.1, 0.01, 0.001]}, "label": "SGD"},
        {
            "name": "sgd",
            "learning_rate": {"low": 0.001, "high": 0.1, "scale": "log", "count": 3},
            "ayla": {"n1": 1.0, "n2": {"values": [1, 1.5]}},
            "label": "AYLA",
        },
        {"name": "adam", "learning_rate": 0.5, "label": "alone"},
    ],
    "seeds": [3, 4],
}
"""3 + 6 + 1 settings with two seeds: 20 trials."""

DRAWN: dict[str, Any] = {
    "optimizers": [{"name": "sgd", "learning_rate": {"low": 0.001, "high": 0.1, "scale": "log"}, "label": "SGD"}],
    "search": {"design": "random", "settings": 40, "seed": 7},
    "seeds": [0, 1],
}


@pytest.fixture
def grid(client: TestClient, database: Database) -> str:
    """A grid whose trial k has ended with the loss 20 - k, but for the last, which has diverged."""
    answer = client.post("/v1/jobs", json=spec(**GRID))
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    for index in range(20):
        loss, state = 20.0 - index, TrialState.COMPLETED if index < 19 else TrialState.DIVERGED
        final = loss if index < 19 else None
        set_trials(database, job_id, index, state=state, final_loss=final, best_loss=loss, steps_done=10)
    return job_id


def listed(client: TestClient, job_id: str, query: str = "") -> list[dict[str, Any]]:
    """All pages of a list of trials."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = client.get(f"/v1/jobs/{job_id}/trials?limit=3{query}{cursor}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json()['next_cursor']}"


def indexes(trials: list[dict[str, Any]]) -> list[int]:
    return [trial["index"] for trial in trials]


def test_each_trial_has_the_numbers_of_its_point(client: TestClient, grid: str) -> None:
    trials = listed(client, grid)
    assert indexes(trials) == list(range(20))
    assert [trial["optimizer"]["learning_rate"] for trial in trials[::2]] == [
        *(0.1, 0.01, 0.001),
        *(0.001, 0.001, 0.01, 0.01, 0.1, 0.1),
        0.5,
    ]
    assert [trial["optimizer"]["ayla"]["n2"] for trial in trials[6:18:2]] == [1, 1.5] * 3
    assert trials[8]["label"] == "AYLA: lr=0.001 N2=1.5"
    assert (trials[8]["optimizer"]["arm"], trials[8]["optimizer"]["label"]) == ("AYLA", trials[8]["label"])
    assert trials[-1]["label"] == "alone"
    assert [trial["seed"] for trial in trials[:4]] == [3, 4, 3, 4]
    alone = client.get(f"/v1/trials/{trials[8]['id']}").json()
    assert alone == trials[8]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&where=learning_rate>0.05", [0, 1, 14, 15, 16, 17, 18, 19]),
        ("&where=learning_rate>=0.01&where=ayla.n2=1.5", [12, 13, 16, 17]),
        ("&where=seed!=3&where=trial_index<6", [1, 3, 5]),
        ("&where=ayla.n2<=9e9", list(range(6, 18))),
        ("&where=best_loss<4", [17, 18, 19]),
        ("&where=final_loss<4", [17, 18]),
        ("&arm=SGD", [0, 1, 2, 3, 4, 5]),
        ("&arm=SGD&where=learning_rate==0.01", [2, 3]),
        ("&states=diverged", [19]),
        ("&optimizer=4", [8, 9]),
        ("&trials=1,5-7,18&arm=AYLA", [6, 7]),
        ("&where=learning_rate<0", []),
    ],
)
def test_conditions_select_trials(client: TestClient, grid: str, query: str, expected: list[int]) -> None:
    assert indexes(listed(client, grid, query)) == expected
    rows = client.get(f"/v1/jobs/{grid}/summary?format=json{query}").json()
    assert rows["columns"]["trial_index"] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&sort=best_loss", list(range(19, -1, -1))),
        ("&sort=-final_loss", list(range(20))),
        ("&sort=-seed&where=trial_index<5", [1, 3, 0, 2, 4]),
        ("&sort=-ayla.n2&where=trial_index<10", [8, 9, 6, 7, 0, 1, 2, 3, 4, 5]),
        ("&sort=learning_rate&where=trial_index>13", [14, 15, 16, 17, 18, 19]),
    ],
)
def test_trials_come_in_the_order_asked_for(client: TestClient, grid: str, query: str, expected: list[int]) -> None:
    assert indexes(listed(client, grid, query)) == expected
    rows = client.get(f"/v1/jobs/{grid}/summary?{query[1:]}").json()
    assert rows["columns"]["trial_index"] == expected


def test_what_cannot_be_asked_names_the_condition_and_the_columns(client: TestClient, grid: str) -> None:
    path = f"/v1/jobs/{grid}/trials"
    for query, pointer, said in (
        ("where=learning_rate", "/where", "'learning_rate' is no condition"),
        ("where=label>3", "/where", "'label>3' names no column of numbers; the job has learning_rate"),
        ("where=lr>3", "/where", "ayla.n2"),
        ("where=" + "x" * 300, "/where", "is no condition"),
        ("sort=label", "/sort", "'label' is no column of numbers; the job has learning_rate"),
        ("arm=nobody", "/arm", "there are 'SGD', 'AYLA', 'alone'"),
        ("optimizer=10", "/optimizer", "The job has 10 optimizers"),
    ):
        problem = problem_of(client.get(f"{path}?{query}"), 422, "invalid-request")
        assert pointers(problem) == [pointer]
        assert said in problem["errors"][0]["detail"]
    many = "&".join(["where=seed>0"] * 11)
    assert pointers(problem_of(client.get(f"{path}?{many}"), 422, "invalid-request")) == ["/where"]
    cursor = client.get(f"{path}?limit=1&sort=best_loss").json()["next_cursor"]
    for other in ("", "&sort=-best_loss", "&sort=seed"):
        answer = client.get(f"{path}?cursor={cursor}{other}")
        assert pointers(problem_of(answer, 422, "invalid-request")) == ["/cursor"]


@pytest.mark.parametrize("rows_at_once", [1, 7, 100])
def test_the_table_has_an_axis_as_a_column(
    client: TestClient, grid: str, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ayla_service.trials.summaries.NUMBERS_AT_ONCE", rows_at_once * 60)
    path = f"/v1/jobs/{grid}/summary"
    columns = client.get(path).json()["columns"]
    assert columns["arm"] == ["SGD"] * 6 + ["AYLA"] * 12 + ["alone"] * 2
    assert columns["learning_rate"][:6] == [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    assert columns["ayla.n2"][:8] == [*[None] * 6, 1.0, 1.0]
    assert columns["label"] == [trial["label"] for trial in listed(client, grid)]
    read = pq.read_table(pa.BufferReader(client.get(f"{path}?format=parquet").content))
    assert {name: read[name].to_pylist() for name in ("learning_rate", "label", "best_loss")} == {
        name: columns[name] for name in ("learning_rate", "label", "best_loss")
    }
    rows = list(csv.DictReader(io.StringIO(client.get(f"{path}?format=csv&sort=-trial_index").text)))
    assert [int(row["trial_index"]) for row in rows] == list(range(19, -1, -1))


def test_the_version_of_a_table_changes_with_results(client: TestClient, database: Database, grid: str) -> None:
    path = f"/v1/jobs/{grid}/summary?where=seed=3"
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    set_trials(database, grid, 0, steps_done=11)
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.every_store
def test_points_that_were_drawn_are_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.trials.points.SETTINGS_PER_PIECE", 7)
    job = submit(database, **DRAWN)
    for index in range(0, 80, 9):
        set_trials(database, job.id, index, state=TrialState.COMPLETED, best_loss=float(index), steps_done=10)
    reader = ResultReader(database)
    snapshot = reader.of_job(None, LOCAL.team_id, job.id, TrialSelection())
    whole = reader.summary(snapshot).whole(1000, 100_000)
    rates = np.array(whole["learning_rate"])
    assert len(set(rates.tolist())) == 40
    assert ((rates >= 0.001) & (rates <= 0.1)).all()
    trials = jobs(database).trials(job.id, limit=80).items
    assert [trial.optimizer.learning_rate for trial in trials] == rates.tolist()
    assert [trial.label for trial in trials] == whole["label"].to_pylist()
    monkeypatch.setattr(table, "NUMBERS_AT_ONCE", 100)
    order = Order("best_loss", descending=True)
    page = jobs(database).service.trials(LOCAL, job.id, limit=3, order=order).items
    assert [trial.index for trial in page] == [72, 63, 54]
    assert [trial.optimizer.learning_rate for trial in page] == rates[[72, 63, 54]].tolist()


def test_a_layout_knows_every_setting_alike(database: Database) -> None:
    job = submit(database, **GRID)
    with database.read() as session:
        layout = TrialLayout.of(session.get_one(JobRow, job.id))
    settings = np.arange(layout.settings_total)
    assert layout.labels(settings) == [layout.label(setting) for setting in settings.tolist()]
    rates = [layout.settings(setting)["learning_rate"] for setting in settings.tolist()]
    assert layout.numbers("learning_rate", settings).tolist() == rates
    assert layout.axis_names == {"learning_rate", "ayla.n2"}
    assert np.isnan(layout.numbers("ayla.n2", settings)).sum() == 4
