"""Figures over HTTP: forms, validators, headers, and what is refused."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.figures import repository
from ayla_service.figures.service import FigureService
from ayla_service.http.authorization import authenticate
from ayla_service.states import TrialState
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import update

from tests.factories import set_trials, spec, stranger
from tests.http.helpers import pointers, problem_of, record, record_metrics, record_predictions
from tests.trials.chunked import ids_of

SVG, PNG, PDF = "image/svg+xml", "image/png", "application/pdf"
SMALL = {"width": 4, "height": 3}
CURVE = {"problem": {"type": "preset", "preset": "curve-a"}, "optimizers": None, "budget": None}
DIGITS = {
    "problem": {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 100},
    "budget": {"epochs": 2},
}
PLANE = {"problem": {"type": "expression", "expression": "x**2 + y**2", "start": {"x": 1.0, "y": 2.0}}}
HOSTILE = ["$x$ \\frac{", "</svg><script>alert(1)</script>", "__", "w" * 200]


def submitted(client: TestClient, **changes: Any) -> str:
    answer = client.post("/v1/jobs", json=spec(**changes))
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


@pytest.fixture
def recorded(database: Database, job_id: str) -> str:
    """A job of two trials with trajectories, one of them diverged."""
    first, second = ids_of(database, job_id)
    columns: dict[str, list[Any]] = {
        "step": [0, 1, 2],
        "loss": [6.0, 2.0, -1.0],
        "effective_lr": [0.1, 0.2, 0.3],
        "param.x": [-1, 0.5, 1.5],
    }
    record(database, first, columns, steps_done=2, final_loss=-1.0, best_loss=-1.0, best_step=2)
    wild = columns | {"loss": [6.0, 1e200, float("inf")], "param.x": [-1, 1e50, float("nan")]}
    record(database, second, wild, state=TrialState.DIVERGED, steps_done=2, first_nonfinite_step=2, best_loss=6.0)
    return job_id


def figure(client: TestClient, job_id: str, kind: str, **query: Any) -> Response:
    return client.get(f"/v1/jobs/{job_id}/figures/{kind}", params=SMALL | query)


def drawn(client: TestClient, job_id: str, kind: str, **query: Any) -> str:
    """The texts of an SVG."""
    return texts_of(figure(client, job_id, kind, **query))


def texts_of(answer: Response) -> str:
    """The texts of an SVG that was answered."""
    assert answer.status_code == 200, answer.text
    root = ET.fromstring(answer.text)
    assert root.tag.endswith("svg")
    return " ".join(" ".join(text.itertext()) for text in root.iter() if text.tag.endswith("text"))


def test_the_figures_of_a_job_are_listed_with_links_that_work(client: TestClient, recorded: str) -> None:
    found = client.get(f"/v1/jobs/{recorded}/figures").json()
    recorded_kinds, compared_kinds = ["loss", "effective-lr", "x", "landscape"], ["forest", "slopes", "strip"]
    profiles = ["performance-profile", "data-profile", "ecdf"]
    assert [one["kind"] for one in found["figures"]] == [*recorded_kinds, *compared_kinds, *profiles]
    missing = {"accuracy", "curve", "heatmap", "sensitivity", "tuning", "epochs"}
    assert {one["kind"]: one["reason"] for one in found["unavailable"]}.keys() == missing
    assert "scale" in found["figures"][0]["parameters"]
    for one in found["figures"]:
        assert client.get(one["href"], params=SMALL).status_code == 200
    for one in found["unavailable"]:
        problem = problem_of(figure(client, recorded, one["kind"]), 409, "figure-unavailable")
        assert one["reason"] in problem["detail"]


FORMS: list[tuple[dict[str, Any], str | None, str, bytes]] = [
    ({}, None, SVG, b"<?xml"),
    ({}, "image/png, image/svg+xml;q=0.5", PNG, b"\x89PNG\r\n\x1a\n"),
    ({}, PDF, PDF, b"%PDF-"),
    ({"format": "png", "dpi": 50}, PDF, PNG, b"\x89PNG\r\n\x1a\n"),
    ({"format": "pdf"}, "text/html", PDF, b"%PDF-"),
]


def test_forms(client: TestClient, recorded: str) -> None:
    for query, accept, media_type, begins in FORMS:
        headers = {} if accept is None else {"Accept": accept}
        answer = client.get(f"/v1/jobs/{recorded}/figures/loss", params=SMALL | query, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].split(";")[0] == media_type
        assert answer.content.startswith(begins)
        assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "Accept" in answer.headers["vary"]
        assert answer.headers["content-disposition"].startswith("inline; filename=")

    answer = client.get(f"/v1/jobs/{recorded}/figures/loss", headers={"Accept": "image/gif"})
    problem_of(answer, 406, "not-acceptable")
    header = figure(client, recorded, "loss", format="png", dpi=60).content[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (240, 180)


def test_a_figure_that_the_client_has_is_not_drawn_again(
    client: TestClient, database: Database, recorded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, plain = f"/v1/jobs/{recorded}/figures/loss", {"Accept-Encoding": "identity"}
    first = client.get(path, headers=plain)
    again = client.get(path, headers=plain)
    assert first.content == again.content
    etag = first.headers["etag"]
    assert etag == again.headers["etag"]
    assert etag.startswith('"')
    with monkeypatch.context() as patch:
        patch.setattr(FigureService, "draw", lambda *_: pytest.fail("drawn"))
        unchanged = client.get(path, headers=plain | {"If-None-Match": etag})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
    set_trials(database, recorded, 0, steps_done=3)
    assert client.get(path, headers=plain | {"If-None-Match": etag}).status_code == 200


def test_a_new_name_is_a_new_figure(client: TestClient, database: Database, recorded: str) -> None:
    before = figure(client, recorded, "loss").headers["etag"]
    with database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == recorded).values(name="renamed"))
    answer = figure(client, recorded, "loss")
    assert answer.headers["etag"] != before
    assert "renamed" in answer.text


def test_lines_by_step_and_by_epoch(client: TestClient, recorded: str) -> None:
    words = drawn(client, recorded, "loss", x="epoch", width=8, height=5)
    for part in ("epoch", "loss", "SGD", "AYLA-SGD N1=1 N2=1.4", "diverged", "all with lr=0.03"):
        assert part in words
    words = drawn(client, recorded, "loss", optimizers="0", title="my own")
    assert "my own" in words
    assert "AYLA" not in words
    assert "step" in words


def test_a_landscape_of_one_and_of_two_parameters(client: TestClient, database: Database, recorded: str) -> None:
    words = drawn(client, recorded, "landscape", width=8, height=5)
    assert "objective" in words
    assert "transformed, N1=1, N2=1.4" in words
    job_id = submitted(client, **PLANE)
    path: dict[str, list[Any]] = {"step": [0, 1], "loss": [5.0, 2.0], "param.x": [1.0, 1.0], "param.y": [2.0, 1.0]}
    record(database, ids_of(database, job_id)[0], path)
    assert "last step" in drawn(client, job_id, "landscape")


def test_accuracies_by_epoch(client: TestClient, database: Database) -> None:
    job_id = submitted(client, **DIGITS, seeds=[0, 1])
    for trial_id in ids_of(database, job_id)[:3]:
        rows: dict[str, list[Any]] = {"step": [15, 30], "epoch": [1, 2], "train_loss": [2.0, 1.0]}
        record_metrics(database, trial_id, rows | {"train_accuracy": [0.5, 0.7], "test_accuracy": [0.4, 0.6]})
    words = drawn(client, job_id, "accuracy", width=8, height=5)
    for part in ("epoch", "accuracy", "training batches", "test part", "median and quartiles over 2 seeds"):
        assert part in words
    assert "step" in drawn(client, job_id, "accuracy", x="step")


def test_fitted_curves(client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = submitted(client, **CURVE)
    for trial_id in ids_of(database, job_id):
        columns = {name: [0.0, 0.5, 1.0] for name in ("x", "prediction", "target", "truth")}
        record_predictions(database, trial_id, 150, columns)
    words = drawn(client, job_id, "curve", width=8, height=5)
    for part in ("step 150", "step 400", "nothing recorded yet", "data", "true curve"):
        assert part in words
    assert "nothing recorded yet" not in drawn(client, job_id, "curve", at="150")
    assert pointers(problem_of(figure(client, job_id, "curve", at="151"), 422, "invalid-request")) == ["/at"]
    monkeypatch.setattr(repository, "MOST_BYTES", 10)
    problem_of(figure(client, job_id, "curve"), 422, "figure-too-large")


def test_a_heat_map(client: TestClient, database: Database) -> None:
    optimizers = [
        {"name": "sgd", "learning_rate": rate, "ayla": ayla}
        for rate in (0.01, 0.1)
        for ayla in (None, {"n1": 1.0, "n2": 1.5})
    ]
    job_id = submitted(client, optimizers=optimizers)
    first, second, third, _ = ids_of(database, job_id)
    record(database, first, {"step": [0], "loss": [1.0]}, final_loss=3.25, best_loss=1.5, best_step=7)
    record(database, second, {"step": [0], "loss": [1.0]}, final_loss=2.5, best_loss=2.5, best_step=9)
    record(database, third, {"step": [0], "loss": [1.0]}, state=TrialState.DIVERGED)
    words = drawn(client, job_id, "heatmap", width=8, height=5)
    for part in ("learning_rate", "ayla.n2", "3.25", "2.5", "none", "final loss", "diverged", "not ended"):
        assert part in words
    words = drawn(client, job_id, "heatmap", axis_x="ayla.n2", value="steps")
    assert "steps to the lowest loss" in words
    problem = problem_of(figure(client, job_id, "heatmap", axis_x="beta1"), 422, "invalid-request")
    assert pointers(problem) == ["/axis_x"]


def test_no_cell_of_a_heat_map_is_the_best_by_a_single_mini_batch(client: TestClient, database: Database) -> None:
    problem = {"type": "dataset", "dataset": {"name": "digits"}}
    optimizers = [
        {"name": "sgd", "learning_rate": rate, "momentum": momentum} for rate in (0.01, 0.1) for momentum in (0.0, 0.9)
    ]
    for batch_size, decided in ((32, False), (None, True)):
        job_id = submitted(client, problem=problem | {"batch_size": batch_size}, optimizers=optimizers)
        for place, trial_id in enumerate(ids_of(database, job_id)):
            final, best = 3.25 - place, 1.5 + place
            record(database, trial_id, {"step": [0], "loss": [1.0]}, final_loss=final, best_loss=best, best_step=place)
        for value in ("final_loss", "best_loss", "steps"):
            words = drawn(client, job_id, "heatmap", value=value, width=8, height=5)
            assert ("framed: the best" in words) is decided, (batch_size, value)
            assert ("is not recorded" in words) is not decided, (batch_size, value)


def test_a_queued_job_has_empty_figures_that_say_so(client: TestClient, job_id: str) -> None:
    for kind in ("loss", "effective-lr", "x", "landscape"):
        words = drawn(client, job_id, kind)
        assert "nothing recorded yet" in words
        assert "SGD" in words


def test_labels_of_users_do_no_harm(client: TestClient, database: Database) -> None:
    optimizers = [{"name": "sgd", "learning_rate": 0.1 + place, "label": label} for place, label in enumerate(HOSTILE)]
    job_id = submitted(client, optimizers=optimizers, name=HOSTILE[1])
    record(database, ids_of(database, job_id)[0], {"step": [0, 1], "loss": [2.0, 1.0]})
    answer = figure(client, job_id, "loss", width=8, height=5)
    assert "<script" not in answer.text
    words = drawn(client, job_id, "loss", width=8, height=5, title="a\x00b\n</text>")
    for part in (HOSTILE[0], HOSTILE[1], HOSTILE[2], "a b </text>"):
        assert part in words
    for form in ("png", "pdf"):
        assert figure(client, job_id, "loss", format=form).status_code == 200


# One application for all cases of a table: making it takes ten times as long as a request.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"width": 2}, "/width"),
    ({"height": 1.4}, "/height"),
    ({"height": 13}, "/height"),
    ({"style": "poster"}, "/style"),
    ({"smooth": 1}, "/smooth"),
    ({"width": "nan"}, "/width"),
    ({"format": "gif"}, "/format"),
    ({"format": "png", "dpi": 601}, "/dpi"),
    ({"format": "png", "dpi": 300, "width": 16, "height": 12}, "/dpi"),
    ({"dpi": 100}, "/dpi"),
    ({"scale": "symlog"}, "/scale"),
    ({"x": "time"}, "/x"),
    ({"max_points": 9}, "/max_points"),
    ({"optimizers": "2"}, "/optimizers"),
    ({"optimizers": ""}, "/optimizers"),
    ({"optimizers": "-1"}, "/optimizers"),
    ({"optimizers": "٣"}, "/optimizers"),
    ({"title": ""}, "/title"),
    ({"axis_x": "learning_rate"}, "/axis_x"),
    ({"colour": "red"}, "/colour"),
]


def test_options_that_cannot_be_honoured(client: TestClient, job_id: str) -> None:
    for query, pointer in REFUSED:
        assert pointers(problem_of(figure(client, job_id, "loss", **query), 422, "invalid-request")) == [pointer]
    problem = problem_of(figure(client, job_id, "pie"), 422, "invalid-request")
    assert "landscape" in problem["detail"]


def test_figures_of_another_team_do_not_exist(
    app: FastAPI, client: TestClient, database: Database, recorded: str
) -> None:
    app.dependency_overrides[authenticate] = lambda: stranger(database, "rival")
    problem_of(client.get(f"/v1/jobs/{recorded}/figures"), 404, "job-not-found")
    app.dependency_overrides[authenticate] = lambda: stranger(database, "another")
    problem_of(figure(client, recorded, "loss"), 404, "job-not-found")
    app.dependency_overrides.clear()
    problem_of(client.get("/v1/jobs/none/figures/loss"), 404, "job-not-found")


def test_more_drawings_than_there_is_room_for_are_asked_to_come_again(
    app: FastAPI, client: TestClient, recorded: str
) -> None:
    room = app.state.figures._drawing_slots
    while room.acquire(blocking=False):
        pass
    problem = problem_of(figure(client, recorded, "loss"), 503, "figures-busy")
    assert "again" in problem["detail"]
    room.release()
    assert figure(client, recorded, "loss").status_code == 200
    assert figure(client, recorded, "loss").status_code == 200


def test_a_spec_that_cannot_be_read_has_no_figures(client: TestClient, database: Database, recorded: str) -> None:
    with database.write() as session:
        job = session.get_one(JobRow, recorded)
        job.resolved_spec = job.resolved_spec | {"optimizers": [{"name": "of-the-future"}]}
    problem_of(figure(client, recorded, "loss"), 409, "figure-unavailable")
