"""Answers about comparisons as the API gives them."""

from collections.abc import Iterable
from typing import Any

from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.metrics import more_is_better
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.protocol_answers import protocol_result
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.recorded import not_recorded
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.schemas import JobComparison, PairComparison, ProblemComparison
from ayla_service.comparison.service import ComparisonResult, ProblemResult
from ayla_service.comparison.verdicts import pair_comparison


def job_comparison(found: ComparisonResult) -> JobComparison:
    """The answer for a comparison of one job."""
    job, result = found.jobs[0], found.results[0]
    optimizers, pairs = result.summaries, _pairs(result.tests, found.query, result.problem)
    common = _common(found) | _judged(result.problem)
    return JobComparison(**common, job_id=job.id, state=job.state, optimizers=optimizers, pairs=pairs)


def jobs_comparison(found: ComparisonResult) -> JobsComparison:
    """The answer for a comparison of several jobs."""
    problems = [_problem_comparison(result, found.query) for result in found.results]
    metrics = {problem.metric for problem in problems}
    return JobsComparison(
        **_common(found),
        metric=problems[0].metric if len(metrics) == 1 else "by_problem",
        more_is_better=problems[0].more_is_better if len(metrics) == 1 else None,
        jobs=found.jobs,
        problems=problems,
        pairs=_pairs(found.tests, found.query),
        aggregates=found.aggregates,
        protocol=None if found.outcome is None else protocol_result(found.outcome, found.query),
    )


def _problem_comparison(result: ProblemResult, query: ComparisonQuery) -> ProblemComparison:
    return ProblemComparison(
        title=result.problem.title,
        steps=result.problem.steps,
        dtype=result.problem.dtype,
        **_judged(result.problem),
        job_ids=result.problem.job_ids,
        optimizers=result.summaries,
        pairs=_pairs(result.tests, query, result.problem),
    )


def _judged(problem: ComparedProblem) -> dict[str, Any]:
    return {
        "metric": problem.metric,
        "more_is_better": more_is_better(problem.metric),
        "target_metric": problem.target_metric,
        "minimum": problem.minimum,
        "mini_batches": problem.mini_batches,
        "not_recorded": not_recorded(problem),
    }


def _common(found: ComparisonResult) -> dict[str, Any]:
    query = found.query
    asked = {"target": query.target, "confidence": query.confidence, "baseline": query.baseline}
    return asked | {"notes": found.notes, "profile": found.profile}


def _pairs(
    tests: Iterable[PairedTest], query: ComparisonQuery, problem: ComparedProblem | None = None
) -> list[PairComparison]:
    return [pair_comparison(test, query, problem) for test in tests]
