"""A study itself: jobs that are missing are submitted, settings selected and confirmed, and the answer fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from ayla import planned_jobs
from ayla._client import Client
from ayla._clock import Clock
from ayla.builders import protocol
from ayla.errors import InvalidRequest, UnprocessableEntityError
from ayla.jobs_comparison import JobsComparison
from ayla.models import Job
from ayla.models.contract import Validation
from ayla.planned_jobs import wait_for_all
from ayla.study.plan import TAG, Phase, StudyJob, confirmation_jobs, digest_of, part_of, tuning_jobs
from ayla.study.study_file import Study, StudyProblem

SubmittedJob: TypeAlias = planned_jobs.SubmittedJob[StudyJob]

MOST_COMPARED = 100_000
"""Trials that the service compares at once."""


class StudyWatcher(Protocol):
    """Is told of the jobs."""

    def planned(self, jobs: Sequence[StudyJob]) -> None:
        """Every job that is still to be run; those of the confirmation as far as they are known."""

    def submitted(self, jobs: Sequence[SubmittedJob]) -> None:
        """Jobs that were submitted."""

    def seen(self, item: SubmittedJob) -> None:
        """A job as it is now, after each poll."""


@dataclass(frozen=True, slots=True)
class ProblemJobs:
    """The jobs of a problem that there are.

    Attributes:
        problem: of the study.
        tuning: its tuning jobs.
        confirmation: its confirmation jobs.
        missing: how many jobs are still to be submitted; of the confirmation they are known once the tuning is done.
        failed: the last job of the problem that failed or was cancelled, where the work is still missing; else None.
    """

    problem: StudyProblem
    tuning: tuple[Job, ...]
    confirmation: tuple[Job, ...]
    missing: int
    failed: Job | None = None

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them."""
        return (*self.tuning, *self.confirmation)

    @property
    def is_tuned(self) -> bool:
        """Whether every tuning job has succeeded."""
        return bool(self.tuning) and all(job.state == "succeeded" for job in self.tuning)

    @property
    def is_complete(self) -> bool:
        """Whether all of it has been run."""
        return not self.missing and bool(self.confirmation) and all(job.state == "succeeded" for job in self.jobs)


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What a study came to.

    Attributes:
        study: as its file describes it.
        service: address of the service that ran it.
        problems: with their jobs, in the study's order.
        comparison: of the arms over the complete problems; None without one.
    """

    study: Study
    service: str
    problems: tuple[ProblemJobs, ...]
    comparison: JobsComparison | None

    @property
    def complete(self) -> list[ProblemJobs]:
        """The problems that the comparison is about."""
        return [one for one in self.problems if one.is_complete]

    @property
    def missing(self) -> list[ProblemJobs]:
        """The others."""
        return [one for one in self.problems if not one.is_complete]


def run_study(client: Client, study: Study, *, clock: Clock, watcher: StudyWatcher) -> StudyResult:
    """Run what is missing of a study, and fetch the comparison of its arms.

    A run that was cut off, or whose study has grown since, goes on with what is missing; no job is submitted twice.

    Args:
        client: of the service.
        study: what to run.
        clock: for the time between polls.
        watcher: is told of the jobs.

    Raises:
        InvalidRequest: the service does not accept a problem or an arm, or more trials than it compares; nothing has
            been submitted then.
        APIError: the service refused, or gave no answer for 60 seconds in a row.
    """
    found = study_jobs(client, study)
    missing = [job for one in found for job in tuning_jobs(study, one.problem, one.tuning)]
    watcher.planned(_with_costs(client, study, missing, found))
    _finish(client, study, missing, [one for one in found if not one.is_tuned], clock, watcher)
    found = study_jobs(client, study)
    missing = [job for one in found if one.is_tuned for job in _confirmation(client, study, one)]
    _finish(client, study, missing, found, clock, watcher)
    return study_result(client, study)


def study_result(client: Client, study: Study) -> StudyResult:
    """What a study has come to so far; nothing is submitted."""
    problems = tuple(study_jobs(client, study))
    complete = [one for one in problems if one.is_complete]
    jobs = [job for one in complete for job in one.jobs]
    return StudyResult(study, client.base_url, problems, _compared(client, study, jobs) if jobs else None)


def study_jobs(client: Client, study: Study) -> list[ProblemJobs]:
    """The jobs of each problem that there are on the service."""
    listed = [job for job in client.jobs.list(project=study.study, archived="also") if TAG in job.tags]
    jobs = [client.jobs.get(job.id) for job in reversed(listed)]
    return [_of_problem(client, study, problem, jobs) for problem in study.problems]


def _of_problem(client: Client, study: Study, problem: StudyProblem, jobs: Sequence[Job]) -> ProblemJobs:
    tuning, confirmation = (tuple(part_of(study, problem, phase, jobs)) for phase in Phase)
    found = ProblemJobs(problem, tuning, confirmation, len(tuning_jobs(study, problem, tuning)))
    if found.is_tuned and not found.missing:
        found = replace(found, missing=len(_confirmation(client, study, found)))
    mine = [job for job in jobs if any(tag.endswith(f": {problem.name}") for tag in job.tags)]
    last = mine[-1] if found.missing and mine and mine[-1].state in {"failed", "cancelled"} else None
    return replace(found, failed=last)


def _confirmation(client: Client, study: Study, found: ProblemJobs) -> list[StudyJob]:
    return confirmation_jobs(study, found.problem, _selected(client, study, found.tuning), found.confirmation)


def _selected(client: Client, study: Study, tuning: Sequence[Job]) -> list[dict[str, Any]]:
    """The setting of each arm that is best on the tuning seeds, by the rule of the service's comparisons."""
    found = _compared(client, study, tuning).protocol
    (problem,) = found.problems if found is not None else ()
    return [
        {**arm.confirmation.optimizer, "label": arm.selected, "arm": arm.arm}
        for arm in problem.arms
        if arm.confirmation is not None
    ]


