"""Specs, workers and results that many tests need, small and valid."""

from typing import Any

from ayla_service.db.session import Database
from ayla_service.jobs.service import JobService
from ayla_service.jobs.views import JobView
from ayla_service.queue.attempts import RecordedBlock
from ayla_service.queue.claims import Claim, SavedState, WorkerIdentity
from ayla_service.queue.retries import RetryPolicy
from ayla_service.queue.wakeup import TimerWakeUp
from ayla_service.results.encoding import encode
from ayla_service.results.progress import TrialProgress
from ayla_service.results.writer import NewChunk, NewResults
from ayla_service.states import TrialState
from ayla_spec import JobSpec

AT_ONCE = RetryPolicy(max_attempts=3, pause_seconds=0.0)
"""Three attempts, without a pause between them."""

WORKER = WorkerIdentity("here:1", frozenset({"auto", "cpu"}), {"torch": "none"})


STYBLINSKI_TANG: dict[str, Any] = {
    "type": "expression",
    "expression": "sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))/2",
    "start": {"x": [0.1 * place for place in range(1, 11)]},
}
"""Ten variables: some hundred thousand steps take seconds, however fast the kernels are."""


def spec(**changes: Any) -> dict[str, Any]:
    """A valid job spec as a user would write it: two optimizers, ten steps."""
    return {
        "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}},
        "optimizers": [
            {"name": "sgd", "learning_rate": 0.03},
            {"name": "sgd", "learning_rate": 0.03, "ayla": {"n1": 1.0, "n2": 1.4}},
        ],
        "budget": {"steps": 10},
        **changes,
    }


def jobs(database: Database) -> JobService:
    """The job service over a store."""
    return JobService(database, TimerWakeUp())


def submit(database: Database, **changes: Any) -> JobView:
    """Submit ``spec(**changes)``."""
    submitted = spec(**changes)
    return jobs(database).submit(JobSpec.model_validate(submitted), submitted).job


def progress(claim: Claim, first: int, last: int, *, finished: bool = False) -> RecordedBlock:
    """A block of made-up steps ``first..last`` for every trial of a claim."""
    steps = list(range(first, last + 1))
    data = encode({"step": steps, "loss": [1.0 / (step + 1) for step in steps]})
    ids = list(claim.trial_ids.values())
    state = TrialState.COMPLETED if finished else TrialState.RUNNING
    final = 1.0 / (last + 1) if finished else None
    return RecordedBlock(
        checkpoint=None if finished else SavedState(last + 1, f"state at {last + 1}".encode()),
        trials=[TrialProgress(trial_id, state, last, final, 1.0 / (last + 1), last, None, 0, 0.5) for trial_id in ids],
        results=NewResults([NewChunk(trial_id, first, last, len(steps), data) for trial_id in ids]),
        finished=finished,
    )
