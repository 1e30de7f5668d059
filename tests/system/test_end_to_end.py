"""The whole service, from the client over HTTP to the worker and back."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla import Client, Job, Trial

from tests.system.processes import service
from tests.waiting import PATIENCE_SECONDS

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "paper.json").read_text())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a running service."""
    with service(tmp_path_factory.mktemp("service")) as running, running.client() as client:
        yield client


def _run(client: Client, **spec: object) -> tuple[Job, list[Trial]]:
    job = client.jobs.wait(client.jobs.submit(spec), timeout=PATIENCE_SECONDS)
    return job, list(client.jobs.trials(job))


@pytest.mark.parametrize("preset", ["poly-sgd", "poly-adam"])
def test_the_polynomial_experiments_over_http(client: Client, preset: str) -> None:
    _, trials = _run(client, problem={"type": "preset", "preset": preset})
    for trial, expected in zip(trials, REFERENCE[preset].values(), strict=True):
        columns = client.trials.trajectory(trial.id)
        for row in expected:
            for name, column in (("x", "param.x"), ("loss", "loss"), ("scale", "scale")):
                assert columns[column][row["step"]] == pytest.approx(row[name], rel=1e-12)


@pytest.mark.parametrize("preset", ["curve-a", "curve-b"])
def test_the_curve_experiments_over_http(client: Client, preset: str) -> None:
    _, trials = _run(client, problem={"type": "preset", "preset": preset})
    series = [rows for rows in REFERENCE[preset].values() if isinstance(rows, list)]
    for trial, expected in zip(trials, series, strict=True):
        loss = client.trials.trajectory(trial.id, columns=["loss"])["loss"]
        for row in expected:
            assert loss[row["epoch"]] == pytest.approx(row["mse"], rel=1e-6 if row["epoch"] <= 100 else 1e-3)


def test_five_variables_by_hand(client: Client) -> None:
    """SGD on a sum of squares: each variable shrinks by its own factor, AYLA's by that times the scale."""
    names, rate = ["a", "b", "c", "d", "f"], 0.01
    terms = " + ".join(f"{k}*{name}**2" for k, name in enumerate(names, start=1))
    start = {name: 0.1 * k for k, name in enumerate(names, start=1)}
    sgd = {"name": "sgd", "learning_rate": rate}
    _, (plain, ayla_) = _run(
        client,
        problem={"type": "expression", "expression": terms, "start": start},
        optimizers=[sgd, {**sgd, "ayla": {"n1": 1.3, "n2": 0.8}}],
        budget={"steps": 20},
    )
    for trial, transformed in ((plain, False), (ayla_, True)):
        columns = client.trials.trajectory(trial.id)
        point = dict(start)
        for step in range(21):
            loss = sum(k * point[name] ** 2 for k, name in enumerate(names, start=1))
            n = (1.3 if loss < 1 else 0.8) if transformed else 1.0
            scale = n * loss ** (n - 1)
            assert columns["loss"][step] == pytest.approx(loss, rel=1e-12)
            assert columns["scale"][step] == pytest.approx(scale, rel=1e-12)
            for k, name in enumerate(names, start=1):
                assert columns[f"param.{name}"][step] == pytest.approx(point[name], rel=1e-12)
                point[name] -= rate * scale * 2 * k * point[name]


def test_a_trial_that_diverges_is_a_result(client: Client) -> None:
    job, (trial,) = _run(
        client,
        problem={"type": "expression", "expression": "x**4", "start": {"x": 2.0}},
        optimizers=[{"name": "sgd", "learning_rate": 1.0}],
        budget={"steps": 100},
        record={"every": 50},
    )
    assert job.state == "succeeded"
    assert trial.state == "diverged"
    assert trial.summary is not None
    assert trial.summary.final_loss is None
    columns = client.trials.trajectory(trial.id)
    assert list(columns["step"]) == [0, trial.summary.first_nonfinite_step]
    assert not math.isfinite(columns["loss"][-1])


def test_predictions_of_a_fitted_curve(client: Client) -> None:
    _, trials = _run(client, problem={"type": "preset", "preset": "curve-a"})
    found = client.trials.predictions(trials[0].id)
    assert list(found.steps) == [150, 400]
    squares = [(p - t) ** 2 for p, t in zip(found["prediction.400"], found["target"], strict=True)]
    loss = client.trials.trajectory(trials[0].id)["loss"][400]
    assert math.fsum(squares) / len(squares) == pytest.approx(loss, rel=1e-9)
