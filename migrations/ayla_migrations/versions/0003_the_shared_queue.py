"""The shared queue: priorities and costs of shards, pauses and delays, kinds of error, workers, who wrote what."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RESULTS = ("chunks", "metrics", "predictions")
_DELAY = "(available_at IS NOT NULL) = (state = 'delayed')"
_STATES = "state IN ('queued', 'delayed', 'paused', 'running', 'succeeded', 'failed', 'cancelled')"
_OLD_STATES = "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')"
_PAUSED = "paused_at IS NULL OR state IN ('queued', 'running')"
_ENDED = "(ended_at IS NULL) = (outcome = 'running')"


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=100), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("environment", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    for table in _RESULTS:
        op.add_column(table, sa.Column("attempt", sa.Integer(), nullable=True))

    op.add_column("jobs", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    _change("jobs", {"paused": (None, _PAUSED)})
    op.create_index(op.f("ix_jobs_state_created_at_id"), "jobs", ["state", "created_at", "id"])
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"])

    op.drop_index(op.f("ix_job_tags_tag"), "job_tags")
    op.add_column("job_tags", sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE job_tags SET created_at = (SELECT created_at FROM jobs WHERE jobs.id = job_tags.job_id)")
    _change("job_tags", {}, required={"created_at": sa.DateTime(timezone=True)})
    op.create_index(op.f("ix_job_tags_tag_created_at_job_id"), "job_tags", ["tag", "created_at", "job_id"])
    op.create_index(op.f("ix_idempotency_keys_job_id"), "idempotency_keys", ["job_id"])
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])

    op.add_column("shards", sa.Column("priority", sa.Integer(), nullable=True))
    op.add_column("shards", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shards", sa.Column("cost", sa.Double(), nullable=True))
    op.add_column("shards", sa.Column("available_at", sa.DateTime(timezone=True), nullable=True))
    # What a shard that was cut before costs is not known: a minute keeps it from being packed with small ones.
    op.execute(
        "UPDATE shards SET cost = 60, priority = (SELECT priority FROM jobs WHERE jobs.id = shards.job_id), "
        "queued_at = (SELECT created_at FROM jobs WHERE jobs.id = shards.job_id)"
    )
    _change(
        "shards",
        {"state": (_OLD_STATES, _STATES), "delay": (None, _DELAY)},
        required={"priority": sa.Integer(), "queued_at": sa.DateTime(timezone=True), "cost": sa.Double()},
    )
    _partial_index(
        "ix_shards_queue", "shards", "state = 'queued'", "device", "priority", "queued_at", "job_id", "index"
    )
    _partial_index("ix_shards_delayed", "shards", "state = 'delayed'", "available_at")

    op.add_column("attempts", sa.Column("error_type", sa.String(length=100), nullable=True))
    _change("attempts", {"ended": (None, _ENDED)})
    _partial_index("ix_attempts_running", "attempts", "outcome = 'running'", "worker")


def downgrade() -> None:
    op.drop_index("ix_attempts_running", "attempts")
    _change("attempts", {"ended": (_ENDED, None)}, dropped=("error_type",))

    op.drop_index("ix_shards_delayed", "shards")
    op.drop_index("ix_shards_queue", "shards")
    op.execute("UPDATE shards SET state = 'queued', available_at = NULL WHERE state IN ('delayed', 'paused')")
    _change(
        "shards",
        {"state": (_STATES, _OLD_STATES), "delay": (_DELAY, None)},
        dropped=("available_at", "cost", "queued_at", "priority"),
    )

    op.drop_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys")
    op.drop_index(op.f("ix_idempotency_keys_job_id"), "idempotency_keys")
    op.drop_index(op.f("ix_job_tags_tag_created_at_job_id"), "job_tags")
    _change("job_tags", {}, dropped=("created_at",))
    op.create_index(op.f("ix_job_tags_tag"), "job_tags", ["tag"])

    op.drop_index(op.f("ix_jobs_finished_at"), "jobs")
    op.drop_index(op.f("ix_jobs_state_created_at_id"), "jobs")
    _change("jobs", {"paused": (_PAUSED, None)}, dropped=("paused_at",))
    for table in _RESULTS:
        _change(table, {}, dropped=("attempt",))
    op.drop_table("workers")


def _change(
    table: str,
    checks: dict[str, tuple[str | None, str | None]],
    *,
    required: dict[str, sa.types.TypeEngine[Any]] | None = None,
    dropped: tuple[str, ...] = (),
) -> None:
    """Change a table in one go, as SQLite makes it anew for that.

    Args:
        table: which.
        checks: its CHECKs that change, by name, before and after.
        required: columns that have a value in every row now.
        dropped: columns to drop.
    """
    with op.batch_alter_table(table) as batch:
        for name, (before, _) in checks.items():
            if before is not None:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        for column, kind in (required or {}).items():
            batch.alter_column(column, existing_type=kind, nullable=False)
        for column in dropped:
            batch.drop_column(column)
        for name, (_, after) in checks.items():
            if after is not None:
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), after)


def _partial_index(name: str, table: str, condition: str, *columns: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
