"""How long comparisons of many trials take over HTTP: by their summaries, and with what trials recorded."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ayla_service.comparison.curves import MAX_ROWS
from ayla_service.db.models import ChunkRow, JobRow, MetricChunkRow, TrialRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.trials.encoding import encode
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration, seconds
from queue_measure.figures import median, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from sqlalchemy import select

from api_measure.clients import Connection

_SUMMARIES = at_most(5.0)
_SETTINGS = 100
_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        trials: of each job.
        steps: of a trial that recorded its losses.
        epochs: of a trial that recorded its metrics.
        samples: of each comparison.
    """

    trials: int = 10_000
    steps: int = 2_400
    epochs: int = 100
    samples: int = 3


_QUICK = Size(trials=200, steps=100, epochs=10, samples=1)


def measure(*, quick: bool) -> Findings:
    """Median of each comparison, from the request until it is read."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            for kind, taken in _of(backing, way, size).items():
                goal = _SUMMARIES if kind in {"summaries", "problems"} else None
                rows.append(Row(f"{name}: {kind}, median", median(taken), "s", goal, f"slowest {duration(max(taken))}"))
                lines.append((name, kind, *shown(taken, 0.5, 0.99)))
        described = backing.described()
    remark = (
        f"{size.trials:,} trials, {_SETTINGS} settings with {size.trials // _SETTINGS} seeds. 'summaries': a dataset's "
        f"mini-batches by the test loss, of which nothing else is recorded; 'problems': likewise of {_PROBLEMS} "
        f"problems with as many trials together, and so resamples of their seeds; 'epochs': the same with "
        f"{size.epochs} epochs of metrics and a target; 'steps': an expression with {size.steps:,} recorded losses of "
        f"each trial, of which at most {MAX_ROWS:,} are read. One at a time."
    )
    return Findings(rows, [Table(("store", "reads", "p50", "p99"), lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> dict[str, list[float]]:
    with installed(backing, way) as installation:
        installation.start_api()
        url, database = installation.url, installation.database
        digits = _ended(database, url, _MINI_BATCHES, size)
        found = {"summaries": _samples(url, f"/v1/jobs/{digits}/comparison", size)}
        found["problems"] = _over_problems(database, url, size)
        _add_epochs(database, digits, size)
        found["epochs"] = _samples(url, f"/v1/jobs/{digits}/comparison?target=0.3", size)
        sphere = _ended(database, url, _EXPRESSION, size)
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
        for trial in session.scalars(select(TrialRow).where(TrialRow.job_id == job_id)):
            trial.state, trial.steps_done, trial.wall_seconds = TrialState.COMPLETED, size.steps, 1.0
            trial.final_loss, trial.best_loss, trial.best_step = *np.sort(draw.random(2))[::-1].tolist(), 1
            trial.test_loss = trial.full_train_loss = draw.random()
            trial.test_accuracy = trial.full_train_accuracy = draw.random()
            trial.losses_below_one, trial.losses_above_one = size.steps, 5
    return job_id


def _add_epochs(database: Database, job_id: str, size: Size) -> None:
    steps, draw = np.arange(1, size.epochs + 1), np.random.default_rng(1)
    with database.write() as session:
        for trial_id in _ids(database, job_id):
            losses = {name: draw.random(size.epochs).tolist() for name in ("train_loss", "test_loss", "test_accuracy")}
            data = encode({"step": (45 * steps).tolist(), "epoch": steps.tolist(), **losses})
            place = {"first_step": 45, "last_step": 45 * size.epochs, "rows": size.epochs, "attempt": 1}
            session.add(MetricChunkRow(trial_id=trial_id, data=data, **place))


def _add_steps(database: Database, job_id: str, size: Size) -> None:
    steps, draw = list(range(size.steps)), np.random.default_rng(2)
    with database.write() as session:
        for trial_id in _ids(database, job_id):
            data = encode({"step": steps, "loss": draw.random(size.steps).tolist(), "scale": [1.0] * size.steps})
            place = {"first_step": 0, "last_step": size.steps - 1, "rows": size.steps, "attempt": 1}
            session.add(ChunkRow(trial_id=trial_id, data=data, **place))


def _ids(database: Database, job_id: str) -> Iterator[str]:
    with database.read() as session:
        found = list(session.scalars(select(TrialRow.id).where(TrialRow.job_id == job_id)))
    yield from found


def _samples(url: str, path: str, size: Size) -> list[float]:
    client = Connection(url)  # a new one, as the service closes those that are idle while trials are made
    return [seconds(lambda: client.get(path)) for _ in range(size.samples)]
