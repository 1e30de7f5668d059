"""How many claims per second a store gives to ten, a hundred and a thousand workers that do nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from measure.findings import Findings, Row, Table
from measure.timing import duration

from scale_measure.about import HOW, busy, over_or_none
from scale_measure.fleet import Duty
from scale_measure.running import Run, filled_store, large_server, run_fleet
from scale_measure.watching import AWAY, COMMITS, COMPUTES, WAITS

_TEAMS = 100
_WORKERS = 1000
_COLUMNS = (
    "workers", "claims/s", "claim p50", "claim p99", "heartbeat p99", "completion p99", "wait for the lock of claims",
    "other waits for locks", "waits over 1 s in the log", "errors", "server's cores", "commits/s",
)  # fmt: skip
_LOCK_COLUMNS = ("workers", *(f"it {what}" for what in (COMPUTES, COMMITS, WAITS, AWAY)))


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: numbers of workers, windows of so many seconds, and shards for each of these seconds."""

    workers: tuple[int, ...] = (10, 100, 1000)
    windows: tuple[float, ...] = (4.0, 4.0, 4.0)
    shards_per_second: int = 500
    teams: int = _TEAMS


_QUICK = Size(workers=(2, 8), windows=(1.0,), shards_per_second=200, teams=3)


def measure(*, quick: bool) -> Findings:
    """Rates and percentiles for each number of workers, and what bounds them."""
    size, before = _QUICK if quick else Size(), busy()
    runs: dict[int, Run] = {}
    shards = int(size.shards_per_second * (sum(size.windows) + 5.0))
    with large_server() as server:
        for workers in size.workers:
            with filled_store(server, size.teams, shards) as database:
                runs[workers] = run_fleet(database, server, workers, Duty(), size.windows)
            print(f"  {workers} workers: {runs[workers].rate('claim'):.0f} claims/s", flush=True)
    about = (
        f"{size.teams} teams of one member each have a long queue of small shards. Each worker claims one, writes a "
        "block of results, which renews its lease, completes it, and claims the next. Nothing is computed, so all that "
        "is measured is the store and what speaks with it. Workers are threads of four processes, with a connection "
        f"each; values are medians of {len(size.windows)} windows of {size.windows[0]:g} s."
    )
    return Findings(_rows(runs), [_table(runs), _lock_table(runs)], [about, _bound(runs), HOW, before])


def _rows(runs: Mapping[int, Run]) -> list[Row]:
    fewest, most = min(runs), max(runs)
    rows = [Row(f"claims by {workers} workers", run.rate("claim"), "claims/s") for workers, run in runs.items()]
    over = over_or_none(runs[most].rate("claim"), runs[fewest].rate("claim"))
    rows.append(Row(f"claims/s of {most} workers over those of {fewest}", over))
    cpu = over_or_none(1e3 * runs[fewest].cores, runs[fewest].rate("claim"))
    rows.append(Row("server's CPU for a claim, a heartbeat and a completion", cpu, "ms"))
    shortest = over_or_none(2 * _WORKERS, runs[most].rate("claim"))
    what = f"mean time of a shard of which {_WORKERS} workers need half of these claims"
    return [*rows, Row(what, shortest, "s", note="shorter ones need packs")]


def _table(runs: Mapping[int, Run]) -> Table:
    return Table(_COLUMNS, [_line(workers, run) for workers, run in runs.items()])


def _line(workers: int, run: Run) -> tuple[float | str, ...]:
    return (
        workers,
        round(run.rate("claim"), 1),
        run.shown("claim", 0.5),
        run.shown("claim", 0.99),
        run.shown("heartbeat", 0.99),
        run.shown("completion", 0.99),
        round(run.median(lambda window: window.samples.waiting_for("Lock", "advisory")), 1),
        round(run.median(lambda window: window.samples.waiting_for("Lock", "transactionid", "tuple", "relation")), 1),
        sum(window.after.logged_waits - window.before.logged_waits for window in run.windows),
        run.errors_shown,
        round(run.cores, 2),
        round(run.transactions),
    )


def _lock_table(runs: Mapping[int, Run]) -> Table:
    lines = [(workers, *(f"{_share(run, what):.0%}" for what in _DOINGS)) for workers, run in runs.items()]
    return Table(_LOCK_COLUMNS, lines, "What the claim does that holds the lock, in parts of the time that it is held")


_DOINGS = (COMPUTES, COMMITS, WAITS, AWAY)


def _share(run: Run, what: str) -> float:
    return run.median(lambda window: window.samples.share_of_holder(what))


def _bound(runs: Mapping[int, Run]) -> str:
    most = max(runs)
    run = runs[most]
    each = over_or_none(1.0, run.rate("claim")) or 0.0
    return (
        "What bounds claims is the lock by which they wait for each other, so that shares are strict: one claim after "
        f"the other, {duration(each)} each with {most} workers. For {_share(run, AWAY):.0%} of that time the "
        "server waits for the worker whose turn it is, as that chooses. So the lock is held for six answers of the "
        "server after the one that grants it and not for the disk, who finds nothing to claim does not ask for it, and "
        "sixteen at most wait for it in the store: the others come again after a pause. "
        f"Whoever comes last of {most} at once gets its shard after about {duration(most * each)}."
    )
