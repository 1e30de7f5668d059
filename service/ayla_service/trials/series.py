"""Series: the two kinds of recorded rows of a trial, its trajectory and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ayla_service.db.models import ChunkRow, JobRow, MetricChunkRow

AXES = frozenset({"step", "epoch"})
"""Columns that only grow: what others are drawn over."""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of recorded rows.

    Attributes:
        name: what it is called.
        plural: of many trials.
        table: where the chunks are.
        value: the column whose extremes thinning keeps where no other is asked for.
        known: the columns that are known before the first chunk is there.
        is_thinned: whether only the steps are recorded that the job asks for.
    """

    name: str
    plural: str
    table: type[ChunkRow] | type[MetricChunkRow]
    value: str
    known: pa.Schema
    is_thinned: bool

    def may_have_rows(self, job: JobRow) -> bool:
        """Whether trials of a job have such rows, if their job keeps them: an expression has no metrics."""
        return self.table is ChunkRow or has_data(job)


TRAJECTORY = Series(
    "trajectory",
    "trajectories",
    ChunkRow,
    "loss",
    pa.schema([("step", pa.int64()), ("loss", pa.float64())]),
    is_thinned=True,
)
METRICS = Series(
    "metrics",
    "metrics",
    MetricChunkRow,
    "train_loss",
    pa.schema([("step", pa.int64()), ("epoch", pa.int64())]),
    is_thinned=False,
)


def has_data(job: JobRow) -> bool:
    """Whether the problem of a job is a dataset, as far as its stored spec tells."""
    problem: Mapping[str, Any] = job.resolved_spec.get("problem", {})
    return problem.get("type") == "dataset"
