"""Metrics of a comparison: direction, the default of each problem, and why a problem has no value of one.

Models are judged on whole parts of their data and expressions by their loss; nothing is decided by the loss of a
single mini-batch.
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeGuard, get_args

from ayla_spec.metrics import METRICS, WHOLE_PART_METRICS, MetricKind, ResultMetric, WholePartMetric

from ayla_service.comparison.query import ComparisonQuery, Metric, StepMetric, TargetMetric

if TYPE_CHECKING:
    from ayla_service.comparison.runs import ComparedProblem

_TO_TARGET: Mapping[StepMetric, MetricKind] = {
    "steps_to_target": MetricKind("Steps to the target"),
    "epochs_to_target": MetricKind("Epochs to the target"),
}

METRIC_KINDS: Mapping[Metric, MetricKind] = dict[Metric, MetricKind](
    itertools.chain(METRICS.items(), _TO_TARGET.items())
)
"""Every metric of a comparison."""

_WHOLE_PARTS = frozenset(WHOLE_PART_METRICS)
_STEP_METRICS = frozenset(get_args(StepMetric))
_TARGET_METRICS = frozenset(get_args(TargetMetric))
_LOSSES_OF_STEPS = frozenset({"final_loss", "best_loss", "gap"})


def is_whole_part(metric: Metric) -> TypeGuard[WholePartMetric]:
    """Whether it is measured on a whole part of a dataset."""
    return metric in _WHOLE_PARTS


def is_to_target(metric: Metric) -> TypeGuard[StepMetric]:
    """Whether it is the way to a target."""
    return metric in _STEP_METRICS


def is_of_rows(metric: Metric) -> bool:
    """Whether it is measured on recorded rows, and not on a trial's summary."""
    return is_to_target(metric) or metric == "area_under_curve"


def _can_be_target(metric: Metric) -> TypeGuard[TargetMetric]:
    return metric in _TARGET_METRICS


def more_is_better(metric: Metric) -> bool:
    """Whether larger values are better."""
    return METRIC_KINDS[metric].more_is_better


def in_words(metric: Metric) -> str:
    """The metric as in the middle of a sentence."""
    words = METRIC_KINDS[metric].title
    return words[0].lower() + words[1:]


def direction(metric: Metric) -> str:
    """Which values are better, in words."""
    return "more is better" if more_is_better(metric) else "less is better"


def default_metric(problem: "ComparedProblem") -> ResultMetric:
    """What a problem is judged by where nothing else is asked for."""
    if "test" in problem.parts:
        return "test_loss"
    return "full_train_loss" if problem.parts else "final_loss"


def choose_metrics(problems: Iterable["ComparedProblem"], query: ComparisonQuery) -> None:
    """Give every problem the metric that it is judged by, and what its target is a value of."""
    for problem in problems:
        problem.metric = query.metric or default_metric(problem)
        problem.target_metric = query.target_metric or _target_metric(problem)


def _target_metric(problem: "ComparedProblem") -> TargetMetric:
    """The metric itself if a target can be a value of it, else the problem's default.

    With full batches the loss of each step is that on the whole training part, and known more often.
    """
    default = default_metric(problem)
    wanted = problem.metric if _can_be_target(problem.metric) else default
    if wanted == "full_train_loss" and not problem.mini_batches:
        return "final_loss"
    return wanted if _can_be_target(wanted) else "final_loss"


def why_not(problem: "ComparedProblem", metric: Metric) -> str | None:
    """Why no trial of this problem can have a value of the metric, with what to ask for instead; None if they can."""
    if is_to_target(metric):
        if metric == "epochs_to_target" and not problem.parts:
            return "an expression has no epochs; ask for steps_to_target"
        return why_not(problem, problem.target_metric)
    if is_whole_part(metric):
        return _why_no_part(problem, metric)
    if problem.mini_batches and metric in _LOSSES_OF_STEPS:
        instead = default_metric(problem)
        return f"with mini-batches it is the loss of a single one, by which nothing is decided; ask for {instead}"
    if metric == "gap" and problem.minimum is None:
        return "no minimum of this problem is known; give it as 'minimum', or ask for final_loss"
    return None


def _why_no_part(problem: "ComparedProblem", metric: WholePartMetric) -> str | None:
    kind, instead = METRICS[metric], default_metric(problem)
    if not problem.parts:
        return f"an expression has no data; ask for {instead}"
    if kind.part not in problem.parts:
        return f"its dataset has no test part; ask for {instead}"
    if kind.more_is_better and not problem.has_classes:
        return f"its targets are numbers, not classes; ask for {instead}"
    return None
