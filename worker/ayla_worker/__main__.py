"""``python -m ayla_worker``: one worker process, until it is told to stop."""

import argparse
import os
import sys

from ayla_service.db.session import Database
from ayla_service.logging import configure_logging
from ayla_service.privacy import private_files
from ayla_service.queue.wakeup import missing_modules
from ayla_service.settings import Settings
from pydantic import ValidationError

from ayla_worker.identity import describe_facts, describe_worker
from ayla_worker.loop import work_until
from ayla_worker.metrics_server import serving_metrics
from ayla_worker.presence import Presence
from ayla_worker.runner import Runner
from ayla_worker.stopping import StopSignal
from ayla_worker.waking import Waking
from ayla_worker.warmup import warm_up


def main() -> int:
    """Run a worker; returns the exit status."""
    arguments = _arguments()
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"Invalid setting: {error}", file=sys.stderr)  # noqa: T201  # nothing is configured yet
        return 2
    if missing_modules(settings.broker_url):
        print("AYLA_BROKER_URL needs: pip install 'ayla-service[queue]'", file=sys.stderr)  # noqa: T201  # as above
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
    waking = Waking(settings, identity)
    stop.tell(waking.bell.wake)
    try:
        with waking, serving_metrics(settings), Presence(database, settings, describe_facts(identity)):
            work_until(stop, runner, settings, waking)
    finally:
        database.dispose()
    if settings.broker_url is not None:
        _leave()
    return 0


def _leave() -> None:
    """End at once: the interpreter's own end would wait for threads of Celery that wait for a broker."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


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
    with private_files():
        sys.exit(main())
