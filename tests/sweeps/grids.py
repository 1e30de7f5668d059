"""A sweep of two arms over rates and exponents, as a job of the service, and its results as if it had run."""

from typing import Any

import numpy as np
from ayla_service.db.models import ShardRow
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES
from ayla_service.trials.progress import ShardProgress, write_summaries
from sqlalchemy import select

from tests.factories import spec, summaries

RATES, EXPONENTS = (0.01, 0.03, 0.1), (0.5, 1.0, 1.5, 2.0)

PROBLEM = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": {"uniform": [-1.0, 1.0]}}}


def grid_spec(**changes: Any) -> dict[str, Any]:
    """Plain SGD at three rates, and AYLA with four N2 at each, on two seeds of a drawn start."""
    plain = [{"name": "sgd", "learning_rate": rate, "arm": "plain"} for rate in RATES]
    with_ayla = [
        {"name": "sgd", "learning_rate": rate, "ayla": {"n1": 1.0, "n2": n2}, "arm": "ayla"}
        for rate in RATES
        for n2 in EXPONENTS
    ]
    return spec(**{"problem": PROBLEM, "optimizers": [*plain, *with_ayla], "seeds": [0, 1], **changes})


def finish(database: Database, job_id: str, losses: np.ndarray, **columns: Any) -> None:
    """All trials completed, with these losses and what else is given, a value of each trial."""
    given = {"final_loss": losses, "best_loss": losses, **columns}
    with database.write() as session:
        for shard in session.scalars(select(ShardRow).where(ShardRow.job_id == job_id)).all():
            own = slice(shard.first_trial, shard.first_trial + shard.trials)
            found = summaries(
                shard.trials,
                state=CODES[TrialState.COMPLETED],
                losses_below_one=3,
                losses_above_one=5,
                **{name: column[own] for name, column in given.items()},
            )
            write_summaries(session, [ShardProgress(shard.id, shard.attempt, 1, found)])
