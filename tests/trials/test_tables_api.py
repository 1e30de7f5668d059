"""Results in every form over HTTP: formats, names of files, validators, and whole jobs as one table."""

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.states import JobState, TrialState
from ayla_service.trials import table
from fastapi.testclient import TestClient

from tests.factories import spec, stranger, submit_as
from tests.http.helpers import pointers, problem_of, record, record_metrics
from tests.trials.chunked import add_chunk, ids_of
from tests.trials.recorded import ARROW, COLUMNS, NAN, PARQUET, bits_of, table_of


def test_arrow_and_parquet_keep_every_bit(client: TestClient, recorded: list[str]) -> None:
    path = f"/v1/trials/{recorded[0]}/trajectory"
    for form, media_type in (("arrow", ARROW), ("parquet", PARQUET)):
        for answer in (client.get(path, headers={"Accept": media_type}), client.get(f"{path}?format={form}")):
            assert answer.headers["content-type"] == media_type
            found = table_of(answer)
            assert found.column_names == list(COLUMNS)
            assert found["step"].to_pylist() == COLUMNS["step"]
            for name in ("loss", "param.x"):
                assert found[name].to_numpy().tobytes() == bits_of(COLUMNS[name])


def test_the_format_goes_before_accept(client: TestClient, recorded: list[str]) -> None:
    path = f"/v1/trials/{recorded[0]}/trajectory?format=csv"
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.text.splitlines()[-2:] == ["4,,", "5,,0.4"]
    problem = problem_of(client.get(f"/v1/trials/{recorded[0]}/trajectory?format=xml"), 422, "invalid-request")
    assert pointers(problem) == ["/format"]
    assert "parquet" in problem["errors"][0]["detail"]


FILES = [
    (None, "job-{id}-trial-0-trajectory.csv"),
    ("Sweep №7: lr / N1", "sweep-7-lr-n1-{id}-trial-0-trajectory.csv"),
    ('"; x=\u202e', "x-{id}-trial-0-trajectory.csv"),
    ("ß" * 200, "job-{id}-trial-0-trajectory.csv"),
    ("a" * 200, "a" * 40 + "-{id}-trial-0-trajectory.csv"),
]


def test_downloads_have_a_name(client: TestClient, database: Database, job_id: str, recorded: list[str]) -> None:
    for name, file in FILES:
        with database.write() as session:
            session.get_one(JobRow, job_id).name = name
        answer = client.get(f"/v1/trials/{recorded[0]}/trajectory?format=csv")
        expected = file.replace("{id}", job_id[:8])
        assert answer.headers["content-disposition"] == f'attachment; filename="{expected}"'
    assert "content-disposition" not in client.get(f"/v1/trials/{recorded[0]}/trajectory").headers


def test_metrics_come_in_every_form(client: TestClient, database: Database, trial_ids: list[str]) -> None:
    columns: dict[str, list[Any]] = {"step": [45, 90], "epoch": [1, 2], "train_loss": [2.0, NAN]}
    record_metrics(database, trial_ids[1], columns)
    found = table_of(client.get(f"/v1/trials/{trial_ids[1]}/metrics?format=parquet"))
    assert found["train_loss"].to_numpy().tobytes() == bits_of([2.0, NAN])
    whole = client.get(f"/v1/jobs/{client.get(f'/v1/trials/{trial_ids[1]}').json()['job_id']}/metrics").json()
    assert whole["columns"]["trial_index"] == [1, 1]
    assert whole["columns"]["epoch"] == [1, 2]
    assert whole["columns"]["train_loss"] == [2.0, None]


def test_thinning_on_a_log_scale_and_by_other_columns(
    client: TestClient, database: Database, trial_ids: list[str]
) -> None:
    steps = list(range(1000))
    columns: dict[str, list[Any]] = {
        "step": steps,
        "loss": [1.0] * 1000,
        "scale": [float(step == 500) for step in steps],
    }
    record(database, trial_ids[0], columns)
    path = f"/v1/trials/{trial_ids[0]}/trajectory?max_points=20"
    assert 500 not in client.get(path).json()["columns"]["step"]
    assert 500 in client.get(f"{path}&columns=step,scale").json()["columns"]["step"]
    early = [step for step in client.get(f"{path}&scale=log").json()["columns"]["step"] if step < 100]
    assert len(early) >= 5
    problem = problem_of(client.get(f"/v1/trials/{trial_ids[0]}/trajectory?scale=log"), 422, "invalid-request")
    assert pointers(problem) == ["/scale"]


def _add_chunk(database: Database, trial_id: str, step: int) -> None:
    add_chunk(database, trial_id, {"step": [step], "loss": [1.0]})


