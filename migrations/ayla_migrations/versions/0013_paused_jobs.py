"""Paused jobs are listed from an index of their own, however many wait beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    paused = sa.text("paused_at IS NOT NULL")
    op.create_index(
        "ix_jobs_paused", "jobs", ["team_id", "created_at", "id"], sqlite_where=paused, postgresql_where=paused
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_paused", "jobs")
