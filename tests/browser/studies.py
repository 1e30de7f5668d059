"""Jobs with results, for views of them: a sweep, and a study of arms with their curves; texts of users are hostile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import AttemptOutcome, JobState, TrialState
from sqlalchemy import select

from tests.factories import Jobs, set_trials, spec
from tests.http.helpers import record
from tests.sweeps.grids import PROBLEM, finish, grid_spec
from tests.trials.chunked import ids_of

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'"&amp;'
SEEDS = 9


def ended_sweep(store: Database) -> str:
    """A sweep that has ended and kept no trajectories, one setting diverged; its names are hostile."""
    given = grid_spec(name=f"Hostile {HOSTILE}", record={"trajectories": "none"})
    optimizers = [{**one, "arm": f"{one['arm']} {HOSTILE}"} for one in given["optimizers"]]
    made = Jobs(store).submit({**given, "optimizers": optimizers})
    finish(store, made.id, np.arange(30.0))
    set_trials(store, made.id, 29, state=TrialState.DIVERGED, final_loss=None)
    succeed(store, made.id)
    return made.id


def succeed(store: Database, job_id: str) -> None:
    """End a job whose trials have ended."""
    with store.write() as session:
        row = session.get_one(JobRow, job_id)
        row.state, row.finished_at = JobState.SUCCEEDED, row.created_at
        row.updated_at = datetime.now(UTC)  # streams notice it by this


def ended_study(store: Database) -> str:
    """Two arms of two settings each with their curves; the one with AYLA ends lower on each seed but the last."""
    optimizers: list[dict[str, Any]] = [
        {
            "name": "sgd",
            "learning_rate": rate,
            "arm": arm,
            **({"ayla": {"n1": 1.0, "n2": 1.4}} if arm == "AYLA" else {}),
        }
        for arm in ("plain", "AYLA")
        for rate in (0.01, 0.03)
    ]
    given = spec(problem=PROBLEM, optimizers=optimizers, seeds=[*range(SEEDS)], name=f"Study {HOSTILE}")
    made = Jobs(store).submit(given)
    for place, trial in enumerate(ids_of(store, made.id)):
        setting, seed = divmod(place, SEEDS)
        end = 1.0 + seed / 8 - setting / 4 + (seed == SEEDS - 1) * setting
        record(
            store,
            trial,
            {"step": [0, 5, 10], "loss": [10.0, 4.0 - setting, end]},
            steps_done=10,
            final_loss=end,
            best_loss=end,
            best_step=10,
        )
    return made.id


def many_pairs(store: Database, pairs: int, seeds: int) -> str:
    """As many rates, each with AYLA and without, that have ended; AYLA ends lower on each seed."""
    rates = np.linspace(0.01, 0.1, pairs).round(5).tolist()
    optimizers: list[dict[str, Any]] = [
        {"name": "sgd", "learning_rate": rate, **more}
        for more in ({}, {"ayla": {"n1": 1.0, "n2": 1.4}})
        for rate in rates
    ]
    keeps_nothing = {"trajectories": "none"}
    made = Jobs(store).submit(
        spec(problem=PROBLEM, optimizers=optimizers, seeds=[*range(seeds)], record=keeps_nothing, name="Many pairs")
    )
    finish(store, made.id, 1.0 + np.arange(2.0 * pairs * seeds)[::-1])
    succeed(store, made.id)
    return made.id


def many_trials(store: Database, settings: int, seeds: int, best: int) -> str:
    """A job on an axis whose trials have all ended and kept nothing; the trial of this index is the best."""
    rates = np.linspace(0.01, 0.1, settings).round(6).tolist()
    made = Jobs(store).submit(
        spec(
            problem=PROBLEM,
            optimizers=[{"name": "sgd", "learning_rate": {"values": rates}}],
            seeds=[*range(seeds)],
            record={"trajectories": "none"},
            name="Many trials",
        )
    )
    finish(store, made.id, 1.0 + np.abs(np.arange(float(settings * seeds)) - best))
    succeed(store, made.id)
    return made.id


def tried_again(store: Database, job_id: str, times: int) -> None:
    """The first shard of a job was lost with its worker so many times, one after the other."""
    with store.write() as session:
        shard = session.scalars(select(ShardRow.id).where(ShardRow.job_id == job_id).order_by(ShardRow.index)).first()
        for number in range(1, times + 1):
            time = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=number)
            row: dict[str, Any] = {"started_at": time, "heartbeat_at": time, "ended_at": time, "environment": {}}
            session.add(AttemptRow(shard_id=shard, number=number, worker="here:1", outcome=AttemptOutcome.LOST, **row))


def ended_axes(store: Database) -> str:
    """Two arms of three rates on an axis, three seeds, all with their curves; the second rate is the best of each.

    In the last trial N2 had no effect.
    """
    optimizers = [
        {"name": "sgd", "learning_rate": {"values": [0.01, 0.02, 0.04]}, "arm": arm, **more}
        for arm, more in (("plain", {}), ("AYLA", {"ayla": {"n1": 1.0, "n2": 1.4}}))
    ]
    kept = {"seeds": [0, 1, 2], "record": {"trajectories": "all"}}
    made = Jobs(store).submit(spec(problem=PROBLEM, optimizers=optimizers, name="Rates on an axis", **kept))
    for place, trial in enumerate(ids_of(store, made.id)):
        setting, seed = divmod(place, 3)
        end = 1.0 + seed + 4.0 * (setting % 3 != 1) - setting / 10
        rows: dict[str, Any] = {"step": [0, 5, 10], "loss": [10.0, 8.0, end]}
        idle: dict[str, Any] = {"losses_below_one": 3, "losses_above_one": 0} if place == 17 else {}
        record(store, trial, rows, steps_done=10, final_loss=end, best_loss=end, best_step=10, **idle)
    succeed(store, made.id)
    return made.id
