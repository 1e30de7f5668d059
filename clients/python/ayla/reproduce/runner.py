"""The reproduction itself: submit the experiments, wait for them, fetch their results and check the claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from ayla._client import Client
from ayla._clock import Clock
from ayla._polling import JobPoller
from ayla.models import Job
from ayla.reproduce.claims import ClaimResult
from ayla.reproduce.curve_claims import curve_a_claims, curve_b_claims
from ayla.reproduce.experiment import CURVES, Experiment, MethodRun
from ayla.reproduce.polynomial_claims import adam_claims, sgd_claims
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy, study_seeds

TAG = "reproduce"

_POLL = 0.25
# Steps 0 and the last are always recorded, and a study of seeds needs no more.
_FIRST_AND_LAST = {"every": 10_000, "predictions_at": []}

_CLAIMS: dict[str, Callable[[Experiment], list[ClaimResult]]] = {
    "poly-sgd": sgd_claims,
    "poly-adam": adam_claims,
    "curve-a": curve_a_claims,
    "curve-b": curve_b_claims,
}


@dataclass(frozen=True, slots=True)
class _SubmittedJob:
    """A submitted job, the preset that it is of, and whether it is a study over seeds."""

    name: str
    over_seeds: bool
    job: Job


def reproduce(
    client: Client, names: Sequence[str], *, seeds: int, clock: Clock, on_progress: Callable[[Job], None]
) -> ReproductionReport:
    """Run experiments on the service and check the paper's claims by their trajectories.

    Args:
        client: of the service.
        names: presets to run, out of ``PRESETS``.
        seeds: number of seeds of the study beyond the paper; below 2 there is none.
        clock: for the time between polls.
        on_progress: called with each job after each poll.

    Raises:
        APIError: the service refused, or gave no answer for 60 seconds in a row.
    """
    submitted = [*_submit(client, names, seeds)]
    finished = _wait_for_all(client, submitted, clock, on_progress)
    good = [item for item in finished if item.job.state == "succeeded"]
    experiments = [_experiment(client, item) for item in good if not item.over_seeds]
    return ReproductionReport(
        created_at=datetime.now(UTC),
        service=client.base_url,
        experiments=tuple(experiments),
        claims=tuple(result for experiment in experiments for result in _CLAIMS[experiment.name](experiment)),
        studies=tuple(_study(client, item) for item in good if item.over_seeds),
        unfinished=tuple(item.job for item in finished if item.job.state != "succeeded"),
    )


def _submit(client: Client, names: Sequence[str], seeds: int) -> Iterable[_SubmittedJob]:
    for name in names:
        problem = {"type": "preset", "preset": name}
        job = client.jobs.submit(problem=problem, name=name, tags=[TAG])
        yield _SubmittedJob(name, over_seeds=False, job=job)
    for name in names:
        if name in CURVES and seeds > 1:
            job = client.jobs.submit(
                problem={"type": "preset", "preset": name},
                seeds=study_seeds(seeds),
                record=_FIRST_AND_LAST,
                name=f"{name}, {seeds} seeds",
                tags=[TAG],
            )
            yield _SubmittedJob(name, over_seeds=True, job=job)


def _wait_for_all(
    client: Client, submitted: Iterable[_SubmittedJob], clock: Clock, on_progress: Callable[[Job], None]
) -> list[_SubmittedJob]:
    jobs = {item.job.id: item for item in submitted}
    pending, poller = [*jobs], JobPoller(clock)
    without_retries = client.with_options(max_retries=0)
    while pending:
        for job_id in pending:
            job = poller.poll(partial(without_retries.jobs.get, job_id))
            if job is None:
                break
            on_progress(job)
            jobs[job_id] = replace(jobs[job_id], job=job)
        pending = [job_id for job_id in pending if not jobs[job_id].job.finished]
        if pending:
            clock.sleep(poller.interval(_POLL))
    return [*jobs.values()]


def _experiment(client: Client, item: _SubmittedJob) -> Experiment:
    runs = [
        MethodRun(trial, client.trials.trajectory(trial), client.trials.predictions(trial))
        for trial in client.jobs.trials(item.job)
    ]
    return Experiment(name=item.name, job=item.job, runs=tuple(runs))


def _study(client: Client, item: _SubmittedJob) -> SeedStudy:
    trials = tuple(client.jobs.trials(item.job))
    return SeedStudy(
        name=item.name, job=item.job, trials=trials, comparison=client.compare(item.job, metric="final_loss")
    )
