"""Migrations at start: bring a store to the schema that this version needs.

The migrations are a package of their own that imports the models; here it is found by name, not imported.
"""

import importlib.util
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from ayla_service.db.session import Database


def head() -> str:
    """The revision this version of the program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("the package ayla_migrations holds no migration")
    return revision


def current(database: Database) -> str | None:
    """The revision the store has; None if it has no schema yet."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(database: Database) -> bool:
    """Whether the store has exactly the schema this version needs."""
    return current(database) == head()


def upgrade(database: Database) -> str:
    """Run every migration the store lacks, all in one transaction; returns the revision it has then."""
    with database.migration() as connection:
        command.upgrade(_config(connection), "head")
    return head()


def _config(connection: Connection | None = None) -> Config:
    found = importlib.util.find_spec("ayla_migrations")
    if found is None or found.origin is None:
        raise RuntimeError("the package ayla_migrations is not installed")
    config = Config()
    config.set_main_option("script_location", str(Path(found.origin).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
