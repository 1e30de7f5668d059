"""The migrations make exactly the schema that the models describe."""

from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from ayla_service.db import migrate
from ayla_service.db.models import Base, ShardRow
from ayla_service.db.session import Database
from sqlalchemy import func, select, update
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import IntegrityError

from tests.factories import submit

pytestmark = pytest.mark.every_store


def test_migrations_make_exactly_the_schema_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_make_the_constraints_too(database: Database) -> None:
    """Autogenerate does not compare CHECK constraints, so the tables' own definitions are compared."""
    migrated = _definitions(database)
    Base.metadata.drop_all(database.engine)
    Base.metadata.create_all(database.engine)
    assert migrated == _definitions(database)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    before = _definitions(database)
    assert migrate.upgrade(database) == migrate.head()
    assert _definitions(database) == before
    assert migrate.is_current(database)


def test_each_migration_can_be_taken_back(database: Database) -> None:
    submit(database)
    before = _definitions(database)
    with database.migration() as connection:
        command.downgrade(migrate._config(connection), "0001")
    assert migrate.current(database) == "0001"
    made_since = {"api_keys", "dataset_parts", "datasets", "job_labels", "members", "metrics", "teams", "usage"}
    made_since |= {"team_usage", "webhook_deliveries", "webhooks", "workers"}
    made_since |= {"job_points", "sessions", "trial_ids", "trial_summaries"}
    assert set(before) - set(_definitions(database)) == made_since
    assert "trials" in _definitions(database)
    assert migrate.upgrade(database) == migrate.head()
    assert _definitions(database) == before
    with database.read() as session:
        assert session.scalar(select(func.sum(ShardRow.trials))) == 2
    with database.migration() as connection:
        command.downgrade(migrate._config(connection), "base")
    assert _definitions(database) == {}


def test_an_empty_store_is_not_current(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    try:
        assert migrate.current(empty) is None
        assert not migrate.is_current(empty)
    finally:
        empty.dispose()


def test_a_migration_may_rebuild_a_table_that_others_refer_to(database: Database) -> None:
    """SQLite drops the old table; with foreign keys enforced that would delete every shard of every job."""
    submit(database)
    with database.migration() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("jobs", recreate="always" if database.is_sqlite else "auto") as batch:
            batch.add_column(sqlalchemy.Column("added", sqlalchemy.Integer(), nullable=True))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ShardRow)) == 1
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(update(ShardRow).values(job_id="nobody"))


def test_a_migration_that_would_leave_orphans_changes_nothing(database: Database) -> None:
    submit(database)
    with pytest.raises((RuntimeError, IntegrityError)), database.migration() as connection:
        connection.execute(update(ShardRow).values(job_id="nobody"))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ShardRow).where(ShardRow.job_id == "nobody")) == 0


def _definitions(database: Database) -> dict[str, object]:
    inspector = sqlalchemy.inspect(database.engine)
    return {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)
            ),
            inspector.get_pk_constraint(table),
            sorted(map(str, inspector.get_foreign_keys(table))),
            sorted(map(str, inspector.get_unique_constraints(table))),
            sorted(map(str, inspector.get_check_constraints(table))),
            sorted(map(_index, inspector.get_indexes(table))),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _index(found: ReflectedIndex) -> str:
    """An index with the text of its condition, which is an object of its own each time."""
    options = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return str({**found, "dialect_options": options})
