"""How long a small job takes from its submission to its start and to its end, one job after the other."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from measure.findings import Findings, Row, Table, at_most

from queue_measure.api import Api
from queue_measure.figures import percentile, shown
from queue_measure.installation import CELERY, POSTGRES, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL, STEPS
from tests.system.processes import service

_GOAL = at_most(1000.0)
_GOAL_WOKEN = at_most(50.0)
"""With a worker that is idle and a broker that wakes it."""

_LOOK_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.25
_DEFAULTS = {"lease_seconds": 30, "reap_seconds": 5, "heartbeat_seconds": 1, "torch_threads": 1}
"""Of the settings that the tests' embedded service changes."""

_EMBEDDED = "embedded (`ayla-service serve`)"
_COLUMNS = ("deployment", "start p50", "start p95", "start p99", "end p50", "end p95", "end p99")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    jobs: int = 200
    unmeasured: int = 10


_QUICK = Size(jobs=15, unmeasured=2)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from before the submission: until the store has the job as started, and until a client sees its end."""

    starts: list[float]
    ends: list[float]


def measure(*, quick: bool) -> Findings:
    """Percentiles for every way to deploy the service."""
    size = _QUICK if quick else Size()
    with servers() as backing:
        found = {_EMBEDDED: _embedded(size)}
        found |= {way.title: _deployed(backing, way, size) for way in (SQLITE, POSTGRES, CELERY)}
        described = backing.described()
    rows = [_row(title, times) for title, times in found.items()]
    lines = [
        (title, *shown(times.starts, 0.5, 0.95, 0.99), *shown(times.ends, 0.5, 0.95, 0.99))
        for title, times in found.items()
    ]
    return Findings(rows, [Table(_COLUMNS, lines)], [_about(size), described])


def _about(size: Size) -> str:
    return (
        f"{size.jobs} jobs of {STEPS} steps over HTTP, one after the other, with a random pause of up to "
        f"{_LONGEST_PAUSE_SECONDS:g} s between, so that they meet the timer at any moment. Start: from before the POST "
        "until the job's `started_at`, by the machine's clock, which is also the store's. End: until a GET says "
        f"succeeded, one every {1000 * _LOOK_SECONDS:g} ms, which takes computing time from the worker. One API, one "
        "idle worker with one thread, all settings at their defaults."
    )


def _row(title: str, times: Times) -> Row:
    return Row(
        f"{title}: submit to start, p95",
        1000 * percentile(times.starts, 0.95),
        "ms",
        _GOAL_WOKEN if title == CELERY.title else _GOAL,
    )


def _embedded(size: Size) -> Times:
    with _served() as url:
        return _times(url, size)


@contextmanager
def _served() -> Iterator[str]:
    """API and worker as one command starts them."""
    with TemporaryDirectory(prefix="ayla-queue-") as folder, service(Path(folder), **_DEFAULTS) as running:
        yield running.url


def _deployed(backing: Servers, way: Way, size: Size) -> Times:
    with installed(backing, way) as installation:
        installation.start_api()
        installation.start_workers(1)
        return _times(installation.url, size)


def _times(url: str, size: Size) -> Times:
    pauses = random.Random(0)
    starts, ends = [], []
    with Api(url) as api:
        for _ in range(size.unmeasured + size.jobs):
            time.sleep(pauses.uniform(0.0, _LONGEST_PAUSE_SECONDS))
            start, end = _one(api)
            starts.append(start)
            ends.append(end)
    return Times(starts[size.unmeasured :], ends[size.unmeasured :])


def _one(api: Api) -> tuple[float, float]:
    clock, begun = time.time(), time.perf_counter()
    job = api.finished(api.submit(SMALL), _LOOK_SECONDS)
    end = time.perf_counter() - begun
    return datetime.fromisoformat(job["started_at"]).timestamp() - clock, end
