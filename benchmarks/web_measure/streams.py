"""What the streams of many browsers cost: each has one, about its team and about the jobs that it looks at."""

import asyncio
import json
from dataclasses import dataclass

import psutil
from api_measure.clients import Connection
from api_measure.streams import WORKER, watch
from ayla_service.queue.claims import claim
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration
from queue_measure.figures import percentile, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL
from sweep_measure.load import busy

_DELAY, _SHARE = at_most(0.5), at_most(5.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: browsers, running jobs, jobs that each browser looks at, and seconds of each phase."""

    browsers: int = 50
    jobs: int = 10
    watched: int = 2
    seconds: float = 15.0


_QUICK = Size(browsers=5, jobs=4, seconds=3.0)


def measure(*, quick: bool) -> Findings:
    """Time of the API's process while nothing happens and while all jobs make steps, and how late events come."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            delays, idle, at_work = _of(backing, way, size)
            what = f"{name}, {size.browsers} browsers"
            rows.append(Row(f"{what}: CPU of the API, nothing happens", idle, "%", _SHARE))
            rows.append(Row(f"{what}: CPU of the API, {size.jobs} jobs make steps", at_work, "%", _SHARE))
            rows.append(Row(f"{what}: delay of an event, p99", percentile(delays, 0.99), "s", _DELAY))
            shares = (f"{idle:.1f} %", f"{at_work:.1f} %")
            lines.append((name, size.browsers, size.jobs, len(delays), *shown(delays, 0.5, 0.99), *shares))
        described = backing.described()
    columns = ("store", "browsers", "jobs", "events", "delay p50", "delay p99", "CPU, idle", "CPU, busy")
    remark = (
        f"GET /v1/events with watch for {size.watched} jobs. Each job makes ten steps every second. A delay is from "
        f"the commit until the client has read the event, of {duration(size.seconds)}; CPU is of one core."
    )
    return Findings(rows, [Table(columns, lines)], [remark, described, busy()])


def _of(backing: Servers, way: Way, size: Size) -> tuple[list[float], float, float]:
    with installed(backing, way) as installation:
        process = psutil.Process(installation.start_api().pid)
        client = Connection(installation.url)
        for _ in range(size.jobs):
            client.post("/v1/jobs", json.dumps({**SMALL, "budget": {"steps": 1_000_000}}).encode())
        claims = [found for _ in range(size.jobs) if (found := claim(installation.database, WORKER, 3600.0))]
        ids = [one.job_id for one in claims]
        paths = [_path(ids, number, size.watched) for number in range(size.browsers)]
        return asyncio.run(watch(installation.url, installation.database, claims, process, paths, size.seconds))


def _path(ids: list[str], number: int, watched: int) -> str:
    looked_at = [ids[(number + place) % len(ids)] for place in range(watched)]
    return "/v1/events?" + "&".join(f"watch={job_id}" for job_id in looked_at)
