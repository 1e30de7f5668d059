"""The order in which queued shards are taken: priority, then age. The one place to change it."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from ayla_service.db.models import Job, Shard


def claim_order() -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    """ORDER BY terms over jobs joined with shards, best first."""
    return (Job.priority.desc(), Job.created_at, Job.id, Shard.index)
