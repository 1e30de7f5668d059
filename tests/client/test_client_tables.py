"""Trajectories and predictions: columns, gaps, conversions."""

import math
import sys
from typing import Any

import ayla
import numpy
import pytest
from ayla.tables import to_column

from tests.client.fake_service import FakeService

COLUMNS: dict[str, list[float | None]] = {"step": [0, 1, 2], "loss": [4.0, None, 1.0]}


@pytest.fixture
def service() -> FakeService:
    return FakeService()


def first_trial(client: ayla.Client, name: str) -> ayla.Trial:
    return client.jobs.trials(client.jobs.submit(problem=ayla.preset(name)))[0]


def test_columns_are_arrays_with_nan_for_what_is_not_finite() -> None:
    trajectory = ayla.Trajectory("trial", COLUMNS)

    assert isinstance(trajectory["loss"], numpy.ndarray)
    assert numpy.array_equal(trajectory["loss"], [4.0, numpy.nan, 1.0], equal_nan=True)
    assert isinstance(trajectory["step"], numpy.ndarray)
    assert trajectory["step"].dtype.kind == "i"
    assert [*trajectory] == ["step", "loss"]
    assert trajectory.rows == 3
    assert trajectory.numbers("step") == [0, 1, 2]


def test_without_numpy_columns_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)

    column = to_column([1.0, None])

    assert isinstance(column, list)
    assert column[0] == 1.0
    assert math.isnan(column[1])


def test_an_unknown_column_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="no column 'lost'; there are step, loss"):
        ayla.Trajectory("trial", COLUMNS)["lost"]


def test_a_trajectory_becomes_a_data_frame() -> None:
    frame = ayla.Trajectory("trial", COLUMNS).to_pandas()

    assert [*frame.columns] == ["step", "loss"]
    assert frame["loss"].isna().tolist() == [False, True, False]


def test_without_pandas_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ayla.MissingDependency, match="pip install 'pandas'"):
        ayla.Trajectory("trial", COLUMNS).to_pandas()


def test_the_service_decides_about_thinning(service: FakeService) -> None:
    client = service.client()
    trial = first_trial(client, "poly-sgd")
    trajectory = client.trials.trajectory(
        trial, columns=["step", "loss"], every=2, max_points=9, from_step=1, to_step=8
    )

    asked = dict(service.requests[-1].url.params)
    assert asked == {"columns": "step,loss", "every": "2", "max_points": "9", "from_step": "1", "to_step": "8"}
    assert trajectory.trial_id == trial.id
    assert [*trajectory] == ["step", "loss"]


def test_nothing_is_asked_for_by_default(service: FakeService) -> None:
    client = service.client()
    trajectory = client.trials.trajectory(first_trial(client, "poly-sgd").id)

    assert dict(service.requests[-1].url.params) == {}
    assert trajectory.rows == 51
    assert trajectory["param.x"][0] == -1.0


def test_csv_comes_as_the_service_writes_it(service: FakeService) -> None:
    client = service.client()
    text = client.trials.trajectory_csv(first_trial(client, "poly-sgd"), columns=["step", "param.x"])

    assert text.startswith("step,param.x\r\n0,-1.0\r\n")
    assert service.requests[-1].headers["Accept"] == "text/csv"


def test_metrics_are_columns_like_a_trajectory(service: FakeService) -> None:
    client = service.client()
    trial = first_trial(client, "curve-a")
    metrics = client.trials.metrics(trial, columns=["epoch", "train_loss"], max_points=9, from_step=1, to_step=200)

    asked = dict(service.requests[-1].url.params)
    assert asked == {"columns": "epoch,train_loss", "max_points": "9", "from_step": "1", "to_step": "200"}
    assert (metrics.trial_id, [*metrics], metrics.rows) == (trial.id, ["epoch", "train_loss"], 3)
    assert numpy.array_equal(metrics["train_loss"], [2.0, numpy.nan, 1.0], equal_nan=True)
    assert metrics.to_pandas()["epoch"].tolist() == [1, 2, 3]
    assert repr(metrics) == "<Metrics: 3 rows of epoch, train_loss>"
    assert client.trials.metrics_csv(trial.id, columns="epoch") == "epoch\r\n1\r\n2\r\n3\r\n"


def test_an_expression_has_no_metrics(service: FakeService) -> None:
    client = service.client()
    metrics = client.trials.metrics(first_trial(client, "poly-sgd"))

    assert [*metrics] == ["step", "epoch"]
    assert metrics.rows == 0


def test_predictions_may_come_without_targets() -> None:
    predictions = ayla.Predictions("trial", [5], {"x": [0.0], "prediction.5": [1.0]})

    assert [*predictions] == ["x", "prediction.5"]
    assert predictions.rows == 1


@pytest.mark.parametrize(("preset", "steps"), [("curve-a", (150, 400)), ("poly-sgd", ())])
def test_predictions_have_a_column_for_each_recorded_step(
    service: FakeService, preset: str, steps: tuple[int, ...]
) -> None:
    client = service.client()
    predictions = client.trials.predictions(first_trial(client, preset))

    assert predictions.steps == steps
    assert {f"prediction.{step}" for step in steps} <= set(predictions)
    assert predictions.rows == (100 if steps else 0)


def test_tables_show_themselves_in_a_notebook() -> None:
    trajectory = ayla.Trajectory("trial", {"step": [*range(100)], "<loss>": [1.0] * 100})
    html: Any = trajectory._repr_html_()

    assert "100 rows" in html
    assert "&lt;loss&gt;" in html
    assert html.count("<tr>") == 6
    assert repr(trajectory) == "<Trajectory: 100 rows of step, <loss>>"


def test_two_tables_are_equal_only_when_they_are_one() -> None:
    trajectory = ayla.Trajectory("trial", COLUMNS)

    assert trajectory == trajectory
    assert trajectory != ayla.Trajectory("trial", COLUMNS)
