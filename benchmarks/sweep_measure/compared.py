"""A comparison of 100 000 trials by their summaries, over HTTP."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from api_measure.clients import Connection
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES, Summaries
from ayla_service.trials.progress import ShardProgress, write_summaries
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration, seconds
from queue_measure.figures import median, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from sqlalchemy import select

_COMPARED = at_most(2.0)
_STEPS = 800


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        settings: of each of the two arms.
        seeds: of each setting.
        samples: of each request.
    """

    settings: int = 50
    seeds: int = 1000
    samples: int = 3


_QUICK = Size(settings=5, seeds=20, samples=1)


def measure(*, quick: bool) -> Findings:
    """Median of the answers, each from the request until it is read."""
    size = _QUICK if quick else Size()
    trials = 2 * size.settings * size.seeds
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            for kind, taken in _of(backing, way, size).items():
                goal = _COMPARED if kind == "comparison" else None
                rows.append(Row(f"{name}: {kind}, median", median(taken), "s", goal, f"slowest {duration(max(taken))}"))
                lines.append((name, kind, *shown(taken, 0.5, 0.99)))
        described = backing.described()
    remark = (
        f"{trials:,} trials: two arms of {size.settings} learning rates with {size.seeds:,} seeds each, on an "
        "expression with a random start. One request at a time, none of them answered from memory of an earlier one."
    )
    return Findings(rows, [Table(("store", "reads", "p50", "p99"), lines)], [remark, described])


def _of(backing: Servers, way: Way, size: Size) -> dict[str, list[float]]:
    with installed(backing, way) as installation:
        installation.start_api()
        job = _ended(installation.database, installation.url, size)
        paths = {"comparison": f"/v1/jobs/{job}/comparison", "best setting": f"/v1/jobs/{job}/best"}
        return {
            kind: [seconds(lambda path=path: Connection(installation.url).get(path)) for _ in range(size.samples)]
            for kind, path in paths.items()
        }


def _spec(size: Size) -> dict[str, Any]:
    rates = {"low": 1e-4, "high": 0.1, "scale": "log", "count": size.settings}
    arms = [{"name": "sgd", "learning_rate": rates}, {"name": "sgd", "learning_rate": rates, "ayla": {"n2": 1.4}}]
    problem = {"type": "expression", "expression": "x**2", "start": {"x": {"uniform": [-3, 3]}}}
    return {"problem": problem, "optimizers": arms, "budget": {"steps": _STEPS}, "seeds": list(range(size.seeds))}


def _ended(database: Database, url: str, size: Size) -> str:
    """A job whose trials have all ended."""
    Connection(url).post("/v1/jobs", json.dumps(_spec(size)).encode())
    draw = np.random.default_rng(0)
    with database.write() as session:
        job_id = session.scalars(select(JobRow.id).order_by(JobRow.created_at.desc()).limit(1)).one()
        shards = session.execute(select(ShardRow.id, ShardRow.trials).where(ShardRow.job_id == job_id))
        made = [ShardProgress(shard.id, 1, _STEPS, _summaries(shard.trials, draw)) for shard in shards]
        write_summaries(session, made)
    return job_id


def _summaries(trials: int, draw: np.random.Generator) -> Summaries:
    best, final = np.sort(draw.random((2, trials)), axis=0)
    columns = {"state": CODES[TrialState.COMPLETED], "steps_done": _STEPS, "wall_seconds": 1.0, "best_step": 1}
    columns |= {"final_loss": final, "best_loss": best, "losses_below_one": _STEPS, "losses_above_one": 5}
    blank = Summaries.blank(trials).columns
    return Summaries(dict(blank) | {name: np.full(trials, it, blank[name].dtype) for name, it in columns.items()})
