"""Tables for trials as columns, beside those in which each trial has a row; the next migration moves what is there.

The tables of results, whose rows named a trial, make way for those whose rows name a job and a place in it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_RESULTS = ("chunks", "metrics", "predictions")
_NUMBERS = {
    "first_trial": sa.Integer(),
    "trials": sa.Integer(),
    "completed": sa.Integer(),
    "diverged": sa.Integer(),
    "steps_done": sa.BigInteger(),
    "completed_steps": sa.BigInteger(),
    "diverged_steps": sa.BigInteger(),
    "step": sa.Integer(),
    "result_bytes": sa.BigInteger(),
}


def upgrade() -> None:
    for table in _RESULTS:
        _rename(table, f"old_{table}")
    for table in ("chunks", "metrics"):
        op.create_table(table, *_of_trial(), *_chunk(), *_keys(table, "first_step"))
    op.create_table(
        "predictions",
        *_of_trial(),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        *_keys("predictions", "step"),
    )
    op.create_table(
        "trial_summaries",
        sa.Column("shard_id", _ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shard_id"], ["shards.id"], name=op.f("fk_trial_summaries_shard_id_shards"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shard_id", name=op.f("pk_trial_summaries")),
    )
    op.create_table(
        "trial_ids",
        sa.Column("id", _ID, nullable=False),
        *_of_trial(),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_trial_ids_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_ids")),
        sa.UniqueConstraint("job_id", "trial_index", name=op.f("uq_trial_ids_job_id_trial_index")),
    )
    op.create_table(
        "job_points",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("first_setting", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_points_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "first_setting", name=op.f("pk_job_points")),
    )
    for name, kind in _NUMBERS.items():
        op.add_column("shards", sa.Column(name, kind, nullable=True))
    op.add_column("jobs", sa.Column("origin", sa.String(length=50), nullable=True))
    known = sa.text("origin IS NOT NULL")
    op.create_index("ix_jobs_origin", "jobs", ["origin"], sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    op.drop_index("ix_jobs_origin", "jobs")
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("origin")
    with op.batch_alter_table("shards") as batch:
        for name in _NUMBERS:
            batch.drop_column(name)
    for table in ("job_points", "trial_ids", "trial_summaries", *_RESULTS):
        op.drop_table(table)
    for table in _RESULTS:
        _rename(f"old_{table}", table)


def _rename(before: str, after: str) -> None:
    op.rename_table(before, after)
    if op.get_bind().dialect.name == "postgresql":  # where the name of a key is that of an index, there once
        op.execute(f"ALTER TABLE {after} RENAME CONSTRAINT pk_{before} TO pk_{after}")


def _of_trial() -> list[sa.Column[object]]:
    return [sa.Column("job_id", _ID, nullable=False), sa.Column("trial_index", sa.Integer(), nullable=False)]


def _chunk() -> list[sa.Column[object]]:
    return [
        sa.Column("first_step", sa.Integer(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    ]


def _keys(table: str, step: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f(f"fk_{table}_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "trial_index", step, name=op.f(f"pk_{table}")),
    ]
