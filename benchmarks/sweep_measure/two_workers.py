"""The large grid on PostgreSQL with two workers, beside one on SQLite."""

from dataclasses import dataclass

from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers

from sweep_measure.grids import Taken, from_post_to_picture, grid

_NO_SLOWER = at_most(1.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: the side of the grid, and how often."""

    side: int = 1000
    rounds: int = 2


_QUICK = Size(side=30, rounds=1)


def measure(*, quick: bool) -> Findings:
    """The best round of each way, in turn."""
    size = _QUICK if quick else Size()
    cases = ((SQLITE, 1), (POSTGRES, 2))
    taken: dict[tuple[Way, int], list[Taken]] = {case: [] for case in cases}
    with servers() as backing:
        for _ in range(size.rounds):
            for way, workers in cases:
                taken[way, workers].append(_run(backing, way, workers, size.side))
        described = backing.described()
    best = {case: min(found, key=lambda one: one.done) for case, found in taken.items()}
    one, two = (best[case].done for case in cases)
    note = f"{duration(two)} and {duration(one)}"
    rows = [
        Row("PostgreSQL with two workers over SQLite with one, to the end of the job", two / one, "×", _NO_SLOWER, note)
    ]
    lines = [
        (f"{way.title}, workers: {workers}", *(duration(value) for value in (found.done, found.drawn - found.done)))
        for (way, workers), found in best.items()
    ]
    remark = (
        f"{size.side:,} × {size.side:,} settings as above. Each worker computes with one thread, so that two of them "
        "have what the machine has; the best of the rounds."
    )
    return Findings(rows, [Table(("store", "job done", "picture"), lines)], [remark, described])


def _run(backing: Servers, way: Way, workers: int, side: int) -> Taken:
    with installed(backing, way) as installation:
        installation.start_api()
        installation.start_workers(workers)
        return from_post_to_picture(installation.url, grid(side))