def _compared(client: Client, study: Study, jobs: Sequence[Job]) -> JobsComparison:
    asked = study.protocol
    seeds = protocol(asked.tuning, asked.confirmation)
    return client.compare([*jobs], protocol=seeds, metric=asked.metric, confidence=asked.confidence)


def _with_costs(
    client: Client, study: Study, missing: Sequence[StudyJob], found: Sequence[ProblemJobs]
) -> list[StudyJob]:
    """The jobs that are still to be run with what they cost, after every one of them was found valid.

    The confirmation jobs are not known yet: one of each problem stands for them, by what a trial of its tuning costs.
    """
    jobs, costs, trials = [], dict[str, float](), 0
    for job in missing:
        told = _validated(client, study, job)
        trials += told.trials
        costs[job.problem] = told.estimated_seconds / told.trials
        jobs.append(replace(job, cost=told.estimated_seconds))
    confirmed = len(study.entries) * len(study.protocol.confirmation)
    known = sum(job.trials.total for one in found for job in one.tuning)
    _bounded(trials + known + confirmed * len(study.problems), study)
    expected = [
        StudyJob(
            expected_name(one.problem.name), one.problem.name, Phase.CONFIRMATION, {}, _cost(one, costs) * confirmed
        )
        for one in found
        if not one.is_complete
    ]
    return [*(item.planned for item in _running(found)), *jobs, *expected]


def expected_name(problem: str) -> str:
    """Under which the confirmation of a problem stands in a plan before its jobs are known."""
    return f"{problem}, {Phase.CONFIRMATION}"


def _cost(found: ProblemJobs, costs: dict[str, float]) -> float:
    """Of a trial; 1 where its tuning was run before."""
    return costs.get(found.problem.name, 1.0)


def _validated(client: Client, study: Study, job: StudyJob) -> Validation:
    try:
        return client.jobs.validate(job.spec)
    except UnprocessableEntityError as error:
        place = [one.name for one in study.problems].index(job.problem)
        told = "; ".join(f"{one.pointer} {one.detail}" for one in error.errors) or str(error)
        raise InvalidRequest(
            f"/problems/{place}", f"'{job.problem}' with the study's arms is no job: {told}"
        ) from error


def _bounded(trials: int, study: Study) -> None:
    if trials > MOST_COMPARED:
        raise InvalidRequest(
            "/protocol",
            f"the study has {trials:,} trials, and a comparison reads at most {MOST_COMPARED:,}: take fewer settings, "
            f"seeds or problems; here are {study.protocol.settings} settings on {len(study.protocol.tuning)} seeds.",
        )


def _finish(
    client: Client,
    study: Study,
    missing: Sequence[StudyJob],
    found: Sequence[ProblemJobs],
    clock: Clock,
    watcher: StudyWatcher,
) -> None:
    """Submit what is missing, and wait for it and for what runs already."""
    items = [*_running(found), *(_submit(client, study, job, found) for job in missing)]
    watcher.submitted(items)
    wait_for_all(client, items, clock, watcher.seen)


def _running(found: Sequence[ProblemJobs]) -> Iterator[SubmittedJob]:
    for one in found:
        for phase, jobs in ((Phase.TUNING, one.tuning), (Phase.CONFIRMATION, one.confirmation)):
            for job in jobs:
                if not job.finished:
                    planned = StudyJob(job.title, one.problem.name, phase, {})
                    yield planned_jobs.SubmittedJob(planned, job, found=True)


def _submit(client: Client, study: Study, planned: StudyJob, found: Sequence[ProblemJobs]) -> SubmittedJob:
    # Two runs at once, or one that was killed between the request and its answer, agree on this key.
    ended = next((one.failed.id for one in found if one.problem.name == planned.problem and one.failed), "")
    digest = hashlib.sha256(f"{study.study}\n{ended}\n{digest_of(planned.spec)}".encode()).hexdigest()
    job = client.jobs.submit(planned.spec, idempotency_key=f"{TAG}-{digest[:32]}")
    return planned_jobs.SubmittedJob(planned, job, found=False)
