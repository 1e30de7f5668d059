"""Columns of a trial's row that hold its metrics."""

from collections.abc import Mapping
from typing import NamedTuple

from ayla_spec.metrics import WHOLE_PART_METRICS, WholePartMetric


class MetricColumns(NamedTuple):
    """Names of the columns of one metric.

    Attributes:
        final: the value after the last step.
        best: the best value at the ends of epochs.
        best_epoch: the first epoch that had it.
    """

    final: str
    best: str
    best_epoch: str


METRIC_COLUMNS: Mapping[WholePartMetric, MetricColumns] = {
    name: MetricColumns(name, f"best_{name}", f"best_{name}_epoch") for name in WHOLE_PART_METRICS
}
