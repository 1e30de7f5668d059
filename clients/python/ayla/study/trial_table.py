"""Every trial of a study as a CSV file, from which its numbers can be computed again with other tools."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from ayla._client import Client
from ayla.models import Job, Trial
from ayla.study.plan import Phase
from ayla.study.runner import ProblemJobs, StudyResult

METRICS = ("final_loss", "best_loss", "test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy")
COLUMNS = ("problem", "phase", "arm", "label", "seed", "state", *METRICS, "steps", "job", "optimizer")


def write_trials(client: Client, result: StudyResult, path: Path) -> int:
    """Write all trials of the complete problems; returns how many there are.

    A number that is not there, as of a trial that diverged, is an empty cell.

    Args:
        client: of the service.
        result: of the study.
        path: of the file.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in _rows(client, result):
            writer.writerow(row)
            count += 1
    return count


def _rows(client: Client, result: StudyResult) -> Iterator[list[object]]:
    for one in result.complete:
        for phase, job in _jobs(one):
            for trial in client.jobs.trials(job):
                yield _row(one.problem.name, phase, job, trial)


def _jobs(one: ProblemJobs) -> Iterator[tuple[Phase, Job]]:
    yield from ((Phase.TUNING, job) for job in one.tuning)
    yield from ((Phase.CONFIRMATION, job) for job in one.confirmation)


def _row(problem: str, phase: Phase, job: Job, trial: Trial) -> list[object]:
    settings = {name: value for name, value in trial.optimizer.items() if name not in {"label", "arm"}}
    arm = trial.optimizer.get("arm") or trial.label
    numbers = ["" if (value := trial.value(metric)) is None else repr(value) for metric in METRICS]
    head = [problem, str(phase), arm, trial.label, trial.seed, trial.state]
    return [*head, *numbers, trial.steps_done, job.id, json.dumps(settings, sort_keys=True)]
