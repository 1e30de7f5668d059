"""``python -m ayla_worker``: one worker process, until it is told to stop."""

import argparse
import sys

from ayla_service.db.session import Database
from ayla_service.logging import configure_logging
from ayla_service.settings import Settings
from pydantic import ValidationError

from ayla_worker.identity import describe_worker
from ayla_worker.loop import work_until
from ayla_worker.runner import Runner
from ayla_worker.stopping import StopSignal
from ayla_worker.warmup import warm_up


def main() -> int:
    """Run a worker; returns the exit status."""
    arguments = _arguments()
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"Invalid setting: {error}", file=sys.stderr)  # noqa: T201  # nothing is configured yet
        return 2
    configure_logging(settings)
    stop = StopSignal()
    stop.on_signals()
    if arguments.exit_with_parent:
        stop.on_end_of(sys.stdin.buffer)
    identity = describe_worker(settings)
    warm_up()
    database = Database(settings.store_url)
    runner = Runner(database, settings, identity, stop.is_set)
    runner.watchdog.start()
    try:
        work_until(stop, runner, settings)
    finally:
        database.dispose()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ayla_worker", description="Run one worker on the store of AYLA_DATABASE_URL."
    )
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="stop when standard input ends, as it does when the process that holds it dies",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
