"""Makes the filled stores of a released version that ``test_released_stores`` upgrades.

Run it with the code of that version, in a checkout of its tag, whose tests it borrows from::

    git worktree add /tmp/old 0.1.0 && cd /tmp/old
    PYTHONPATH=.:service:worker:migrations python <this file> <folder for the stores> 0.1.0

It writes ``store-<version>.db.gz``, an SQLite file, and ``store-<version>.sql.gz``, a dump of PostgreSQL. Both hold the
same jobs: finished, diverged, failed, cancelled, paused and queued ones, and one whose worker went away after a few of
its steps; with datasets, a webhook, keys and two teams.
"""

import gzip
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ayla_core.devices import set_threads
from ayla_service.db import migrate
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner

from tests.factories import colleague, jobs, spec, stranger, submit, submit_as
from tests.keyring import make_key
from tests.servers.postgres import PostgresServer
from tests.servers.programs import postgres_folder
from tests.uploaded import upload, upload_problem
from tests.webhooks.hooks import add_webhook

CLASSES = {"name": "classification", "samples": 60, "feature_count": 3, "class_count": 3}
CLASSIFIED = {"type": "dataset", "dataset": CLASSES, "model": {"name": "mlp", "hidden": [3]}, "batch_size": 16}
CURVE = {"type": "dataset", "dataset": {"name": "curve", "samples": 20}, "model": {"name": "mlp", "hidden": [3]}}
ADAM = [{"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.5, "n2": 1.2}}]
RUNNING: dict[str, dict[str, Any]] = {
    "classified": {"problem": CLASSIFIED, "optimizers": ADAM, "budget": {"steps": 12}},
    "curve": {"problem": CURVE, "optimizers": ADAM, "budget": {"steps": 12}},
}
"""Jobs whose worker goes away in the middle, by the end of their name."""


class _Gone(BaseException):
    """The worker is gone, without a word to the store."""


class _Patience:
    """Asked by a worker between its blocks whether it is to stop; at last it goes away instead."""

    def __init__(self, blocks: int | None = None) -> None:
        self._blocks = blocks

    def __call__(self) -> bool:
        if self._blocks is not None:
            self._blocks -= 1
            if self._blocks < 0:
                raise _Gone
        return False


def _work(database: Database, folder: Path, blocks: int | None = None) -> None:
    # The shortest heartbeat makes the shortest blocks, so that a job of a few steps has several.
    settings = Settings(
        heartbeat_seconds=0.001, checkpoint_seconds=0, retry_seconds=0, max_attempts=1, datasets_dir=folder
    )
    runner = Runner(database, settings, describe_worker(settings), _Patience(blocks))
    try:
        while runner.run_next():
            pass
    except _Gone:
        pass


def fill(database: Database, folder: Path) -> None:
    """Fill an empty store.

    Args:
        database: with the schema of the version that runs this.
        folder: where the worker keeps data.
    """
    migrate.upgrade(database)
    upload(database)
    add_webhook(database)
    rival = stranger(database)
    make_key(database, colleague(database))
    named = {"tags": ["old"], "project": "before"}
    submit(database, name="succeeded", **named)
    submit(database, name="diverged", optimizers=[{"name": "sgd", "learning_rate": 1e9}], **named)
    submit(database, name="classified", problem=CLASSIFIED, optimizers=ADAM, budget={"steps": 12}, **named)
    submit(database, name="uploaded", problem=upload_problem(), optimizers=ADAM, budget={"steps": 5}, **named)
    fitted = {"problem": CURVE, "optimizers": ADAM, "budget": {"steps": 6}, "record": {"predictions_at": [6]}}
    submit(database, name="fitted", **fitted, **named)
    missing = {"type": "dataset", "dataset": {"name": "file", "file": "missing.csv"}}
    submit(database, name="failed", problem=missing, **named)
    submit_as(database, rival, name="of the rival")
    _work(database, folder)
    for name, changes in RUNNING.items():
        submit(database, name=f"running {name}", **changes, **named)
        _work(database, folder, blocks=3)
    cancelled, paused = (submit(database, name=name, **named) for name in ("cancelled", "paused"))
    jobs(database).cancel(cancelled.id)
    jobs(database).pause(paused.id)
    jobs(database).submit(spec(name="queued", **named), key="once")


def write_sqlite(target: Path, folder: Path) -> None:
    """The store as an SQLite file."""
    database = Database(f"sqlite:///{folder / 'store.db'}")
    fill(database, folder / "data")
    database.dispose()
    with sqlite3.connect(folder / "store.db") as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")
    target.write_bytes(gzip.compress((folder / "store.db").read_bytes(), mtime=0))


def write_postgres(target: Path, folder: Path) -> None:
    """The store as statements of SQL, which a PostgreSQL of any supported version runs."""
    with PostgresServer.shared() as server:
        url = server.create_database("ayla_filled")
        database = Database(url.render_as_string(hide_password=False))
        fill(database, folder / "data")
        database.dispose()
        program = postgres_folder(folder) / "pg_dump"
        named = url.set(drivername="postgresql").render_as_string(hide_password=False)
        dump = subprocess.run(
            [program, "--inserts", "--no-owner", "--no-privileges", named], check=True, capture_output=True, text=True
        ).stdout
        server.drop_database("ayla_filled")
    kept = [line for line in dump.splitlines() if not line.startswith(("\\", "SET ", "--")) and line]
    # Newer programs write settings that older servers do not know; the tables need none but these.
    target.write_bytes(gzip.compress("\n".join(kept).encode(), mtime=0))


if __name__ == "__main__":
    set_threads(1)
    place, version = Path(sys.argv[1]), sys.argv[2]
    for suffix, write in (("db", write_sqlite), ("sql", write_postgres)):
        with tempfile.TemporaryDirectory() as temporary:
            write(place / f"store-{version}.{suffix}.gz", Path(temporary))
