"""Trajectories, metrics, predictions and checkpoints, as Arrow and as the core packed them."""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ayla_service.db.models.base import ID, Base


class _ChunkColumns:
    """Columns of consecutive rows of a trial's series, as one Arrow IPC stream.

    Keyed by the trial and the first step, so writing a chunk again changes nothing. ``attempt`` is the one that wrote
    it; None where that was not kept yet.
    """

    job_id: Mapped[str] = mapped_column(ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    trial_index: Mapped[int] = mapped_column(primary_key=True)
    first_step: Mapped[int] = mapped_column(primary_key=True)
    last_step: Mapped[int]
    rows: Mapped[int]
    attempt: Mapped[int | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ChunkRow(_ChunkColumns, Base):
    """Consecutive recorded rows of one trial's trajectory."""

    __tablename__ = "chunks"


class MetricChunkRow(_ChunkColumns, Base):
    """Consecutive rows of one trial's metrics."""

    __tablename__ = "metrics"


class PredictionSetRow(Base):
    """A model's predictions on its dataset at one step, as one Arrow IPC stream."""

    __tablename__ = "predictions"

    job_id: Mapped[str] = mapped_column(ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    trial_index: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """The whole state of a running shard at one step; gone when the shard ends."""

    __tablename__ = "checkpoints"

    shard_id: Mapped[str] = mapped_column(ID, primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (ForeignKeyConstraint(["shard_id"], ["shards.id"], ondelete="CASCADE"),)
