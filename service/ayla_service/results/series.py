"""The two kinds of rows that a trial leaves behind in chunks."""

from dataclasses import dataclass

import pyarrow as pa

from ayla_service.db.models import Chunk, MetricChunk

AXES = frozenset({"step", "epoch"})
"""Columns that only grow: what others are drawn over."""


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of rows that come in chunks.

    Attributes:
        name: what it is called.
        plural: of many trials.
        table: where the chunks are.
        value: the column whose extremes thinning keeps where no other is asked for.
        known: the columns that are known before the first chunk is there.
    """

    name: str
    plural: str
    table: type[Chunk] | type[MetricChunk]
    value: str
    known: pa.Schema


TRAJECTORY = Series(
    "trajectory",
    "trajectories",
    Chunk,
    "loss",
    pa.schema([("step", pa.int64()), ("loss", pa.float64())]),
)
METRICS = Series(
    "metrics",
    "metrics",
    MetricChunk,
    "train_loss",
    pa.schema([("step", pa.int64()), ("epoch", pa.int64())]),
)
