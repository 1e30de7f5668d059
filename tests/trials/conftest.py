"""A job with results."""

import pytest
from ayla_service.db.session import Database
from ayla_service.states import TrialState

from tests.http.helpers import record
from tests.trials.chunked import ids_of
from tests.trials.recorded import COLUMNS


@pytest.fixture
def trial_ids(database: Database, job_id: str) -> list[str]:
    return ids_of(database, job_id)


@pytest.fixture
def recorded(database: Database, trial_ids: list[str]) -> list[str]:
    """Two trials, the first with numbers that are not finite, the second without param.x."""
    record(database, trial_ids[0], COLUMNS, state=TrialState.DIVERGED, steps_done=5)
    record(database, trial_ids[1], {"step": [0, 1], "loss": [2.0, 1.0]}, steps_done=1, best_loss=1.0, wall_seconds=0.5)
    return trial_ids
