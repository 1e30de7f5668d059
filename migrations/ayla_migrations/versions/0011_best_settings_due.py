"""Jobs know whether their best settings are still to be computed again, so that no worker's end can lose that."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("best_due", sa.Boolean(), nullable=True))
    due = sa.text("best_due IS NOT NULL")
    op.create_index("ix_jobs_best_due", "jobs", ["finished_at"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    op.drop_index("ix_jobs_best_due", "jobs")
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("best_due")
