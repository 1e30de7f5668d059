"""How fair the shared queue is: the real queue on a real store, played through an hour of mixed load in a minute.

    .venv/bin/python benchmarks/fair_share.py              # prints the tables of docs/queue.md
    .venv/bin/python benchmarks/fair_share.py --minutes 10 # shorter

Only the clock and the computing are made up, from fixed seeds; so every run prints about the same.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Behind the standard library: queue.py beside this file is called like one of its modules.
sys.path[0:1] = []
sys.path.append(str(Path(__file__).parent.parent))

import structlog  # noqa: E402  # after the path
from ayla_service.db import migrate  # noqa: E402
from ayla_service.db.session import Database  # noqa: E402
from ayla_service.queue.fair_queue import SharePolicy  # noqa: E402

from tests.queue.scenarios import Share, WaitTimes, backlogs, mixed, newcomer  # noqa: E402

_UNCAPPED = SharePolicy(credit_seconds=1e9)
_SHOWN_MINUTES = 10


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Prints how fair the shared queue is.")
    parser.add_argument("--minutes", type=int, default=60, help="how long each load is played (default: 60)")
    seconds = 60.0 * parser.parse_args().minutes
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with _store() as database:
        _print_shares("All want more than they can get", backlogs(database, seconds))
    with _store() as database:
        found = mixed(database, seconds)
    _print_shares("Two sweeps, and small jobs now and then", found.shares)
    _print_waits({"fair shares": found.fair, "the oldest shard first": found.fifo})
    print(f"\nLongest time in which nothing of a sweep was started: {found.longest_gap:.0f} s.")
    _print_newcomer(seconds)


def _print_newcomer(seconds: float) -> None:
    with _store() as database:
        capped = newcomer(database, seconds, _SHOWN_MINUTES)
    with _store() as database:
        uncapped = newcomer(database, seconds, _SHOWN_MINUTES, _UNCAPPED)
    print(f"\n| minute after a newcomer came | {' | '.join(str(minute + 1) for minute in range(_SHOWN_MINUTES))} |")
    print(f"|---|{'---|' * _SHOWN_MINUTES}")
    for title, parts in (("its part of the workers", capped), ("if all of the past counted", uncapped)):
        print(f"| {title} | {' | '.join(f'{part:.0%}' for part in parts)} |")


def _print_shares(title: str, shares: list[Share]) -> None:
    print(f"\n{title}\n\n| who | should have | had | off by |\n|---|---|---|---|")
    for share in shares:
        print(f"| {share.name} | {share.ideal:.1%} | {share.had:.1%} | {abs(share.had / share.ideal - 1):.1%} |")


def _print_waits(waits: dict[str, WaitTimes]) -> None:
    print("\n| small jobs | number | median wait | worst wait |\n|---|---|---|---|")
    for title, one in waits.items():
        print(f"| {title} | {one.jobs} | {one.median:.0f} s | {one.worst:.0f} s |")


@contextmanager
def _store() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="ayla-fair-") as folder:
        database = Database(f"sqlite:///{folder}/ayla.db")
        migrate.upgrade(database)
        yield database
        database.dispose()


if __name__ == "__main__":
    main()
