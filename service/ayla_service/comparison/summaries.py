"""Summary of an optimizer setting over its seeds."""

from ayla_spec.metrics import WHOLE_PART_METRICS
from ayla_spec.optimizers.effect import effect_notes

from ayla_service.comparison.distributions import distribution
from ayla_service.comparison.metrics import is_of_rows, is_to_target, more_is_better, why_not
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.recorded import missing
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, Floats, Runs, independent, known
from ayla_service.comparison.schemas import ComparedOptimizer, Distribution
from ayla_service.trials.quantiles import median

_MEASURED: tuple[Metric, ...] = (
    *WHOLE_PART_METRICS,
    "gap",
    "area_under_curve",
    "steps_to_target",
    "epochs_to_target",
)
"""Metrics that a summary has a field for, beside the losses."""


def summarize(
    problem: ComparedProblem, setting: ComparedSetting, query: ComparisonQuery, copy_of: str | None = None
) -> ComparedOptimizer:
    """The results of one optimizer setting over its seeds.

    Args:
        problem: what it was run on, and the metric that this is judged by.
        setting: the setting with its trials that ended with a result.
        query: the target and the confidence.
        copy_of: label of the first setting that it is a copy of (see ``copies``); None if of none.
    """
    ended = setting.runs
    runs = ended if independent(ended) else ended.at(slice(1))
    seconds = ended.table["wall_seconds"]
    return ComparedOptimizer(
        label=setting.label,
        optimizer=setting.optimizer,
        varies=setting.varies,
        seeds=len(ended),
        runs=len(runs),
        diverged=int(ended.diverged.sum()),
        unfinished=setting.unfinished,
        not_recorded=missing(problem, ended),
        value=_measured(problem, runs, problem.metric, query),
        final_loss=_distribution(runs.table["final_loss"], query.confidence),
        best_loss=_distribution(runs.table["best_loss"], query.confidence),
        **{metric: _measured(problem, runs, metric, query) for metric in _MEASURED},
        wall_seconds=_median(seconds[(seconds > 0) & ~ended.diverged]),
        steps_per_second=_median(ended.table["steps_done"][seconds > 0] / seconds[seconds > 0]),
        notes=effect_notes(setting.optimizer, setting.loss_counts),
        copy_of=copy_of,
    )


def _measured(problem: ComparedProblem, runs: Runs, metric: Metric, query: ComparisonQuery) -> Distribution | None:
    """The values of the runs that have the metric, as they are shown; None if none has it."""
    if why_not(problem, metric) or (is_to_target(metric) and query.target is None):
        return None
    if is_of_rows(metric) and not runs.is_read:
        return None
    values, more = known(runs.values(metric)), more_is_better(metric)
    return _distribution(-values if more else values, query.confidence, more_is_better=more)


def _distribution(values: Floats, confidence: float, *, more_is_better: bool = False) -> Distribution | None:
    return distribution(values, confidence, more_is_better=more_is_better) if len(values) else None


def _median(values: Floats) -> float | None:
    return median(values) if len(values) else None
