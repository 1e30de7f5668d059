"""How long the queue's operations take, the more jobs wait in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ayla_service.db.session import Database
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration

from queue_measure.figures import median, percentile
from queue_measure.filling import fill, settle
from queue_measure.installation import POSTGRES, SQLITE, servers, store
from queue_measure.operations import OPERATIONS, Bench

_GOAL = at_most(2.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: numbers of queued jobs, and what share of each operation's samples."""

    queued: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    share: float = 1.0


_QUICK = Size(queued=(1_000, 10_000), share=0.2)

Measured = dict[int, dict[str, list[float]]]
"""Seconds of every sample, by the number of queued jobs and the operation."""


def measure(*, quick: bool) -> Findings:
    """Percentiles at each length of the queue, and the medians at the longest over those at the shortest."""
    size = _QUICK if quick else Size()
    rows, tables = [], []
    with servers() as backing:
        for way in (POSTGRES, SQLITE):
            with store(backing, way) as database:
                found = _of(database, size)
            name = way.title.partition(",")[0]
            rows += [_row(name, operation, found) for operation in OPERATIONS]
            tables.append(_table(name, found))
        described = backing.described()
    return Findings(rows, tables, [*_about(), described])


def _about() -> list[str]:
    how = (
        "Every function as the service calls it, in one process without HTTP, and nothing else at work. The ratios are "
        "of medians. The queue is filled with copies of a job that the service stored; then PostgreSQL gets VACUUM "
        "ANALYZE and CHECKPOINT, which it does by itself some time later. SQLite has no statistics in the service "
        "either. What an operation changed is put back before the next one."
    )
    return [how, "A page has 50 jobs, newest first. All jobs have the tag, none has failed."]


def _of(database: Database, size: Size) -> Measured:
    found: Measured = {}
    there = 0
    for queued in size.queued:
        fill(database, queued - there)
        settle(database)
        there = queued
        found[queued] = _operations(database, size.share)
        print(f"  {database.engine.dialect.name}, {queued} queued", flush=True)
    return found


def _operations(database: Database, share: float) -> dict[str, list[float]]:
    bench = Bench(database)
    return {name: operation(bench, share) for name, operation in OPERATIONS.items()}


def _row(store_name: str, operation: str, found: Measured) -> Row:
    shortest, longest = min(found), max(found)
    before, after = median(found[shortest][operation]), median(found[longest][operation])
    what = f"{store_name}: {operation}, with {_spaced(longest)} queued over {_spaced(shortest)}"
    return Row(what, after / before, goal=_GOAL, note=f"{duration(after)}; {duration(before)}")


def _table(store_name: str, found: Measured) -> Table:
    columns = ("operation", *(f"{_spaced(queued)} queued" for queued in found))
    lines = [(operation, *(_cell(found[queued][operation]) for queued in found)) for operation in OPERATIONS]
    return Table(columns, lines, f"{store_name}, p50 and p99 with so many jobs in the queue")


def _cell(values: Sequence[float]) -> str:
    return f"{duration(median(values))}, {duration(percentile(values, 0.99))}"


def _spaced(count: int) -> str:
    return f"{count:,}".replace(",", " ")
