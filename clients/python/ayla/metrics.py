"""Metrics of trials: the numbers by which a trial is judged, and which one is shown beside a comparison."""

from __future__ import annotations

from collections.abc import Mapping

from ayla.comparison import Comparison
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


def trial_metric(comparison: Comparison) -> str:
    """The number of each trial that a comparison is about: its metric, or what its target is a value of."""
    asked = (comparison.metric, comparison.target_metric)
    return next((name for name in asked if name in TRIAL_METRICS), "final_loss")


def cell(trial: Trial, metric: str) -> str:
    """The value of a metric of a trial for reading; ``-`` before its end, and the worst there is where it diverged."""
    value = trial.value(metric)
    if value is not None:
        return f"{value:.6g}"
    if trial.state == "diverged" and metric != "best_loss":
        return "-inf" if metric.endswith("accuracy") else "inf"
    is_missing = trial.state == "completed" and trial.summary is not None and metric not in trial.summary.metrics
    return NOT_RECORDED if is_missing and metric not in {"final_loss", "best_loss"} else "-"
