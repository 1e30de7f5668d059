"""Metrics: the numbers by which a trial is judged, what each means and which direction is better.

A metric of a model is measured on a whole part of the data, never on one mini-batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["test", "full_train"]
"""A whole part of a dataset: what is kept for tests, or everything that is trained on."""

PARTS: tuple[Part, ...] = ("test", "full_train")
"""In the order of the columns."""

WholePartMetric = Literal["test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy"]
"""A column of a trial's metrics: the model on a whole part of the data at the end of an epoch."""

ResultMetric = Literal[WholePartMetric, "final_loss", "best_loss", "area_under_curve", "gap"]
"""A number that each trial has by itself."""


@dataclass(frozen=True, slots=True)
class MetricKind:
    """What a metric is.

    Attributes:
        title: for people.
        more_is_better: whether larger values are better.
        part: of the data that it is measured on; None for numbers of the loss of each step.
    """

    title: str
    more_is_better: bool = False
    part: Part | None = None


METRICS: Mapping[ResultMetric, MetricKind] = {
    "test_loss": MetricKind("Test loss", part="test"),
    "test_accuracy": MetricKind("Test accuracy", more_is_better=True, part="test"),
    "full_train_loss": MetricKind("Loss on the whole training part", part="full_train"),
    "full_train_accuracy": MetricKind("Accuracy on the whole training part", more_is_better=True, part="full_train"),
    "final_loss": MetricKind("Final loss"),
    "best_loss": MetricKind("Best loss"),
    "area_under_curve": MetricKind("Area under the loss curve"),
    "gap": MetricKind("Gap to the known minimum"),
}

WHOLE_PART_METRICS: tuple[WholePartMetric, ...] = (
    "test_loss",
    "test_accuracy",
    "full_train_loss",
    "full_train_accuracy",
)
