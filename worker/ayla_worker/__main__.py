"""``python -m ayla_worker``: a worker, until its stop signal; with a broker it is Celery's."""

import argparse
import atexit
import os
import signal
import sys

from ayla_service.db.session import Database
from ayla_service.logging import configure_logging, report_failed_start
from ayla_service.privacy import private_files
from ayla_service.queue.reaper_thread import ReaperThread
from ayla_service.queue.wakeup import TimerWakeUp, missing_modules
from ayla_service.settings import Settings
from pydantic import ValidationError

from ayla_worker.process import run_worker
from ayla_worker.requests import Requests
from ayla_worker.stop_signal import StopSignal
from ayla_worker.timers import PollTimer


def main() -> int:
    """Run a worker; returns the exit status."""
    arguments = _arguments()
    try:
        settings = Settings()
    except ValidationError as error:
        report_failed_start("ayla_worker", f"Invalid setting: {error}")
        return 2
    if missing_modules(settings.broker_url):
        report_failed_start("ayla_worker", "AYLA_BROKER_URL needs: pip install '.[queue]'")
        return 2
    run = _run_by_timer if settings.broker_url is None else _run_by_celery
    return run(settings, exit_with_parent=arguments.exit_with_parent)


def _run_by_timer(settings: Settings, *, exit_with_parent: bool) -> int:
    """All in this process: its main thread computes, and looks for work every so often."""
    configure_logging(settings)
    stop, requests = StopSignal(), Requests()
    stop.on_signals()
    stop.on_stop(requests.wake)
    stop.on_call(requests.wake)
    if exit_with_parent:
        stop.on_end_of(sys.stdin.buffer)
    store = Database(settings.store_url)
    # Nobody else may return what other workers have lost.
    with ReaperThread(store, settings, TimerWakeUp()):
        run_worker(settings, stop, requests, lambda _: PollTimer(settings.worker_poll_seconds))
    store.dispose()
    return 0


def _run_by_celery(_: Settings, *, exit_with_parent: bool) -> int:
    """Celery's worker with one child; Celery is an extra, so only who has a broker needs it."""
    ended: list[int] = []
    # What is registered first is run last: after Celery has cleaned up.
    atexit.register(_leave, ended)
    from ayla_worker.celery import app, node

    if exit_with_parent:
        parent = StopSignal()
        parent.on_stop(lambda: os.kill(os.getpid(), signal.SIGTERM))
        parent.on_end_of(sys.stdin.buffer)
    # Several nodes of a machine need names of their own. They have nothing to tell each other.
    name = f"ayla-{os.getpid()}@%h"
    options = ["worker", "--hostname", name, "--without-gossip", "--without-mingle"]
    app.start(["--quiet", *options])
    ended.append(node.exit_status)
    return ended[0]


def _leave(ended: list[int]) -> None:
    """End at once: to take down the interpreter takes a busy machine seconds, and nothing watches the time by then."""
    if ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended[0])


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
