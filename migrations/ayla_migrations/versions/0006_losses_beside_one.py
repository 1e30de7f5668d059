"""How many losses of a trial were below and above 1; not known of the trials that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("losses_below_one", "losses_above_one")


def upgrade() -> None:
    with op.batch_alter_table("trials") as batch:
        for column in _COLUMNS:
            batch.add_column(sa.Column(column, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("trials") as batch:
        for column in _COLUMNS:
            batch.drop_column(column)
