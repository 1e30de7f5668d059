"""What hundreds of open streams cost, and how late an event comes."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil
from ayla_service.db.session import Database
from ayla_service.queue.attempts import record
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import WorkerIdentity, claim
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration
from queue_measure.figures import percentile, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL

from api_measure.clients import Connection
from tests.factories import progress

_DELAY = at_most(0.5)
WORKER = WorkerIdentity("bench:1", frozenset({"auto", "cpu"}), {})
_COLUMNS = (
    "store",
    "streams",
    "jobs",
    "events",
    "delay p50",
    "delay p99",
    "CPU of the API, idle",
    "CPU of the API, busy",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: streams, the jobs they watch in turn, and seconds of each phase."""

    streams: int = 500
    jobs: int = 50
    seconds: float = 15.0


_QUICK = Size(streams=40, jobs=8, seconds=3.0)


@dataclass(slots=True)
class Seen:
    """What came over the streams: when, by job and step."""

    moments: list[tuple[str, int, float]] = field(default_factory=list)


def measure(*, quick: bool) -> Findings:
    """From the commit of a block of steps until each stream has told of it."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            delays, idle, busy = _of(backing, way, size)
            what = f"{name}, {size.streams} streams"
            rows.append(Row(f"{what}: delay of an event, p99", percentile(delays, 0.99), "s", _DELAY))
            rows.append(Row(f"{what}: CPU of the API, busy", busy, "%", note=f"{idle:.0f} % where nothing happens"))
            lines.append(
                (
                    name,
                    size.streams,
                    size.jobs,
                    len(delays),
                    *shown(delays, 0.5, 0.99),
                    f"{idle:.0f} %",
                    f"{busy:.0f} %",
                )
            )
        described = backing.described()
    remark = (
        f"Each job makes a step of progress every second. A delay is from the commit until the client has read the "
        f"event, of {duration(size.seconds)}; CPU is of one core. One API process, clients in one other."
    )
    return Findings(rows, [Table(_COLUMNS, lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> tuple[list[float], float, float]:
    limits = {"max_streams": 2 * size.streams, "max_member_streams": 2 * size.streams}
    with installed(backing, way, **limits) as installation:
        process = psutil.Process(installation.start_api().pid)
        client = Connection(installation.url)
        for _ in range(size.jobs):
            client.post("/v1/jobs", json.dumps({**SMALL, "budget": {"steps": 1_000_000}}).encode())
        claims = [found for _ in range(size.jobs) if (found := claim(installation.database, WORKER, 3600.0))]
        paths = [f"/v1/jobs/{claims[number % len(claims)].job_id}/events" for number in range(size.streams)]
        return asyncio.run(watch(installation.url, installation.database, claims, process, paths, size.seconds))


async def watch(
    url: str, database: Database, claims: list[Claim], process: psutil.Process, paths: list[str], seconds: float
) -> tuple[list[float], float, float]:
    """Open streams, and make steps in jobs that they are about.

    Returns:
        Seconds from the commit of each block of steps until each stream has told of it; and the percentage of a core
        that the API takes while nothing happens, and meanwhile.
    """
    seen = Seen()
    readers = [asyncio.create_task(_read(url, path, seen)) for path in paths]
    await asyncio.sleep(3.0)
    idle = await _cpu(process, seconds)
    committed: dict[tuple[str, int], float] = {}
    cpu = asyncio.create_task(_cpu(process, seconds))
    await asyncio.to_thread(_work, database, claims, seconds, committed)
    busy = await cpu
    await asyncio.sleep(2.0)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    delays = [moment - committed[job, step] for job, step, moment in seen.moments if (job, step) in committed]
    if not delays:
        raise RuntimeError("no event came")
    return delays, idle, busy


async def _cpu(process: psutil.Process, seconds: float) -> float:
    """Share of one core, in percent."""
    before = sum(process.cpu_times()[:2])
    await asyncio.sleep(seconds)
    return 100 * (sum(process.cpu_times()[:2]) - before) / seconds


def _work(database: Database, claims: list[Claim], seconds: float, committed: dict[tuple[str, int], float]) -> None:
    """A block of ten steps for each job, once a second."""
    begun, step = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        round_begun = time.monotonic()
        for one in claims:
            record(database, one, progress(one, step, step + 9), 3600.0)
            committed[one.job_id, step + 9] = time.monotonic()
        step += 10
        time.sleep(max(0.0, 1.0 - (time.monotonic() - round_begun)))


async def _read(url: str, path: str, seen: Seen) -> None:
    """One stream: what it tells of jobs' steps."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    event = ""
    try:
        while line := await reader.readline():
            if line.startswith(b"event:"):
                event = line[6:].strip().decode()
            elif line.startswith(b"data:") and event == "progress":
                told = json.loads(line[5:])
                seen.moments.append((told["job_id"], told["steps_done"], time.monotonic()))
    finally:
        writer.close()
