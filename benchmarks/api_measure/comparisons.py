"""How long comparisons of many trials take over HTTP: by their summaries, and with what trials recorded."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ayla_service.comparison.curves import MAX_ROWS
from ayla_service.db.models import ChunkRow, JobRow, MetricChunkRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES, Summaries
from ayla_service.trials.encoding import encode
from ayla_service.trials.progress import ShardProgress, write_summaries
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration, seconds
from queue_measure.figures import median, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_measure.clients import Connection

_GOALS = {"summaries": at_most(2.0), "problems": at_most(5.0)}
_SETTINGS = 100
_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        trials: that are compared by their summaries on one problem.
        fewer: that are compared over problems, or by what they have recorded.
        steps: of a trial that recorded its losses.
        epochs: of a trial that recorded its metrics.
        samples: of each comparison.
    """

    trials: int = 100_000
    fewer: int = 10_000
    steps: int = 2_400
    epochs: int = 100
    samples: int = 3


_QUICK = Size(trials=1000, fewer=200, steps=100, epochs=10, samples=1)


def measure(*, quick: bool) -> Findings:
    """Median of each comparison, from the request until it is read."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            for kind, taken in _of(backing, way, size).items():
                slowest = f"slowest {duration(max(taken))}"
                rows.append(Row(f"{name}: {kind}, median", median(taken), "s", _GOALS.get(kind), slowest))
                lines.append((name, kind, *shown(taken, 0.5, 0.99)))
        described = backing.described()
    remark = (
        f"{_SETTINGS} settings, half of them with AYLA. 'summaries': {size.trials:,} trials on a dataset's "
        f"mini-batches by the test loss, of which nothing else is recorded; 'problems': {size.fewer:,} likewise, of "
        f"{_PROBLEMS} problems together, and so resamples of their seeds; 'epochs': {size.fewer:,} with {size.epochs} "
        f"epochs of metrics and a target; 'steps': {size.fewer:,} of an expression with {size.steps:,} recorded losses "
        f"each, of which at most {MAX_ROWS:,} are read. One at a time. Arms of axes are compared in "
        "benchmarks-sweeps.md."
    )
    return Findings(rows, [Table(("store", "reads", "p50", "p99"), lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> dict[str, list[float]]:
    with installed(backing, way) as installation:
        installation.start_api()
        url, database = installation.url, installation.database
        digits = _ended(database, url, _MINI_BATCHES, size)
        found = {"summaries": _samples(url, f"/v1/jobs/{digits}/comparison", size)}
        fewer = replace(size, trials=size.fewer)
        found["problems"] = _over_problems(database, url, fewer)
        digits = _ended(database, url, _MINI_BATCHES, fewer)
        _add_epochs(database, digits, size)
        found["epochs"] = _samples(url, f"/v1/jobs/{digits}/comparison?target=0.3", size)
        sphere = _ended(database, url, _EXPRESSION, fewer)
        _add_steps(database, sphere, size)
        found["steps"] = _samples(url, f"/v1/jobs/{sphere}/comparison?target=0.3", size)
        return found


def _over_problems(database: Database, url: str, size: Size) -> list[float]:
    part = replace(size, trials=max(_SETTINGS, size.trials // _PROBLEMS))
    budgets = [{"budget": {"steps": steps}} for steps in range(1, _PROBLEMS + 1)]
    body = json.dumps({"job_ids": [_ended(database, url, _MINI_BATCHES | one, part) for one in budgets]}).encode()
    return [seconds(lambda: Connection(url).post("/v1/comparisons", body)) for _ in range(size.samples)]


_MINI_BATCHES: dict[str, Any] = {
    "problem": {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 32},
    "budget": {"steps": 1},
}
_EXPRESSION: dict[str, Any] = {
    "problem": {"type": "expression", "expression": "x**2", "start": {"x": 3.0}},
    "budget": {"steps": 1},
}


def _ended(database: Database, url: str, spec: dict[str, Any], size: Size) -> str:
    """A job whose trials have all ended, half of them plain and half with AYLA."""
    rates = [0.001 * (1 + place) for place in range(_SETTINGS // 2)]
    optimizers = [
        {"name": "sgd", "learning_rate": rate} | ayla for rate in rates for ayla in ({}, {"ayla": {"n2": 1.4}})
    ]
    body = spec | {"optimizers": optimizers, "seeds": list(range(size.trials // _SETTINGS))}
    Connection(url).post("/v1/jobs", json.dumps(body).encode())
    draw = np.random.default_rng(0)
    with database.write() as session:
        job_id = session.scalars(select(JobRow.id).order_by(JobRow.created_at.desc()).limit(1)).one()
        shards = session.execute(select(ShardRow.id, ShardRow.trials).where(ShardRow.job_id == job_id))
        made = [ShardProgress(shard.id, 1, size.steps, _summaries(shard.trials, size, draw)) for shard in shards]
        write_summaries(session, made)
    return job_id


def _summaries(trials: int, size: Size, draw: np.random.Generator) -> Summaries:
    best, final = np.sort(draw.random((2, trials)), axis=0)
    loss, accuracy = draw.random((2, trials))
    columns = {"state": CODES[TrialState.COMPLETED], "steps_done": size.steps, "wall_seconds": 1.0, "best_step": 1}
    columns |= {"final_loss": final, "best_loss": best, "test_loss": loss, "full_train_loss": loss}
    columns |= {"test_accuracy": accuracy, "full_train_accuracy": accuracy}
    columns |= {"losses_below_one": size.steps, "losses_above_one": 5}
    blank = Summaries.blank(trials).columns
    return Summaries(dict(blank) | {name: np.full(trials, it, blank[name].dtype) for name, it in columns.items()})


def _add_epochs(database: Database, job_id: str, size: Size) -> None:
    steps, draw = np.arange(1, size.epochs + 1), np.random.default_rng(1)
    with database.write() as session:
        for index in _indexes(session, job_id):
            losses = {name: draw.random(size.epochs).tolist() for name in ("train_loss", "test_loss", "test_accuracy")}
            data = encode({"step": (45 * steps).tolist(), "epoch": steps.tolist(), **losses})
            place = {"first_step": 45, "last_step": 45 * size.epochs, "rows": size.epochs, "attempt": 1}
            session.add(MetricChunkRow(job_id=job_id, trial_index=index, data=data, **place))


def _add_steps(database: Database, job_id: str, size: Size) -> None:
    steps, draw = list(range(size.steps)), np.random.default_rng(2)
    with database.write() as session:
        for index in _indexes(session, job_id):
            data = encode({"step": steps, "loss": draw.random(size.steps).tolist(), "scale": [1.0] * size.steps})
            place = {"first_step": 0, "last_step": size.steps - 1, "rows": size.steps, "attempt": 1}
            session.add(ChunkRow(job_id=job_id, trial_index=index, data=data, **place))


def _indexes(session: Session, job_id: str) -> range:
    return range(session.get_one(JobRow, job_id).trials_total)


def _samples(url: str, path: str, size: Size) -> list[float]:
    client = Connection(url)  # a new one, as the service closes those that are idle while trials are made
    return [seconds(lambda: client.get(path)) for _ in range(size.samples)]
