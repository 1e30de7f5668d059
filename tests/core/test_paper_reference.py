"""The step-by-step values of the paper's experiments, computed independently in plain float64."""

import json
from pathlib import Path
from typing import Any

import pytest
from ayla_core.recorder import Column
from ayla_spec.problems import PresetName

from tests.core.batches import preset, run

pytestmark = pytest.mark.usefixtures("way")

REFERENCE: dict[PresetName, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "reference" / "paper.json").read_text(encoding="utf-8")
)
POLYNOMIAL_COLUMNS = {
    "param.x": "x",
    "loss": "loss",
    "scale": "scale",
    "transformed_loss": "transformed_loss",
    "effective_lr": "effective_lr",
}


def expected(name: PresetName) -> list[list[dict[str, float]]]:
    """The reference rows of each trial, in the order of the preset's optimizers."""
    return [rows for method, rows in REFERENCE[name].items() if method != "note"]


@pytest.mark.parametrize("name", ["poly-sgd", "poly-adam"])
def test_polynomial_experiments_match_at_every_listed_step(name: PresetName) -> None:
    trajectories = run(preset(name)).trajectories
    assert len(trajectories) == len(expected(name)) == 2
    for index, rows in enumerate(expected(name)):
        for row in rows:
            check_polynomial_row(trajectories[index], row)


def check_polynomial_row(columns: dict[str, Column], row: dict[str, float]) -> None:
    for mine, theirs in POLYNOMIAL_COLUMNS.items():
        # At the minimum the gradient is the difference of two terms of 45, so its rounding error is absolute.
        noise = 5e-15 if mine == "effective_lr" else 0.0
        value = columns[mine][int(row["step"])]
        assert value == pytest.approx(row[theirs], rel=1e-12, abs=noise), f"{mine} at step {row['step']}"


@pytest.mark.parametrize("name", ["curve-a", "curve-b"])
def test_curve_experiments_match_at_every_listed_epoch(name: PresetName) -> None:
    trajectories = run(preset(name)).trajectories
    assert len(trajectories) == len(expected(name)) == 3
    for index, rows in enumerate(expected(name)):
        losses = trajectories[index]["loss"]
        for row in rows:
            tolerance = 1e-6 if row["epoch"] <= 100 else 1e-3
            assert losses[int(row["epoch"])] == pytest.approx(row["mse"], rel=tolerance), row["epoch"]


def test_the_paper_claims_hold_for_the_polynomial() -> None:
    plain, ayla = (run(preset("poly-adam")).trajectories[index]["param.x"] for index in (0, 1))
    assert abs(plain[800]) < 0.05, "Adam settles at the saddle"
    assert abs(ayla[500] - 2.25) < 0.05, "AYLA-Adam is at the minimum by step 500"


def test_predictions_are_kept_at_the_figures_epochs() -> None:
    recorder = run(preset("curve-a"))
    assert [(rows.step, rows.index) for rows in recorder.predictions] == [(s, i) for s in (150, 400) for i in range(3)]
    for rows in recorder.predictions:
        residual = rows.columns["prediction"] - rows.columns["target"]
        loss = recorder.trajectories[rows.index]["loss"][rows.step]
        assert (residual**2).mean() == pytest.approx(loss, rel=1e-12)
