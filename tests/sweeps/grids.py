"""A sweep of two arms over rates and exponents, as a job of the service, and its results as if it had run."""

from typing import Any

import numpy as np
from ayla_service.db.session import Database
from ayla_service.states import TrialState

from tests.factories import set_trials, spec

RATES, EXPONENTS = (0.01, 0.03, 0.1), (0.5, 1.0, 1.5, 2.0)


def grid_spec(**changes: Any) -> dict[str, Any]:
    """Plain SGD at three rates, and AYLA with four N2 at each, on two seeds of a drawn start."""
    plain = [{"name": "sgd", "learning_rate": rate, "arm": "plain"} for rate in RATES]
    with_ayla = [
        {"name": "sgd", "learning_rate": rate, "ayla": {"n1": 1.0, "n2": n2}, "arm": "ayla"}
        for rate in RATES
        for n2 in EXPONENTS
    ]
    problem = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": {"uniform": [-1.0, 1.0]}}}
    return spec(**{"problem": problem, "optimizers": [*plain, *with_ayla], "seeds": [0, 1], **changes})


def finish(database: Database, job_id: str, losses: np.ndarray) -> None:
    above = np.full(len(losses), 5)
    set_trials(
        database,
        job_id,
        state=TrialState.COMPLETED,
        final_loss=losses,
        best_loss=losses,
        losses_below_one=3,
        losses_above_one=above,
    )
