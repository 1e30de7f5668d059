"""Tables that teams have uploaded."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models.base import ID, NAME, Base


class DatasetRow(Base):
    """A table of numbers that jobs of its team can be run on; checked, and kept as Parquet."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ID, ForeignKey("teams.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ID, ForeignKey("members.id"))
    name: Mapped[str] = mapped_column(NAME)
    description: Mapped[str | None] = mapped_column(String(1000))
    format: Mapped[str] = mapped_column(String(16))
    """As it was uploaded: csv, npz or parquet."""
    rows: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of each column its name and what its numbers are like."""
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what is kept."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("team_id", "name"),)


class DatasetPartRow(Base):
    """A piece of a dataset's file, so that none has to be in memory as a whole."""

    __tablename__ = "dataset_parts"

    dataset_id: Mapped[str] = mapped_column(ID, ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
