"""Comparisons of made-up trials, computed by the service's own code."""

import math
from dataclasses import replace
from typing import Any

from ayla_service.comparison.answers import job_comparison, jobs_comparison
from ayla_service.comparison.metrics import default_metric
from ayla_service.comparison.paired_tests import run_tests
from ayla_service.comparison.pairs import matches, over_seeds
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting
from ayla_service.comparison.schemas import ComparedJob
from ayla_service.comparison.service import ComparisonResult, ProblemResult
from ayla_service.comparison.summaries import summarize

from tests.comparison.comparing import Run, runs_of


def comparison_document(job: dict[str, Any], trials: list[dict[str, Any]], metric: Any = None) -> dict[str, Any]:
    """The answer to ``GET /v1/jobs/{id}/comparison`` for a job and its trials, as documents of the API."""
    return job_comparison(_compared([job], trials, ComparisonQuery(metric))).model_dump(mode="json")


def jobs_comparison_document(
    jobs: list[dict[str, Any]], trials: list[dict[str, Any]], metric: Any, baseline: str | None
) -> dict[str, Any]:
    """The answer to ``POST /v1/comparisons`` for jobs of one problem; a run that several have counts once."""
    once = {(trial["label"], trial["seed"]): trial for trial in trials}
    found = _compared(jobs, [*once.values()], ComparisonQuery(metric, baseline=baseline))
    return jobs_comparison(found).model_dump(mode="json")


def _compared(jobs: list[dict[str, Any]], trials: list[dict[str, Any]], query: ComparisonQuery) -> ComparisonResult:
    problem = ComparedProblem("made up", 1, "float64", mini_batches=False, parts=("test", "full_train"))
    problem.has_classes, problem.metric = True, query.metric or default_metric(problem)
    optimizers = {trial["label"]: trial["optimizer"] for trial in trials}
    for label, optimizer in optimizers.items():
        ended = [_run(trial) for trial in trials if trial["label"] == label]
        problem.settings[label] = ComparedSetting(label, optimizer, runs=replace(runs_of(ended), is_read=False))
    pairs = [over_seeds(problem, match, query.metric) for match in matches([problem], query.baseline)]
    summaries = [summarize(problem, setting, query) for setting in problem.settings.values()]
    return ComparisonResult(
        query=query,
        jobs=[
            ComparedJob(id=job["id"], name=job["name"], state=job["state"], problem=0, trials=len(trials))
            for job in jobs
        ],
        results=[ProblemResult(problem, summaries, run_tests(pairs, "seed", query))],
        tests=[],
        aggregates=[],
        profile=None,
        notes=["A note of the service."],
    )


def _run(trial: dict[str, Any]) -> Run:
    summary, diverged = trial["summary"], trial["state"] == "diverged"
    return Run(
        loss=math.inf if diverged else summary["final_loss"],
        seed=trial["seed"],
        diverged=diverged,
        steps_done=trial["steps_done"],
        best_loss=summary["best_loss"],
        best_step=summary["best_step"],
        wall_seconds=summary["wall_seconds"],
        whole_parts={name: one["final"] for name, one in summary["metrics"].items()},
    )
