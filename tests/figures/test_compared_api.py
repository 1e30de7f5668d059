"""Figures of comparisons and metrics over HTTP, of one job and of several."""

from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.http.authorization import authenticate
from ayla_service.states import TrialState
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.factories import set_trials, stranger
from tests.figures.test_api import DIGITS, PNG, SMALL, drawn, figure, submitted, texts_of
from tests.http.helpers import pointers, problem_of, record, record_metrics
from tests.trials.chunked import ids_of

SWEEP = [
    {"name": "sgd", "learning_rate": rate, "ayla": ayla}
    for rate in (0.01, 0.1)
    for ayla in (None, {"n1": 1.0, "n2": 1.5})
]
KINDS = ("forest", "slopes", "strip", "performance-profile", "data-profile", "ecdf", "sensitivity", "tuning")


def swept(client: TestClient, database: Database, name: str, start: float = 1.0) -> str:
    """A job of four settings with three seeds that all have ended, one trial diverged."""
    problem = {"type": "expression", "expression": "x**2", "start": {"x": start}}
    job_id = submitted(client, problem=problem, optimizers=SWEEP, seeds=[0, 1, 2], name=name)
    for place, trial_id in enumerate(ids_of(database, job_id)):
        losses = [4.0, 1.0 + place / 8, 0.1 * start * (1 + place)]
        state = TrialState.DIVERGED if place == 11 else TrialState.COMPLETED
        columns: dict[str, list[Any]] = {"step": [0, 1, 2], "loss": losses, "param.x": [1.0, 0.5, 0.2]}
        ends: dict[str, Any] = {"steps_done": 2, "best_loss": losses[2], "best_step": 2}
        record(database, trial_id, columns, state=state, final_loss=losses[2], **ends)
    return job_id


@pytest.fixture
def job(client: TestClient, database: Database) -> str:
    return swept(client, database, "first")


def several(client: TestClient, kind: str, *job_ids: str, **query: Any) -> Response:
    return client.get(f"/v1/figures/{kind}", params=SMALL | {"job_id": list(job_ids)} | query)


def test_every_kind_of_comparison_is_drawn_of_one_job_and_of_several(
    client: TestClient, database: Database, job: str
) -> None:
    other = swept(client, database, "second", start=3.0)
    listed = client.get(f"/v1/jobs/{job}/figures").json()["figures"]
    assert {*KINDS} <= {one["kind"] for one in listed}
    for kind in KINDS:
        assert drawn(client, job, kind, width=8)
        answer = several(client, kind, job, other, format="png")
        assert (answer.status_code, answer.headers["content-type"]) == (200, PNG), answer.text
        assert f"2-jobs-{kind}.png" in answer.headers["content-disposition"]
    words = texts_of(several(client, "strip", job, other, width=12, height=6))
    for part in ("first, second", "x**2", "final loss", "of 3", "diverged"):
        assert part in words
    assert "relative" in texts_of(several(client, "forest", job, other, width=12))


