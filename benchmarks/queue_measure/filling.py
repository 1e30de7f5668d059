"""Fills a store with as many queued jobs as wanted: one that the service stores, and copies of its rows.

A copy has ids and a time of its own, each a microsecond after the one before; all else is what the service wrote.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models import JobLabelRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.jobs.planning import insert_jobs, plan_job
from ayla_service.teams.principal import LOCAL, Principal
from ayla_spec import JobSpec
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text, true
from sqlalchemy.orm import Session

from queue_measure.specs import SMALL, small

_AT_ONCE = 50_000
_ID = String(36)

_COPIES = Table(
    "copies",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("job_id", _ID),
    Column("shard_id", _ID),
    Column("created_at", UtcDateTime),
    prefixes=["TEMPORARY"],
)

_REPLACED: dict[Any, dict[str, str]] = {
    JobRow.__table__: {"id": "job_id", "created_at": "created_at", "updated_at": "created_at"},
    JobLabelRow.__table__: {"job_id": "job_id", "created_at": "created_at"},
    ShardRow.__table__: {"id": "shard_id", "job_id": "job_id", "queued_at": "created_at"},
}
"""Which columns of a table a copy has of its own, and where they come from; in the order in which they can be added."""


def fill(database: Database, count: int, owner: Principal = LOCAL) -> None:
    """Add queued jobs of a member; up to 50 000 of them become visible at once, in one transaction."""
    for first in range(0, count, _AT_ONCE):
        with database.write() as session:
            now = store_now(session)
            job = plan_job(owner, JobSpec.model_validate(SMALL), SMALL, small(), now)
            insert_jobs(session, [job])
            _copy(session, job.job["id"], now, min(_AT_ONCE, count - first) - 1)


def settle(database: Database) -> None:
    """What a store does by itself some time after it has grown: statistics (PostgreSQL only), and its log written back.

    SQLite has nobody who would make statistics, so it gets none here either.
    """
    commands = ["PRAGMA wal_checkpoint(TRUNCATE)"] if database.is_sqlite else ["VACUUM ANALYZE", "CHECKPOINT"]
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    for command in commands:
        if database.is_sqlite:
            _outside_transaction(database, command)
        else:
            with engine.connect() as connection:
                connection.execute(text(command))


def _outside_transaction(database: Database, command: str) -> None:
    """SQLite refuses this in the transaction that the store's connections always begin."""
    connection = database.engine.raw_connection()
    try:
        connection.cursor().execute(command).close()
    finally:
        connection.close()


def _copy(session: Session, job_id: str, since: datetime, count: int) -> None:
    if count == 0:
        return
    connection = session.connection()
    _COPIES.create(connection)
    connection.execute(insert(_COPIES), list(_new_rows(since, count)))
    for table, replaced in _REPLACED.items():
        values = [_COPIES.c[replaced[item.name]] if item.name in replaced else item for item in table.columns]
        key = table.c.id if table is JobRow.__table__ else table.c.job_id
        copied = (
            select(*values).select_from(table.join(_COPIES, true())).where(key == job_id).order_by(_COPIES.c.number)
        )
        connection.execute(insert(table).from_select([item.name for item in table.columns], copied))
    _COPIES.drop(connection)


def _new_rows(since: datetime, count: int) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        job_id, shard_id = (str(uuid.uuid4()) for _ in range(2))
        yield {
            "number": number,
            "job_id": job_id,
            "shard_id": shard_id,
            "created_at": since + timedelta(microseconds=number),
        }
