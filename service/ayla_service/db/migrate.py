"""Migrations at start: bring a store to the schema that this version needs.

The migrations are a package of their own that imports the models; here it is found by name, not imported.
"""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ayla_service.db.session import Database

_log = structlog.get_logger("ayla_service.store")

_MIB = 1024**2


class MigrationRefused(Exception):
    """The store cannot be migrated as things are; the message is for people and says what to do."""


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
    """Run every migration the store lacks; returns the revision it has then.

    All in one transaction, but for what a migration moves before itself in batches, each of which is a transaction of
    its own. If that is cut off, it is gone on with the next time.

    Raises:
        MigrationRefused: if a newer version has migrated it, its disk lacks the space, or it is a new database of
            another encoding than UTF-8; nothing is changed then.
    """
    revision = current(database)
    if revision is None:
        _require_unicode(database)
    pending = _pending(revision)
    for module in pending:
        if hasattr(module, "batch"):
            _require_space(database, module)
            _run_to(database, module.down_revision)
            _move_in_batches(database, module)
    _run_to(database, "head")
    return head()


def refuse_newer(database: Database) -> None:
    """Refuse a store that a newer version has migrated.

    Raises:
        MigrationRefused: if it is one.
    """
    _pending(current(database))


def _pending(revision: str | None) -> list[ModuleType]:
    """The migrations that a store of this revision lacks, in order.

    Raises:
        MigrationRefused: if this version does not know the revision.
    """
    known = list(ScriptDirectory.from_config(_config()).walk_revisions())[::-1]
    names = [script.revision for script in known]
    if revision is not None and revision not in names:
        raise MigrationRefused(
            f"a newer version has migrated it: it has the schema {revision}, of which this version knows nothing (its "
            f"own is {names[-1]}). Install the version that migrated it, or restore a backup from before"
        )
    return [script.module for script in known[0 if revision is None else names.index(revision) + 1 :]]


def _require_unicode(database: Database) -> None:
    """Refuse a server's database that keeps no text of every language.

    Raises:
        MigrationRefused: if it has another encoding.
    """
    if database.is_sqlite:
        return
    with database.engine.connect() as connection:
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise MigrationRefused(
            f"its encoding is {encoding}, and UTF8 is needed. Make the database anew: createdb --encoding UTF8 "
            "--template template0"
        )


def _run_to(database: Database, revision: str) -> None:
    with database.migration() as connection:
        command.upgrade(_config(connection), revision)


def _require_space(database: Database, module: ModuleType) -> None:
    """Say how much space the batches of a migration need.

    Raises:
        MigrationRefused: if the disk lacks it; of a server's disk nothing is known here.
    """
    with database.engine.connect() as connection:
        needed = int(module.space(connection))
    if not needed:
        return
    path = database.engine.url.database if database.is_sqlite else None
    free = None if not path else shutil.disk_usage(Path(path).absolute().parent).free
    megabytes = {"needed_mib": -(-needed // _MIB), "free_mib": None if free is None else free // _MIB}
    _log.info("the store is migrated in batches, which needs space on its disk", revision=module.revision, **megabytes)
    if free is not None and free < needed:
        raise MigrationRefused(
            f"its disk has {megabytes['free_mib']} MiB free, and {megabytes['needed_mib']} MiB are needed. Make room, "
            "and try again"
        )


def _move_in_batches(database: Database, module: ModuleType) -> None:
    batches, more = 0, True
    while more:
        with database.write() as session:
            more = module.batch(session.connection())
        batches += 1
        if batches % _BATCHES_PER_LINE == 0:
            _log.info("migrating", revision=module.revision, batches=batches)


_BATCHES_PER_LINE = 100


def _config(connection: Connection | None = None) -> Config:
    found = importlib.util.find_spec("ayla_migrations")
    if found is None or found.origin is None:
        raise RuntimeError("the package ayla_migrations is not installed")
    config = Config()
    config.set_main_option("script_location", str(Path(found.origin).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
