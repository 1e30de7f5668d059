"""How many jobs an API takes per second, from one client and from many at once."""

from dataclasses import dataclass

from measure.findings import Findings, Goal, Row, Table, at_least, at_most
from queue_measure.figures import percentile, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL

from api_measure.clients import post_together

_COLUMNS = ("store", "clients", "jobs per request", "jobs", "jobs/s", "POST p50", "POST p99")
_GOALS = {16: (at_least(500.0), at_most(0.1))}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: requests in all at each number of clients; of bulk requests a tenth."""

    clients: tuple[int, ...] = (1, 16, 64)
    requests: int = 3200
    bulk: int = 20


_QUICK = Size(requests=128)


def measure(*, quick: bool) -> Findings:
    """Jobs per second and percentiles of a POST."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            for clients, jobs, taken, posts in _of(backing, way, size):
                name, rate = way.title.partition(",")[0], jobs * len(posts) / taken
                lines.append((name, clients, jobs, jobs * len(posts), round(rate), *shown(posts, 0.5, 0.99)))
                if jobs == 1:
                    rows += _rows(name, clients, rate, percentile(posts, 0.99))
        described = backing.described()
    remark = (
        "Each client is a thread with a connection of its own, all in one process on the same machine. One API process "
        "and no worker; a POST is answered once the job is on the disk. A bulk request carries several jobs."
    )
    return Findings(rows, [Table(_COLUMNS, lines)], [remark, described])


def _rows(store: str, clients: int, rate: float, p99: float) -> list[Row]:
    what = f"{store}, {clients} {'clients' if clients > 1 else 'client'}"
    rate_goal, p99_goal = _GOALS.get(clients, (None, None))
    return [Row(f"{what}: jobs per second", rate, "jobs/s", rate_goal), _p99(what, p99, p99_goal)]


def _p99(what: str, seconds: float, goal: Goal | None) -> Row:
    return Row(f"{what}: p99 of a POST", seconds, "s", goal)


def _of(backing: Servers, way: Way, size: Size) -> list[tuple[int, int, float, list[float]]]:
    """Clients, jobs per request, seconds of all together, seconds of every request."""
    with installed(backing, way, rate_limit_per_minute=0) as installation:
        installation.start_api()
        found = []
        for clients in size.clients:
            each = max(1, size.requests // clients if clients > 1 else size.requests // 8)
            found.append((clients, 1, *post_together(installation.url, "/v1/jobs", SMALL, clients, each)))
        bulk = {"jobs": [SMALL] * size.bulk}
        each = max(1, size.requests // 160)
        found.append((16, size.bulk, *post_together(installation.url, "/v1/jobs:bulk", bulk, 16, each)))
        return found
