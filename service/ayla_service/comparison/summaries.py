"""Summary of an optimizer setting over its seeds."""

from collections.abc import Sequence

from ayla_spec.metrics import WHOLE_PART_METRICS
from ayla_spec.optimizers.effect import effect_notes

from ayla_service.comparison.distributions import distribution
from ayla_service.comparison.metrics import is_of_rows, is_to_target, more_is_better, why_not
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.recorded import missing
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, SeedRun, independent
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
    ended = [setting.runs[seed] for seed in sorted(setting.runs)]
    runs = ended if independent([run] for run in ended) else ended[:1]
    return ComparedOptimizer(
        label=setting.label,
        optimizer=setting.optimizer,
        varies=setting.varies,
        seeds=len(ended),
        runs=len(runs),
        diverged=sum(run.diverged for run in ended),
        unfinished=setting.unfinished,
        not_recorded=missing(problem, ended),
        value=_measured(problem, runs, problem.metric, query),
        final_loss=_distribution([run.final_loss for run in runs], query.confidence),
        best_loss=_distribution([run.best_loss for run in runs], query.confidence),
        **{metric: _measured(problem, runs, metric, query) for metric in _MEASURED},
        wall_seconds=_median([run.wall_seconds for run in ended if not run.diverged and run.wall_seconds > 0]),
        steps_per_second=_median(_speeds(ended)),
        notes=effect_notes(setting.optimizer, setting.loss_counts),
        copy_of=copy_of,
    )


def _measured(
    problem: ComparedProblem, runs: Sequence[SeedRun], metric: Metric, query: ComparisonQuery
) -> Distribution | None:
    """The values of the runs that have the metric, as they are shown; None if none has it."""
    if why_not(problem, metric) or (is_to_target(metric) and query.target is None):
        return None
    if is_of_rows(metric):
        runs = [run for run in runs if run.curve is not None]
    known = [value for run in runs if (value := run.value(metric)) is not None]
    more = more_is_better(metric)
    values = [-value for value in known] if more else known
    return _distribution(values, query.confidence, more_is_better=more)


def _speeds(runs: Sequence[SeedRun]) -> list[float]:
    return [run.steps_done / run.wall_seconds for run in runs if run.wall_seconds > 0]


def _distribution(values: Sequence[float], confidence: float, *, more_is_better: bool = False) -> Distribution | None:
    return distribution(values, confidence, more_is_better=more_is_better) if values else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
