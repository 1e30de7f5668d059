"""How long a long trajectory takes over HTTP, in every form and thinned."""

import math
from dataclasses import dataclass
from typing import Any

from ayla_service.db.models import ChunkRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES, Summaries
from ayla_service.trials.encoding import encode
from ayla_service.trials.progress import ShardProgress, write_summaries
from ayla_service.trials.trial_ids import trial_id
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration, seconds
from queue_measure.figures import median, percentile, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL
from sqlalchemy import select

from api_measure.clients import Connection

_ARROW = at_most(0.05)
_FORMS = {
    "JSON": "format=json",
    "CSV": "format=csv",
    "Arrow": "format=arrow",
    "Parquet": "format=parquet",
    "Arrow, step and loss": "format=arrow&columns=step,loss",
    "JSON, thinned to 2 000 points": "format=json&max_points=2000",
    "Arrow, thinned to 2 000 points": "format=arrow&max_points=2000",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: steps, steps of a chunk, and samples of each form."""

    steps: int = 200_000
    chunk: int = 4_096
    samples: int = 30


_QUICK = Size(steps=20_000, samples=5)


def measure(*, quick: bool) -> Findings:
    """Median of each form, from the request until it is read."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            for form, (taken, length) in _of(backing, way, size).items():
                goal = _ARROW if form == "Arrow" else None
                note = f"p99 {duration(percentile(taken, 0.99))}, {length / 1e6:.2f} MB"
                rows.append(Row(f"{name}: {form}, median", median(taken), "s", goal, note))
                lines.append((name, form, *shown(taken, 0.5, 0.99), f"{length / 1e6:.2f}"))
        described = backing.described()
    remark = (
        f"{size.steps:,} rows of eight columns in chunks of {size.chunk:,} rows. The client asks for no compression; "
        "one at a time."
    )
    return Findings(rows, [Table(("store", "form", "p50", "p99", "MB"), lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> dict[str, tuple[list[float], int]]:
    with installed(backing, way) as installation:
        installation.start_api()
        client = Connection(installation.url)
        trial = _long_trial(installation.database, client, size)
        return {
            form: _samples(client, f"/v1/trials/{trial}/trajectory?{asked}", size) for form, asked in _FORMS.items()
        }


def _samples(client: Connection, path: str, size: Size) -> tuple[list[float], int]:
    length = len(client.get(path))
    return [seconds(lambda: client.get(path)) for _ in range(size.samples)], length


def _long_trial(database: Database, client: Connection, size: Size) -> str:
    """A trial with a made-up trajectory, in chunks as a worker writes them."""
    import json

    client.post("/v1/jobs", json.dumps(SMALL).encode())
    with database.write() as session:
        shard = session.scalars(select(ShardRow)).one()
        blank = Summaries.blank(1)
        blank["state"][:], blank["steps_done"][:] = CODES[TrialState.COMPLETED], size.steps
        blank["final_loss"][:] = 0.1
        write_summaries(session, [ShardProgress(shard.id, 1, size.steps, blank)])
        for first in range(0, size.steps, size.chunk):
            steps = list(range(first, min(first + size.chunk, size.steps)))
            data = encode(_columns(steps))
            rows = {"first_step": steps[0], "last_step": steps[-1], "rows": len(steps), "attempt": 1}
            session.add(ChunkRow(job_id=shard.job_id, trial_index=0, data=data, **rows))
        return trial_id(shard.job_id, 0)


def _columns(steps: list[int]) -> dict[str, list[Any]]:
    """Numbers with all their digits, as real ones have them."""
    loss = [math.exp(-step / 50_000) * (1.5 + math.sin(step * 0.37)) for step in steps]
    return {
        "step": steps,
        "loss": loss,
        "transformed_loss": [value**1.4 for value in loss],
        "scale": [1.4 * value**0.4 for value in loss],
        "effective_lr": [0.01 * value for value in loss],
        "grad_norm": [value / 3 for value in loss],
        "param.x": [math.cos(value) for value in loss],
        "param.y": [math.sin(value) for value in loss],
    }
