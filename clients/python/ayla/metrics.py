"""Metrics of trials: the numbers by which a trial is judged, and which one is shown unless another is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ayla.models import Trial

TRIAL_METRICS: Mapping[str, str] = {
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "full_train_loss": "full train loss",
    "full_train_accuracy": "full train accuracy",
    "final_loss": "final loss",
    "best_loss": "best loss",
}
"""Names of the metrics that each trial has by itself, and their headings."""

NOT_RECORDED = "not recorded"


def usual_metric(trials: Sequence[Trial]) -> str:
    """The loss on the test part where the job has one, else on the whole training part, else after the last step."""
    recorded = {name for trial in trials if trial.summary is not None for name in trial.summary.metrics}
    return next((name for name in ("test_loss", "full_train_loss") if name in recorded), "final_loss")


def cell(trial: Trial, metric: str) -> str:
    """The value of a metric of a trial for reading; ``-`` before its end and where it has diverged."""
    value = trial.value(metric)
    if value is not None:
        return f"{value:.6g}"
    is_missing = trial.state == "completed" and trial.summary is not None and metric not in trial.summary.metrics
    return NOT_RECORDED if is_missing and metric not in {"final_loss", "best_loss"} else "-"
