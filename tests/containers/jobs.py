"""Jobs of the checks."""

import math
from datetime import datetime
from typing import Any

from tests.containers.installation import Installation, eventually

SHORT = {"problem": {"type": "preset", "preset": "poly-adam"}}

_SECONDS = 20
_MEASURED_EPOCHS = 200
_MANY_EPOCHS = 100_000
_FINISHED = ("succeeded", "failed", "cancelled")


def measure(installation: Installation) -> float:
    """See how fast this machine is, so that long jobs take the same time on every one; returns epochs a second."""
    job = submit(installation, _network(_MEASURED_EPOCHS))
    succeeded(installation, job)
    (attempt,) = _attempts(installation, job)
    begun, ended = (datetime.fromisoformat(attempt[name]) for name in ("started_at", "ended_at"))
    installation.epochs_per_second = _MEASURED_EPOCHS / (ended - begun).total_seconds()
    return installation.epochs_per_second


def long_job(installation: Installation) -> dict[str, Any]:
    """One that is computed for about twenty seconds."""
    return _network(math.ceil(_SECONDS * installation.epochs_per_second))


def job_to_cancel() -> dict[str, Any]:
    """One that is computed for minutes at least."""
    return _network(_MANY_EPOCHS)


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
    eventually(lambda: _has_results(installation, job), "the job computes")


def _has_results(installation: Installation, job: str) -> bool:
    status, answer = installation.ask(f"/v1/jobs/{job}")
    assert status == 200, answer
    assert answer["state"] not in _FINISHED, answer
    return bool(answer["state"] == "running" and answer["progress"]["steps_done"] > 0)


def succeeded(installation: Installation, job: str) -> None:
    """Return when the job has succeeded."""
    eventually(lambda: state(installation, job) in _FINISHED, "the job ends")
    assert state(installation, job) == "succeeded", installation.ask(f"/v1/jobs/{job}")


def cancelled(installation: Installation, job: str) -> None:
    """Cancel the job, and return when its worker has let it go."""
    status, answer = installation.ask(f"/v1/jobs/{job}/cancel", {})
    assert status == 202, answer
    eventually(lambda: state(installation, job) == "cancelled", "the job is cancelled")
    eventually(lambda: attempts(installation, job) == ["cancelled"], "its worker has let it go")


def attempts(installation: Installation, job: str) -> list[str]:
    """How the attempts at a job ended, in order."""
    return [str(each["outcome"]) for each in _attempts(installation, job)]


def first_steps(installation: Installation, job: str) -> list[int]:
    """Where the attempts at a job began, in order."""
    return [int(each["first_step"]) for each in _attempts(installation, job)]


def _attempts(installation: Installation, job: str) -> list[dict[str, Any]]:
    status, answer = installation.ask(f"/v1/jobs/{job}/attempts")
    assert status == 200, answer
    return list(answer["data"])
