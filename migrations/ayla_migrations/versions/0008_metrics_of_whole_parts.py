"""Metrics of each trial on the whole test and training parts; not known of the trials that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_METRICS = ("test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy")


def _columns() -> list[sa.Column[object]]:
    columns: list[sa.Column[object]] = [sa.Column(name, sa.Double(), nullable=True) for name in _METRICS]
    for name in _METRICS:
        columns.append(sa.Column(f"best_{name}", sa.Double(), nullable=True))
        columns.append(sa.Column(f"best_{name}_epoch", sa.Integer(), nullable=True))
    return [*columns, sa.Column("ran_alone", sa.Boolean(), nullable=True)]


def upgrade() -> None:
    with op.batch_alter_table("trials") as batch:
        for column in _columns():
            batch.add_column(column)


def downgrade() -> None:
    with op.batch_alter_table("trials") as batch:
        for column in _columns():
            batch.drop_column(column.name)
