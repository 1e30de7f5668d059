"""What the client of the version before does with a service: run as a program, with that client alone on its path.

Nothing of the tests or of the present client may be imported here.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import ayla

Refusal = TypeVar("Refusal", bound=ayla.AylaError)


def main(installed: str, url: str) -> None:
    """Use everything that the client has.

    Args:
        installed: the folder where the client of the version before is.
        url: the service.
    """
    assert Path(ayla.__file__).is_relative_to(installed), ayla.__file__
    with ayla.Client(url) as client:
        read(client)
        fit(client)
        steer(client)
        refusals(client)
    command(url)


def read(client: ayla.Client) -> None:
    catalogue = client.catalogue()
    assert {entry["name"] for entry in catalogue.presets} >= {"poly-sgd", "curve-a"}
    assert catalogue.job_schema["properties"]["problem"]
    plain, lifted = ayla.adam(0.01), ayla.adam(0.01, ayla=ayla.transform(n1=1.0, n2=0.57))
    problem = ayla.expression("x**4 - 3*x**3 + 2", x=-1.0)
    job = client.jobs.submit(problem=problem, optimizers=[plain, lifted], budget=800, name="before", tags=["before"])
    seen: list[str] = []
    job = client.jobs.wait(job, timeout=600, on_progress=lambda now: seen.append(now.state))
    assert (job.state, seen[-1], job.trials.completed) == ("succeeded", "succeeded", 2)
    assert client.jobs.get(job.id).resolved is not None
    assert [each.id for each in client.jobs.list(tag="before")] == [job.id]
    assert [each.outcome for each in client.jobs.attempts(job)] == ["succeeded"]
    trials = client.jobs.trials(job)
    ends = [client.trials.trajectory(trial, columns=["step", "param.x"])["param.x"][-1] for trial in trials]
    assert [round(float(end), 2) for end in ends] == [-0.03, 2.25]
    assert client.trials.get(trials[0].id).summary is not None
    assert "AYLA-Adam" in str(client.compare(job))
    assert client.workers.list()[0].environment["ayla"]


def fit(client: ayla.Client) -> None:
    curve = client.jobs.submit(
        problem=ayla.dataset("curve", model=ayla.mlp(8), samples=30),
        optimizers=[ayla.sgd(0.01, momentum=0.9, schedule=ayla.schedules.cosine())],
        budget={"epochs": 5},
        seeds=[0, 1],
        record={"predictions_at": [5]},
    )
    digits = client.jobs.submit(
        problem=ayla.dataset("digits", model=ayla.linear(), batch_size=32),
        optimizers=[ayla.adamw(1e-3)],
        budget={"epochs": 2},
    )
    trial, _ = client.jobs.trials(client.jobs.wait(curve, timeout=600))
    assert [*client.trials.predictions(trial).steps] == [5]
    (trial,) = client.jobs.trials(client.jobs.wait(digits, timeout=600))
    assert len(client.trials.metrics(trial)["test_accuracy"]) == 2


def steer(client: ayla.Client) -> None:
    long = {"problem": ayla.expression("x**2", x=1.0), "optimizers": [ayla.sgd(1e-9)], "budget": {"steps": 9_000_000}}
    job = client.jobs.submit({**long, "record": {"every": 100_000}}, idempotency_key="before")
    assert client.jobs.submit({**long, "record": {"every": 100_000}}, idempotency_key="before").id == job.id
    assert client.jobs.pause(job).paused
    assert client.jobs.prioritise(job, "high").priority == "high"
    assert not client.jobs.resume(job).paused
    client.jobs.cancel(job)
    ended = refusal(lambda: client.jobs.wait(job, timeout=600), ayla.JobCancelled)
    assert ended.job.state == "cancelled"


def refusals(client: ayla.Client) -> None:
    missing = refusal(lambda: client.jobs.get("6f1c2d3e-0000-4000-8000-000000000001"), ayla.NotFoundError)
    assert missing.problem.slug == "job-not-found"
    wrong = {"problem": ayla.expression("x", x=1.0), "optimizers": [ayla.adam(-1.0)], "budget": {"steps": 1}}
    refused = refusal(lambda: client.jobs.submit(wrong), ayla.UnprocessableEntityError)
    assert [each.pointer for each in refused.errors] == ["/optimizers/0/learning_rate"]


def refusal(call: Callable[[], object], kind: type[Refusal]) -> Refusal:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def command(url: str) -> None:
    run = [sys.executable, "-c", "from ayla.cli import main; main()", "--base-url", url]
    for arguments in (["submit", "--preset", "poly-sgd", "--watch"], ["ls"], ["workers"]):
        done = subprocess.run([*run, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout


if __name__ == "__main__":
    main(*sys.argv[1:])