@pytest.mark.parametrize("form", ["json", "csv", "arrow", "parquet"])
def test_what_the_client_has_is_not_sent_again(
    client: TestClient,
    database: Database,
    job_id: str,
    trial_ids: list[str],
    form: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record(database, trial_ids[0], {"step": [0, 1], "loss": [2.0, 1.0]}, state=TrialState.RUNNING, steps_done=2)
    for path in (f"/v1/trials/{trial_ids[0]}/trajectory", f"/v1/jobs/{job_id}/trajectories"):
        url = f"{path}?format={form}"
        first = client.get(url)
        assert first.headers["cache-control"] == "private, no-cache"
        with monkeypatch.context() as patched:
            patched.setattr(table, "open_table", pytest.fail)
            known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
            again = client.get(url, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert set(again.headers["vary"].split(", ")) == {"Accept", "Authorization", "Cookie", "Accept-Encoding"}
        for other in (f"{url}&from_step=1", f"{path}?format={'csv' if form == 'json' else 'json'}"):
            assert client.get(other, headers=known).status_code == 200
        _add_chunk(database, trial_ids[0], 2 if "trials" in path else 3)
        newer = client.get(url, headers=known)
        assert newer.status_code == 200
        assert newer.headers["etag"] != first.headers["etag"]


def test_what_never_changes_may_be_kept(
    client: TestClient, database: Database, job_id: str, recorded: list[str]
) -> None:
    trial, whole = f"/v1/trials/{recorded[0]}/trajectory", f"/v1/jobs/{job_id}/summary"
    assert client.get(trial).headers["cache-control"] == "private, max-age=3600"
    assert client.get(whole).headers["cache-control"] == "private, no-cache"
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.state, job.finished_at = JobState.SUCCEEDED, job.created_at
    assert client.get(whole).headers["cache-control"] == "private, max-age=3600"


def test_a_job_is_one_table(client: TestClient, job_id: str, recorded: list[str]) -> None:
    path = f"/v1/jobs/{job_id}/trajectories"
    document = client.get(path).json()
    assert (document["job_id"], document["rows"]) == (job_id, 8)
    columns = document["columns"]
    assert list(columns) == ["trial_index", "label", "optimizer_index", "seed", "step", "loss", "param.x"]
    assert columns["trial_index"] == [0] * 6 + [1] * 2
    assert columns["label"] == ["SGD lr=0.03"] * 6 + ["AYLA-SGD lr=0.03 N1=1 N2=1.4"] * 2
    assert columns["loss"] == [6.0, 4.5, 9.25, 1e-300, None, None, 2.0, 1.0]
    assert columns["param.x"][6:] == [None, None]
    for form in ("arrow", "parquet"):
        found = table_of(client.get(f"{path}?format={form}"))
        assert found.column_names == list(columns)
        assert found["label"].to_pylist() == columns["label"]
        assert found["loss"].to_numpy().tobytes() == bits_of([*COLUMNS["loss"], 2.0, 1.0])
        assert found["param.x"].null_count == 2
    answer = client.get(f"{path}?format=csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="job-{job_id[:8]}-trajectories.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["loss"] for row in rows] == ["6", "4.5", "9.25", "1e-300", "", "", "2", "1"]
    thin = client.get(f"{path}?max_points=2&columns=step").json()["columns"]
    assert (thin["trial_index"], thin["step"]) == ([0, 0, 1, 1], [0, 5, 0, 1])


def test_a_label_is_no_formula_in_csv_and_itself_elsewhere(client: TestClient, database: Database) -> None:
    job_id = client.post(
        "/v1/jobs", json=spec(optimizers=[{"name": "sgd", "learning_rate": 0.1, "label": "=1+1"}])
    ).json()["id"]
    (trial_id,) = ids_of(database, job_id)
    record(database, trial_id, {"step": [0], "loss": [-6.0]}, steps_done=1)
    for name in ("summary", "trajectories"):
        path = f"/v1/jobs/{job_id}/{name}"
        rows = list(csv.DictReader(io.StringIO(client.get(f"{path}?format=csv").text)))
        assert [row["label"] for row in rows] == ["'=1+1"]
        assert rows[0].get("loss", "-6") == "-6"
        assert client.get(path).json()["columns"]["label"] == ["=1+1"]
        assert table_of(client.get(f"{path}?format=parquet"))["label"].to_pylist() == ["=1+1"]


def test_trials_of_a_table_are_chosen(client: TestClient, job_id: str, recorded: list[str]) -> None:
    def chosen(query: str) -> list[int]:
        indexes: list[int] = client.get(f"/v1/jobs/{job_id}/summary?{query}").json()["columns"]["trial_index"]
        return indexes

    assert chosen("trials=1") == [1]
    assert chosen("trials=0-1,1") == [0, 1]
    assert chosen("optimizer=0") == [0]
    assert chosen("states=diverged,failed") == [0]
    assert chosen("states=failed") == []


HOSTILE = [
    ("trials=", "/trials"),
    ("trials=1,,2", "/trials"),
    ("trials=-1", "/trials"),
    ("trials=5-2", "/trials"),
    ("trials=2", "/trials"),
    ("trials=0-99999", "/trials"),
    ("trials=1e3", "/trials"),
    ("trials=٣", "/trials"),
    ("trials=0;DROP TABLE trials", "/trials"),
    ("trials=%00", "/trials"),
    (f"trials={'1,' * 8_001}", "/trials"),
    ("optimizer=2", "/optimizer"),
    ("optimizer=-1", "/optimizer"),
    ("optimizer=99999999999999999999", "/optimizer"),
    ("states=lost", "/states"),
    ("states=", "/states"),
    ("columns=nope", "/columns"),
    ("columns=%00", "/columns"),
    ("columns=%ED%A0%80", "/columns"),
    ("scale=cubic", "/scale"),
    ("max_points=1", "/max_points"),
    ("every=0", "/every"),
    ("format=JSON", "/format"),
    ("formta=json", "/formta"),
]


def test_a_hostile_query_is_refused(client: TestClient, job_id: str, recorded: list[str]) -> None:
    for query, pointer in HOSTILE:
        problem = problem_of(client.get(f"/v1/jobs/{job_id}/trajectories?{query}"), 422, "invalid-request")
        assert pointers(problem) == [pointer], query[:80]


def test_a_summary_has_settings_and_results(client: TestClient, job_id: str, recorded: list[str]) -> None:
    columns = client.get(f"/v1/jobs/{job_id}/summary").json()["columns"]
    assert columns["trial_id"] == recorded
    assert columns["optimizer"] == ["sgd", "sgd"]
    assert columns["learning_rate"] == [0.03, 0.03]
    assert columns["ayla.n2"] == [None, 1.4]
    assert columns["nesterov"] == [False, False]
    assert columns["state"] == ["diverged", "completed"]
    assert columns["best_loss"] == [None, 1.0]
    assert columns["steps_per_second"] == [None, 2.0]
    assert columns["steps_done"] == [5, 1]
    found = table_of(client.get(f"/v1/jobs/{job_id}/summary?format=parquet"))
    assert found.column_names == list(columns)
    assert found.schema.field("seed").type == pa.int64()
    text = client.get(f"/v1/jobs/{job_id}/summary?format=csv").text
    assert len(text.splitlines()) == 3


def test_settings_of_different_optimizers_share_a_table(client: TestClient) -> None:
    schedule = {"name": "step", "every": 5, "factor": 0.5}
    optimizers = [
        {"name": "adam", "learning_rate": 0.1},
        {"name": "sgd", "learning_rate": 1, "schedule": schedule, "label": "=cmd|' /C calc'!A0"},
    ]
    job = client.post("/v1/jobs", json=spec(optimizers=optimizers))
    assert job.status_code == 202, job.text
    columns = client.get(f"/v1/jobs/{job.json()['id']}/summary").json()["columns"]
    assert columns["beta1"] == [0.9, None]
    assert columns["schedule.name"] == [None, "step"]
    assert columns["label"][1] == "=cmd|' /C calc'!A0"


def test_the_results_of_a_job_name_the_arm_of_each_trial(client: TestClient) -> None:
    """A column of its own and no setting, and found by the search for jobs."""
    tuned = [{"name": "sgd", "learning_rate": rate, "arm": "Tuned SGD"} for rate in (0.1, 0.2)]
    job = client.post("/v1/jobs", json=spec(optimizers=[*tuned, {"name": "adam", "learning_rate": 0.1}]))
    columns = client.get(f"/v1/jobs/{job.json()['id']}/summary").json()["columns"]
    assert columns["arm"] == ["Tuned SGD", "Tuned SGD", "Adam lr=0.1"]
    assert columns["label"] == ["SGD lr=0.1", "SGD lr=0.2", "Adam lr=0.1"]
    for text, found in (("tuned sgd", 1), ("tuned adam", 0)):
        assert len(client.get("/v1/jobs", params={"q": text}).json()["data"]) == found


PATHS = ["/v1/jobs/{job}/trajectories", "/v1/jobs/{job}/metrics", "/v1/jobs/{job}/summary"]


def test_other_teams_see_nothing(client: TestClient, database: Database) -> None:
    theirs = submit_as(database, stranger(database))
    trial_id = ids_of(database, theirs.id)[0]
    for path in (*PATHS, "/v1/trials/{trial}/trajectory", "/v1/trials/{trial}/metrics"):
        kind = "job" if "{job}" in path else "trial"
        for job, trial in ((theirs.id, trial_id), ("nope", "nope"), ("0" * 36, "0" * 36)):
            answer = client.get(path.format(job=job, trial=trial), headers={"If-None-Match": "*"})
            problem_of(answer, 404, f"{kind}-not-found")


def test_a_job_without_rows_has_an_empty_table(client: TestClient, job_id: str) -> None:
    for path in PATHS:
        for form in ("json", "csv", "arrow", "parquet"):
            answer = client.get(f"{path.format(job=job_id)}?format={form}&trials=0")
            assert answer.status_code == 200
            if form in ("arrow", "parquet") and "summary" not in path:
                assert table_of(answer).num_rows == 0
                assert table_of(answer).column_names[-2] == "step"


def test_json_never_holds_what_json_has_not(client: TestClient, job_id: str, recorded: list[str]) -> None:
    for path in (f"/v1/jobs/{job_id}/trajectories", f"/v1/trials/{recorded[0]}/trajectory"):
        json.loads(client.get(path).text, parse_constant=pytest.fail)
