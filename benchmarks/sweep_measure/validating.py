"""Validation of specs that are as much work as can be: computing time of the process that answers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration
from queue_measure.figures import median

from sweep_measure.hostile_specs import MOST_BYTES, bodies
from sweep_measure.load import busy
from tests.system.processes import url_of

_GOAL = at_most(0.1)
_SHOWN = 12
_NANOSECONDS = 1e-9
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Shape:
    """One body: its name, its size, how it is answered, and the computing time of that in seconds."""

    name: str
    size: int
    status: int
    seconds: float


def measure(*, quick: bool) -> Findings:
    """The median of some requests of each shape, one at a time."""
    samples = 1 if quick else 9
    with _api() as (process, client):
        shapes = [_shape(process, client, name, body, samples) for name, body in bodies()]
    slowest = sorted(shapes, key=lambda shape: -shape.seconds)
    accepted = [shape for shape in slowest if shape.status == httpx2.codes.OK]
    rows = [
        Row("slowest of all", slowest[0].seconds, "s", _GOAL, slowest[0].name),
        Row("slowest of those that are valid", accepted[0].seconds, "s", _GOAL, accepted[0].name),
    ]
    lines = [
        (shape.name, f"{shape.size / 1024:,.0f} KiB", str(shape.status), duration(shape.seconds))
        for shape in slowest[:_SHOWN]
    ]
    remark = (
        f"`POST /v1/jobs:validate` of {len(shapes)} shapes of specs, most of them as large as a body may be "
        f"({MOST_BYTES:,} bytes): valid ones at every bound, and such as are refused. Computing time of the API's "
        f"process, which also reads and answers, in the median of {samples} requests; shown are the slowest."
    )
    return Findings(rows, [Table(("shape", "body", "answered", "computing time"), lines)], [remark, busy()])


def _shape(process: int, client: httpx2.Client, name: str, body: bytes, samples: int) -> _Shape:
    if len(body) > MOST_BYTES:
        raise ValueError(f"the body of '{name}' has {len(body):,} bytes")
    taken, status = list[float](), 0
    for _ in range(samples):
        before = _computed(process)
        status = client.post("/v1/jobs:validate", content=body).status_code
        taken.append(_computed(process) - before)
    return _Shape(name, len(body), status, median(taken))


def _computed(process: int) -> float:
    """Computing time of all threads of a process so far, in seconds, to the nanosecond."""
    return _NANOSECONDS * sum(
        int((thread / "schedstat").read_text().split()[0]) for thread in Path(f"/proc/{process}/task").iterdir()
    )


@contextmanager
def _api() -> Iterator[tuple[int, httpx2.Client]]:
    """A fresh API without a worker, and a client of it."""
    with TemporaryDirectory(prefix="ayla-validate-") as name:
        log = Path(name) / "service.log"
        environment = {**os.environ, "AYLA_DATA_DIR": name, "AYLA_RATE_LIMIT_PER_MINUTE": "1000000"}
        service = [sys.executable, "-m", "ayla_service"]
        subprocess.run([*service, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        with log.open("wb") as output:
            process = subprocess.Popen([*service, "api", "--port", "0"], env=environment, stdout=output, stderr=output)
        try:
            headers = {"Content-Type": "application/json"}
            with httpx2.Client(base_url=url_of(process, log), headers=headers, timeout=600, trust_env=False) as client:
                client.post("/v1/jobs:validate", json={})
                yield process.pid, client
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)