def test_results_near_the_largest_numbers_are_drawn(client: TestClient, database: Database) -> None:
    """Losses of 1e308 have not diverged, but margins around them and their differences are no numbers any more."""
    job_id = submitted(client, optimizers=SWEEP, seeds=list(range(7)))
    extremes = [1.7e308, -1.7e308, 1e300, 5e-324, 0.0, -1e-300, 1.0]
    for place, trial_id in enumerate(ids_of(database, job_id)):
        losses = [extremes[(place + step * (1 + place // 7)) % 7] for step in range(3)]
        columns: dict[str, list[Any]] = {"step": [0, 1, 2], "loss": losses, "param.x": [1.0, 0.5, 0.2]}
        record(database, trial_id, columns, steps_done=2, final_loss=losses[2], best_loss=min(losses), best_step=1)
    for kind in KINDS:
        for scale in ("auto", "linear", "log"):
            assert drawn(client, job_id, kind, scale=scale)
    assert drawn(client, job_id, "forest", metric="area_under_curve")


def test_recorded_lines_of_several_jobs_are_in_one_figure(client: TestClient, database: Database, job: str) -> None:
    other = swept(client, database, "second", start=3.0)
    words = texts_of(several(client, "loss", job, other, width=14, height=8))
    for part in ("first, second", "SGD lr=0.01 (first)", "SGD lr=0.01 (second)", "over 3 seeds"):
        assert part in words
    some = texts_of(several(client, "loss", job, other, optimizers="1,4", width=14))
    assert "AYLA-SGD" in some
    assert "lr=0.1" not in some.split()
    alone = texts_of(several(client, "loss", job, other, optimizers="4", width=14))
    assert "SGD lr=0.01" in alone
    assert "(second)" not in alone
    assert pointers(problem_of(several(client, "loss", job, optimizers="4"), 422, "invalid-request")) == ["/optimizers"]
    problem_of(several(client, "accuracy", job), 409, "figure-unavailable")


def test_a_figure_shows_the_numbers_of_the_comparison(client: TestClient, job: str) -> None:
    answer = client.get(f"/v1/jobs/{job}/comparison").json()
    words = drawn(client, job, "forest", width=12)
    for pair in answer["pairs"]:
        assert f"{pair['wins']} : {pair['losses']}" in words
    by_steps = drawn(client, job, "strip", metric="steps_to_target", target=0.35, width=12)
    assert "steps to the target" in by_steps
    assert "missed" in by_steps
    assert "Adam" not in words
    with_baseline = drawn(client, job, "forest", baseline="SGD lr=0.1", width=12)
    assert "SGD lr=0.01" in with_baseline
    assert pointers(problem_of(figure(client, job, "forest", baseline="none"), 422, "invalid-request")) == ["/baseline"]


def test_arms_are_tuned_and_compared_on_other_seeds(client: TestClient, job: str) -> None:
    words = drawn(client, job, "forest", tuning_seeds="0", confirm_seeds="1,2", width=12)
    assert "against" in words
    problem = problem_of(figure(client, job, "slopes", tuning_seeds="0"), 422, "invalid-request")
    assert pointers(problem) == ["/confirm_seeds"]
    assert "2 tuning seeds" in drawn(client, job, "tuning", tuning_seeds="0,1", width=12)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("forest", {"metric": "speed"}, "/metric"),
    ("forest", {"metric": "steps_to_target"}, "/target"),
    ("forest", {"confidence": 1.5}, "/confidence"),
    ("forest", {"problem": 1}, "/problem"),
    ("forest", {"optimizers": "9"}, "/optimizers"),
    ("strip", {"baseline": "SGD"}, "/baseline"),
    ("data-profile", {"metric": "final_loss"}, "/metric"),
    ("tuning", {"tuning_seeds": "x"}, "/tuning_seeds"),
    ("tuning", {"tuning_seeds": "0,0"}, "/tuning_seeds"),
    ("sensitivity", {"tuning_seeds": "77"}, "/tuning_seeds"),
    ("forest", {"tuning_seeds": "77", "confirm_seeds": "1"}, "/tuning_seeds"),
    ("slopes", {"tuning_seeds": "0", "confirm_seeds": "1,1"}, "/confirm_seeds"),
    ("loss", {"metric": "test_loss"}, "/metric"),
    ("loss", {"metric": "gap"}, "/metric"),
]


def test_options_that_do_not_fit_are_refused(client: TestClient, job: str) -> None:
    for kind, query, pointer in REFUSED:
        assert pointers(problem_of(figure(client, job, kind, **query), 422, "invalid-request")) == [pointer], kind
    problem = problem_of(several(client, "landscape", job), 422, "invalid-request")
    assert "forest" in problem["errors"][0]["detail"]
    assert pointers(problem_of(several(client, "forest", job, job), 422, "invalid-request")) == ["/job_id"]
    assert pointers(problem_of(client.get("/v1/figures/forest"), 422, "invalid-request")) == ["/job_id"]
    problem_of(several(client, "forest", job, "none"), 404, "job-not-found")


def test_epochs_of_different_lengths_are_not_on_one_axis(client: TestClient) -> None:
    digits: dict[str, Any] = DIGITS
    jobs = [submitted(client, **digits | {"problem": digits["problem"] | {"batch_size": size}}) for size in (100, 200)]
    refused = problem_of(several(client, "loss", *jobs, x="epoch"), 422, "invalid-request")
    assert pointers(refused) == ["/x"]
    assert several(client, "loss", *jobs, x="step").status_code == 200


def test_jobs_of_another_team_have_no_figures(app: FastAPI, client: TestClient, database: Database, job: str) -> None:
    app.dependency_overrides[authenticate] = lambda: stranger(database, "rival")
    problem_of(several(client, "forest", job), 404, "job-not-found")
    app.dependency_overrides[authenticate] = lambda: stranger(database, "another")
    problem_of(figure(client, job, "forest"), 404, "job-not-found")


def test_a_figure_of_several_jobs_changes_with_any_of_them(client: TestClient, database: Database, job: str) -> None:
    other = swept(client, database, "second")
    first = several(client, "strip", job, other)
    path, params = "/v1/figures/strip", SMALL | {"job_id": [job, other]}
    asked = {"If-None-Match": first.headers["etag"]}
    assert client.get(path, params=params, headers=asked).status_code == 304
    set_trials(database, other, 0, steps_done=1)
    assert client.get(path, params=params, headers=asked).status_code == 200


def test_of_many_models_the_best_by_a_whole_part_are_named(client: TestClient, database: Database) -> None:
    rates = [{"name": "sgd", "learning_rate": (1 + place) / 100} for place in range(14)]
    job_id = submitted(client, **DIGITS, seeds=[0], optimizers=rates)
    for place, trial_id in enumerate(ids_of(database, job_id)):
        ends: dict[str, Any] = {"final_loss": 1.0 + place, "best_loss": 1.0 + place, "test_loss": 20.0 - place}
        record(database, trial_id, {"step": [0, 1], "loss": [3.0, 2.0]}, steps_done=30, **ends)
    words = drawn(client, job_id, "loss", width=8, height=5)
    assert "SGD lr=0.14" in words
    assert "SGD lr=0.01" not in words.replace("lr=0.1", "")


def test_losses_by_epoch_and_any_metric_of_whole_parts(client: TestClient, database: Database) -> None:
    job_id = submitted(client, **DIGITS, seeds=[0, 1], optimizers=SWEEP)
    for place, trial_id in enumerate(ids_of(database, job_id)):
        rows: dict[str, list[Any]] = {"step": [15, 30], "epoch": [1, 2], "train_loss": [2.0, 1.0]}
        rows |= {"test_loss": [2.5, 1.5 + place], "test_accuracy": [0.5, 0.7]}
        if place < 2:
            rows |= {"full_train_loss": [1.9, 0.9]}
        record_metrics(database, trial_id, rows)
        set_trials(database, job_id, place, state=TrialState.COMPLETED, steps_done=30, test_loss=1.5 + place)
    words = drawn(client, job_id, "epochs", width=8, height=5)
    for part in ("epoch", "loss", "whole training part", "test part"):
        assert part in words
    assert "test accuracy" in drawn(client, job_id, "loss", metric="test_accuracy", width=8, height=5)
    smooth = drawn(client, job_id, "epochs", smooth=3, width=8, height=5)
    assert "running median of 3 points" in smooth
    for query in ({}, {"metric": "test_loss"}):
        words = drawn(client, job_id, "heatmap", width=8, height=5, **query)
        for part in ("test loss", "2", "8", "framed: the best"):
            assert part in words.split() or part in words
    assert "an expression has no data" not in words
    words = drawn(client, job_id, "heatmap", metric="gap", width=8, height=5)
    assert "by which nothing is decided" in words
