"""Optimizers against each other over all problems and seeds: interquartile mean, and probability of improvement."""

from collections.abc import Callable, Sequence

from ayla_service.comparison.aggregate_schemas import AggregatedPair, EstimateOverProblems, NominalInterval
from ayla_service.comparison.distributions import percent
from ayla_service.comparison.improvement import improvement_interval, probability_of_improvement
from ayla_service.comparison.interquartile_mean import bootstrap_interval, interquartile_mean
from ayla_service.comparison.metrics import more_is_better
from ayla_service.comparison.pairs import Match, by_problem, relative_differences
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem

FEWEST_SEEDS = 10
"""On each problem; with fewer the intervals cover too rarely."""

FEWEST_PROBLEMS = 5
"""For an interval of the interquartile mean: of few problems that lie apart it hangs on the extreme seeds of two."""

Ends = tuple[float, float]


def aggregate(problems: Sequence[ComparedProblem], match: Match, query: ComparisonQuery) -> AggregatedPair:
    """The two settings of a match over all problems, each by the metric that it is judged by."""
    seeds = [(problem.metric, pairs) for problem in problems for pairs in by_problem([problem], match)]
    differences = [relative_differences(pairs, metric) for metric, pairs in seeds]
    is_more_better = bool(seeds) and all(more_is_better(metric) for metric, _ in seeds)
    middle = _interquartile_mean([found for found in differences if found], query.confidence)
    shown = None if middle is None else _negated(middle) if is_more_better else middle
    improvement = _improvement([pairs for _, pairs in seeds], query.confidence)
    return AggregatedPair(
        label=match.label,
        base_label=match.base_label,
        compared_as="ayla" if match.is_ayla else "baseline",
        interquartile_mean=shown,
        improvement=improvement,
        statement=_statement(match, shown, improvement),
    )


def _negated(estimate: EstimateOverProblems) -> EstimateOverProblems:
    """As the metric is shown, where more of it is better."""
    found = estimate.interval
    turned = None if found is None else found.model_copy(update={"low": -found.high, "high": -found.low})
    return estimate.model_copy(update={"value": -estimate.value, "interval": turned})


def _interquartile_mean(differences: Sequence[Sequence[float]], confidence: float) -> EstimateOverProblems | None:
    if not differences:
        return None
    reason = _too_few_seeds(differences)
    if len(differences) < FEWEST_PROBLEMS:
        reason = f"fewer than {FEWEST_PROBLEMS} problems"
    value = interquartile_mean(differences)
    return _estimate(value, differences, confidence, reason, lambda: bootstrap_interval(differences, confidence))


def _improvement(pairs: Sequence[Sequence[Ends]], confidence: float) -> EstimateOverProblems | None:
    if not pairs:
        return None
    value, reason = probability_of_improvement(pairs), _too_few_seeds(pairs)
    return _estimate(value, pairs, confidence, reason, lambda: improvement_interval(pairs, confidence))


def _too_few_seeds(problems: Sequence[Sequence[object]]) -> str | None:
    too_few = sum(len(seeds) < FEWEST_SEEDS for seeds in problems)
    return f"fewer than {FEWEST_SEEDS} independent seeds on {too_few} of {len(problems)} problems" if too_few else None


def _estimate(
    value: float,
    problems: Sequence[Sequence[object]],
    confidence: float,
    reason: str | None,
    interval: Callable[[], Ends | None],
) -> EstimateOverProblems:
    ends = interval() if reason is None else None
    if reason is None and ends is None:
        reason = f"one of {percent(confidence)} takes more resamples than are made"
    return EstimateOverProblems(
        value=value,
        problems=len(problems),
        pairs=sum(map(len, problems)),
        interval=None if ends is None else NominalInterval(low=ends[0], high=ends[1], confidence=confidence),
        no_interval=reason,
    )


def _statement(match: Match, middle: EstimateOverProblems | None, improvement: EstimateOverProblems | None) -> str:
    if improvement is None:
        return f"No problem has a result of both {match.label} and {match.base_label}: nothing can be said."
    chance = f"{improvement.value:.2f} ({_interval(improvement, '.2f')})"
    problems = f"{improvement.problems} problem{'s' if improvement.problems > 1 else ''}"
    stated = f"On {problems} {match.label} does better than {match.base_label} with probability {chance}"
    if middle is None:
        return f"{stated}; neither reached the target on any seed."
    mean = f"{middle.value:+.3g} ({_interval(middle, '+.3g')})"
    return f"{stated}; interquartile mean of the relative differences {mean}."


def _interval(estimate: EstimateOverProblems, digits: str) -> str:
    if (found := estimate.interval) is None:
        return f"no interval: {estimate.no_interval}"
    return f"{percent(found.confidence)} interval {found.low:{digits}} to {found.high:{digits}}"
