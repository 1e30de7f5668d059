"""How long a page of jobs takes over HTTP, with a million jobs in the store."""

from dataclasses import dataclass

from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration, seconds
from queue_measure.figures import median, percentile, shown
from queue_measure.filling import fill, settle
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers

from api_measure.clients import Connection

_GOAL = at_most(0.02)
_PAGES = {
    "newest": "/v1/jobs",
    "queued": "/v1/jobs?state=queued",
    "queued, of a tag": "/v1/jobs?state=queued&tag=sweep",
    "of a tag and an optimizer": "/v1/jobs?tag=sweep&optimizer=ayla",
    "of the caller": "/v1/jobs?owner=local",
    "last changed": "/v1/jobs?sort=-updated_at",
    "with a text": "/v1/jobs?q=x**4",
    "the queue itself": "/v1/queue",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: jobs in the store, and samples of each page."""

    jobs: int = 1_000_000
    samples: int = 60


_QUICK = Size(jobs=5_000, samples=10)


def measure(*, quick: bool) -> Findings:
    """Median of each page, from the request until it is read."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (POSTGRES, SQLITE):
            name = way.title.partition(",")[0]
            for page, taken in _of(backing, way, size).items():
                note = f"p99 {duration(percentile(taken, 0.99))}"
                rows.append(Row(f"{name}: a page of jobs, {page}, median", median(taken), "s", _GOAL, note))
                lines.append((name, page, *shown(taken, 0.5, 0.99)))
        described = backing.described()
    remark = f"{size.jobs:,} queued jobs, all of one team, with one tag; a page has 50. One client at a time."
    return Findings(rows, [Table(("store", "page", "p50", "p99"), lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> dict[str, list[float]]:
    with installed(backing, way) as installation:
        fill(installation.database, size.jobs)
        settle(installation.database)
        installation.start_api()
        client = Connection(installation.url)
        return {name: _samples(client, path, size.samples) for name, path in _PAGES.items()}


def _samples(client: Connection, path: str, count: int) -> list[float]:
    for _ in range(3):
        client.get(path)
    return [seconds(lambda: client.get(path)) for _ in range(count)]
