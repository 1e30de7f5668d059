"""Metrics at the ends of epochs, by every way of computing."""

from typing import Any

import numpy as np
import pytest

from tests.core.batches import job, run

pytestmark = pytest.mark.usefixtures("way")

CLASSES: dict[str, Any] = {"name": "classification", "samples": 50, "feature_count": 4, "class_count": 3}


@pytest.mark.parametrize("batch_size", [None, 7, 20])
def test_training_metrics_are_means_over_the_batches_trained_on(batch_size: int | None) -> None:
    """The evaluation after the last update is of a batch that nothing was learned from."""
    problem = {"type": "dataset", "dataset": CLASSES, "batch_size": batch_size}
    spec = job(problem, [{"name": "adam", "learning_rate": 0.01}], 13, record={"metrics_every": 2})
    recorder = run(spec, blocks=[3, 1, 4])
    losses, metrics = recorder.trajectories[0]["loss"], recorder.metrics[0]
    size = batch_size or 40
    steps_per_epoch = -(-40 // size)
    sizes = np.array([min(size, 40 - (step % steps_per_epoch) * size) for step in range(13)])
    before = 0
    for row, step in enumerate(metrics["step"].tolist()):
        part = slice(before, step)
        assert metrics["train_loss"][row] == pytest.approx(np.average(losses[part], weights=sizes[part]), rel=1e-12)
        before = step
    assert before == 13
    assert metrics["epoch"].tolist() == [-(-step // steps_per_epoch) for step in metrics["step"].tolist()]


def test_metrics_tell_how_many_are_right() -> None:
    problem = {"type": "dataset", "dataset": CLASSES | {"separation": 50.0}, "batch_size": 10}
    metrics = run(job(problem, [{"name": "adam", "learning_rate": 0.01}], 200)).metrics[0]
    assert metrics["train_accuracy"][0] < 1
    assert metrics["train_accuracy"][-1] == metrics["test_accuracy"][-1] == 1
    assert metrics["test_loss"][-1] < 1e-3
