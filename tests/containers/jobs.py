"""Jobs of the checks."""

import math
import time
from typing import Any

from tests.containers.installation import Installation, eventually

SHORT = {"problem": {"type": "preset", "preset": "poly-adam"}}

_SECONDS = 20
_MEASURED_EPOCHS = 200
_FINISHED = ("succeeded", "failed", "cancelled")


def measure(installation: Installation) -> float:
    """See how fast this machine is, so that long jobs take the same time on every one; returns epochs a second."""
    begun = time.monotonic()
    succeeded(installation, submit(installation, _network(_MEASURED_EPOCHS)))
    installation.epochs_per_second = _MEASURED_EPOCHS / (time.monotonic() - begun)
    return installation.epochs_per_second


def long_job(installation: Installation) -> dict[str, Any]:
    """One that is computed for about twenty seconds."""
    return _network(math.ceil(_SECONDS * installation.epochs_per_second))


def _network(epochs: int) -> dict[str, Any]:
    """A network on data that need no download."""
    return {
        "problem": {
            "type": "dataset",
            "dataset": {"name": "digits"},
            "model": {"name": "mlp", "hidden": [64]},
            "batch_size": 32,
        },
        "optimizers": [{"name": "adam", "learning_rate": 0.001}],
        "budget": {"epochs": epochs},
        "record": {"every": 1000},
    }


def submit(installation: Installation, job: dict[str, Any]) -> str:
    """The id of a job that has been accepted."""
    status, answer = installation.ask("/v1/jobs", job)
    assert status == 202, answer
    return str(answer["id"])


def state(installation: Installation, job: str) -> str:
    """Of a job; nothing while the API does not answer."""
    try:
        status, answer = installation.ask(f"/v1/jobs/{job}")
    except OSError:
        return ""
    return str(answer["state"]) if status == 200 else ""


def computing(installation: Installation, job: str) -> None:
    """Return when the job is being computed and has results already."""
    stored = f"SELECT count(*) FROM chunks JOIN trials ON trials.id = chunks.trial_id WHERE trials.job_id = '{job}'"
    eventually(
        lambda: state(installation, job) == "running" and int(installation.query(stored)) > 0, "the job computes"
    )


def succeeded(installation: Installation, job: str) -> None:
    """Return when the job has succeeded."""
    eventually(lambda: state(installation, job) in _FINISHED, "the job ends")
    assert state(installation, job) == "succeeded", installation.ask(f"/v1/jobs/{job}")


def attempts(installation: Installation, job: str) -> list[str]:
    """How the attempts at a job ended, in order."""
    return _of_attempts(installation, job, "outcome")


def first_steps(installation: Installation, job: str) -> list[int]:
    """Where the attempts at a job began, in order."""
    return [int(step) for step in _of_attempts(installation, job, "first_step")]


def _of_attempts(installation: Installation, job: str, column: str) -> list[str]:
    sql = (
        f"SELECT string_agg(attempts.{column}::text, ' ' ORDER BY attempts.number) FROM attempts "
        f"JOIN shards ON shards.id = attempts.shard_id WHERE shards.job_id = '{job}'"
    )
    return installation.query(sql).split()
