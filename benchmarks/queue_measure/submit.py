"""How many jobs an API takes per second, from one client and from several at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from measure.findings import Findings, Row, Table
from measure.timing import seconds

from queue_measure.api import Api
from queue_measure.figures import shown
from queue_measure.installation import CELERY, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL

_COLUMNS = ("deployment", "clients", "jobs", "jobs/s", "POST p50", "POST p99")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: jobs for each client."""

    clients: tuple[int, ...] = (1, 8)
    jobs: int = 250
    unmeasured: int = 20


_QUICK = Size(jobs=20, unmeasured=3)


def measure(*, quick: bool) -> Findings:
    """Jobs per second and percentiles of a POST."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, CELERY):
            for clients, (taken, posts) in _of(backing, way, size).items():
                rate = len(posts) / taken
                rows.append(
                    Row(f"{way.title}, {clients} clients" if clients > 1 else f"{way.title}, 1 client", rate, "jobs/s")
                )
                lines.append((way.title, clients, len(posts), round(rate, 1), *shown(posts, 0.5, 0.99)))
        described = backing.described()
    remark = (
        "Each client is a thread with a connection of its own, all in one process on the same machine, which takes a "
        "part of its cores. One API and no worker; a POST is answered once the job is on the disk."
    )
    return Findings(rows, [Table(_COLUMNS, lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> dict[int, tuple[float, list[float]]]:
    """For each number of clients, the seconds that all took together and those of every POST."""
    with installed(backing, way) as installation:
        installation.start_api()
        _posts(installation.url, size.unmeasured)
        return {clients: _together(installation.url, clients, size.jobs) for clients in size.clients}


def _together(url: str, clients: int, jobs: int) -> tuple[float, list[float]]:
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda _: _posts(url, jobs), range(clients)))
    return time.perf_counter() - begun, [taken for posts in found for taken in posts]


def _posts(url: str, jobs: int) -> list[float]:
    with Api(url) as api:
        return [seconds(lambda: api.submit(SMALL)) for _ in range(jobs)]
