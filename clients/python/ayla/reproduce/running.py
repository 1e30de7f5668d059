"""Submitting the experiments, following them and fetching what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from ayla._client import Client
from ayla._clock import Clock
from ayla._patience import Patience
from ayla.models import Job
from ayla.reproduce.curve_claims import curve_a_findings, curve_b_findings
from ayla.reproduce.experiment import CURVES, Experiment, Run
from ayla.reproduce.finding import Finding
from ayla.reproduce.polynomial_claims import adam_findings, sgd_findings
from ayla.reproduce.report import Report
from ayla.reproduce.seeds import SeedStudy, study_seeds

TAG = "reproduce"

_POLL = 0.25
# Steps 0 and the last are always recorded, and a study of seeds needs no more.
_ONLY_ENDS = {"every": 10_000, "predictions_at": []}

_FINDINGS: dict[str, Callable[[Experiment], list[Finding]]] = {
    "poly-sgd": sgd_findings,
    "poly-adam": adam_findings,
    "curve-a": curve_a_findings,
    "curve-b": curve_b_findings,
}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A submitted job and what it is for."""

    name: str
    over_seeds: bool
    job: Job


def reproduce(
    client: Client, names: Sequence[str], *, seeds: int, clock: Clock, on_progress: Callable[[Job], None]
) -> Report:
    """Run experiments on the service and judge the paper's claims by their trajectories.

    Args:
        client: of the service.
        names: presets to run, out of ``PRESETS``.
        seeds: how many seeds the study beyond the paper has; with fewer than 2 there is none.
        clock: for the time between looks.
        on_progress: called with each job after each look at it.

    Raises:
        APIError: the service refused, or gave no answer for 60 seconds in a row.
    """
    planned = [*_submitted(client, names, seeds)]
    finished = _followed(client, planned, clock, on_progress)
    good = [plan for plan in finished if plan.job.state == "succeeded"]
    experiments = [_experiment(client, plan) for plan in good if not plan.over_seeds]
    return Report(
        created_at=datetime.now(UTC),
        service=client.base_url,
        experiments=tuple(experiments),
        findings=tuple(finding for experiment in experiments for finding in _FINDINGS[experiment.name](experiment)),
        studies=tuple(_study(client, plan) for plan in good if plan.over_seeds),
        unfinished=tuple(plan.job for plan in finished if plan.job.state != "succeeded"),
    )


def _submitted(client: Client, names: Sequence[str], seeds: int) -> Iterable[_Planned]:
    for name in names:
        problem = {"type": "preset", "preset": name}
        job = client.jobs.submit(problem=problem, name=name, tags=[TAG])
        yield _Planned(name, over_seeds=False, job=job)
    for name in names:
        if name in CURVES and seeds > 1:
            job = client.jobs.submit(
                problem={"type": "preset", "preset": name},
                seeds=study_seeds(seeds),
                record=_ONLY_ENDS,
                name=f"{name}, {seeds} seeds",
                tags=[TAG],
            )
            yield _Planned(name, over_seeds=True, job=job)


def _followed(
    client: Client, planned: Iterable[_Planned], clock: Clock, on_progress: Callable[[Job], None]
) -> list[_Planned]:
    plans = {plan.job.id: plan for plan in planned}
    pending, patience = [*plans], Patience(clock)
    once = client.with_options(max_retries=0)
    while pending:
        for job_id in pending:
            job = patience.look(partial(once.jobs.get, job_id))
            if job is None:
                break
            on_progress(job)
            plans[job_id] = replace(plans[job_id], job=job)
        pending = [job_id for job_id in pending if not plans[job_id].job.finished]
        if pending:
            clock.sleep(patience.pause(_POLL))
    return [*plans.values()]


def _experiment(client: Client, plan: _Planned) -> Experiment:
    runs = [
        Run(trial, client.trials.trajectory(trial), client.trials.predictions(trial))
        for trial in client.jobs.trials(plan.job)
    ]
    return Experiment(name=plan.name, job=plan.job, runs=tuple(runs))


def _study(client: Client, plan: _Planned) -> SeedStudy:
    trials = tuple(client.jobs.trials(plan.job))
    return SeedStudy(name=plan.name, job=plan.job, trials=trials, comparison=client.compare(plan.job))
