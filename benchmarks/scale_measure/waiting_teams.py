"""How claims slow down with the number of teams that have work waiting."""

from collections.abc import Mapping
from dataclasses import dataclass

from measure.findings import Findings, Row, Table

from scale_measure.about import busy, over_or_none
from scale_measure.fleet import Duty
from scale_measure.running import Run, filled_store, large_server, run_fleet

_COLUMNS = ("teams with work waiting", "claims/s", "claim p50", "claim p99", "server's cores")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: numbers of teams, workers, windows of so many seconds, shards for each second."""

    teams: tuple[int, ...] = (1, 100, 300)
    workers: int = 20
    windows: tuple[float, ...] = (3.0, 3.0, 3.0)
    shards_per_second: int = 400


_QUICK = Size(teams=(1, 5), workers=4, windows=(1.0,), shards_per_second=200)


def measure(*, quick: bool) -> Findings:
    """Claims per second for each number of teams."""
    size, before = _QUICK if quick else Size(), busy()
    runs: dict[int, Run] = {}
    shards = int(size.shards_per_second * (sum(size.windows) + 5.0))
    with large_server() as server:
        for teams in size.teams:
            with filled_store(server, teams, max(shards, 4 * teams)) as database:
                run = runs[teams] = run_fleet(database, server, size.workers, Duty(), size.windows)
            print(f"  {teams} teams: {run.rate('claim'):.0f} claims/s", flush=True)
    about = (
        f"{size.workers} workers as above. Each team has one member with work waiting; a claim looks at all of them, "
        f"as anybody may be next. Medians of {len(size.windows)} windows of {size.windows[0]:g} s."
    )
    return Findings(_rows(runs), [_table(runs)], [about, before])


def _rows(runs: Mapping[int, Run]) -> list[Row]:
    (one, alone), *others = runs.items()
    return [
        Row(
            f"claims/s with {teams} teams waiting over those with {one}",
            over_or_none(run.rate("claim"), alone.rate("claim")),
        )
        for teams, run in others
    ]


def _table(runs: Mapping[int, Run]) -> Table:
    lines = [
        (teams, round(run.rate("claim"), 1), run.shown("claim", 0.5), run.shown("claim", 0.99), round(run.cores, 2))
        for teams, run in runs.items()
    ]
    return Table(_COLUMNS, lines)
