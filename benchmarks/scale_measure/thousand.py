"""A thousand workers at work for hours: what their heartbeats, signs of life and looks ask of the store."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ayla_service.settings import Settings
from measure.findings import Findings, Goal, Row, Table, at_least, at_most

from scale_measure.about import HOW, busy
from scale_measure.fleet import Duty
from scale_measure.running import Run, filled_store, large_server, run_fleet

ADVISED = {"lease_seconds": 60.0, "heartbeat_seconds": 10.0, "presence_seconds": 30.0, "reap_seconds": 30.0}
"""Settings for a thousand workers, in seconds; those that docs/operations.md names."""

_SWEEP_SECONDS: float = Settings.model_fields["sweep_seconds"].default
_DEFAULTS: dict[str, float] = {name: Settings.model_fields[name].default for name in ADVISED}
_MOST_OF_LEASE = 1 / 3
"""Part of a lease that a heartbeat may take: the next one still comes in time."""

_ENOUGH_BEATS = 0.9
"""Part of the heartbeats that are due: with fewer, the store was asked for less than so many workers ask it for."""

_KINDS = ("claim", "look", "heartbeat", "completion", "sign of life", "look for lost leases")
_PER_SECOND = tuple(f"{kind}, per s" for kind in _KINDS)
_LOAD = ("errors", "server's cores", "commits/s")
_COLUMNS = (
    "settings",
    "work",
    *_PER_SECOND,
    "heartbeat p99",
    "claim or look p99",
    "errors",
    "server's cores",
    "commits/s",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    workers: int = 1000
    teams: int = 100
    shard_seconds: float = 20.0
    windows: tuple[float, ...] = (10.0,)
    idle_windows: tuple[float, ...] = (6.0,)


_QUICK = Size(workers=8, teams=2, shard_seconds=1.0, windows=(1.0,), idle_windows=(1.0,))


@dataclass(frozen=True, slots=True)
class Case:
    """Settings by a title, whether there is work, and what the workers did."""

    title: str
    settings: Mapping[str, float]
    is_busy: bool
    run: Run

    @property
    def is_advised(self) -> bool:
        """Whether these are the settings for a thousand workers."""
        return self.settings is ADVISED


def measure(*, quick: bool) -> Findings:
    """Rates, percentiles and the server's load with the advised settings and with the defaults."""
    size, before = _QUICK if quick else Size(), busy()
    wanted = (("advised", ADVISED, True), ("advised", ADVISED, False), ("defaults", _DEFAULTS, True))
    cases = [Case(title, settings, busy, _run(settings, size, is_busy=busy)) for title, settings, busy in wanted]
    return Findings(_rows(cases, size), [_table(cases), _needs(cases[0].run, size)], [_about(size), HOW, before])


def _run(settings: Mapping[str, float], size: Size, *, is_busy: bool) -> Run:
    duty = Duty(size.shard_seconds, poll_seconds=_SWEEP_SECONDS, **settings)
    print(f"  {'busy' if is_busy else 'idle'}: {dict(settings)}", flush=True)
    with large_server() as server, filled_store(server, size.teams, 3 * size.workers if is_busy else 0) as database:
        if is_busy:
            return run_fleet(database, server, size.workers, duty, size.windows, warm=size.shard_seconds)
        return run_fleet(database, server, size.workers, duty, size.idle_windows)


def _about(size: Size) -> str:
    advised = ", ".join(f"AYLA_{name.upper()}={value:g}" for name, value in ADVISED.items())
    return (
        f"{size.workers} workers; each shard lasts for {size.shard_seconds:g} s, in which nothing is computed. Beside "
        "their shards they give signs of life and look for lost leases, as workers do; who has none looks for work "
        f"every {_SWEEP_SECONDS:g} s, as with a broker. The defaults are made for tens of workers; for a thousand "
        f"{advised} is advised, for API and workers alike. What a killed worker ran then goes on after a minute and a "
        "half at most, and a job that is cancelled stops within ten seconds."
    )


def _rows(cases: Sequence[Case], size: Size) -> list[Row]:
    rows = []
    for case in cases:
        if case.is_busy:
            longest = case.run.median(lambda window: window.quantile("heartbeat", 0.99))
            value = None if math.isnan(longest) else longest / case.settings["lease_seconds"]
            what, shown = f"{case.title}: heartbeat p99 over the lease", case.run.shown("heartbeat", 0.99)
            rows.append(Row(what, value, goal=_goal(case, _MOST_OF_LEASE), note=shown))
            lost = float(case.run.errors.get("lease lost", 0))
            rows.append(Row(f"{case.title}: leases lost", lost, "leases", goal=_goal(case, 0.0)))
    made = _beats_made(cases[0].run, size)
    rows.append(Row("advised: heartbeats made over those that are due", made, goal=at_least(_ENOUGH_BEATS)))
    return [*rows, Row("memory of a connection", cases[0].run.connection_bytes / 2**20, "MiB")]


def _goal(case: Case, bound: float) -> Goal | None:
    return at_most(bound) if case.is_advised else None


def _beats_made(run: Run, size: Size) -> float:
    """Heartbeats that were made over those that the advised interval asks for."""
    return run.rate("heartbeat") * ADVISED["heartbeat_seconds"] / size.workers


def _table(cases: Sequence[Case]) -> Table:
    return Table(_COLUMNS, [_line(case, case.run) for case in cases])


def _line(case: Case, run: Run) -> Sequence[float | str]:
    return (
        case.title,
        "each has a shard" if case.is_busy else "none",
        *(round(run.rate(kind), 1) for kind in _KINDS),
        run.shown("heartbeat", 0.99),
        run.shown("claim" if case.is_busy else "look", 0.99),
        run.errors_shown,
        round(run.cores, 2),
        round(run.transactions),
    )


def _needs(run: Run, size: Size) -> Table:
    """What follows, with the figures that it follows from."""
    memory = 2 * run.connection_bytes * size.workers / 2**30
    beats, signs = (size.workers / ADVISED[f"{what}_seconds"] for what in ("heartbeat", "presence"))
    each = f"{run.connection_bytes / 2**20:.1f} MiB for each connection"
    connections = f"{2 * size.workers} + 15 for each process of the API + 100"
    done = f"{beats:.0f} heartbeats and {signs:.0f} signs of life a second, and what begins and ends"
    lines = [
        (
            "max_connections",
            connections,
            "a worker's main process and its child keep one each, and open more for moments only",
        ),
        ("memory", f"{memory:.1f} GiB beside shared_buffers", each),
        *_load(run, size, done),
    ]
    return Table(("of the store", "need", "as"), lines, f"What {size.workers} busy workers need of PostgreSQL")


def _load(run: Run, size: Size, done: str) -> list[tuple[str, str, str]]:
    """Cores and commits; not told where the workers of the run asked for less than they would."""
    made = _beats_made(run, size)
    if made < _ENOUGH_BEATS:
        why = f"only {made:.0%} of the heartbeats were made: the machine has too little for so many workers beside it"
        return [("cores", "not measured here", why), ("commits", "not measured here", done)]
    cores = f"{max(2, math.ceil(2 * run.cores))}"
    return [
        ("cores", cores, f"{run.cores:.2f} are busy, and as many for peaks"),
        ("commits", f"{run.transactions:.0f}/s", done),
    ]
