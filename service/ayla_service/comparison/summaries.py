"""Summary of an optimizer setting over its seeds."""

from collections.abc import Sequence

from ayla_spec.optimizers.effect import effect_notes

from ayla_service.comparison.distributions import distribution
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedSetting, SeedRun, independent
from ayla_service.comparison.schemas import ComparedOptimizer, Distribution
from ayla_service.trials.quantiles import median


def summarize(setting: ComparedSetting, query: ComparisonQuery, copy_of: str | None = None) -> ComparedOptimizer:
    """The results of one optimizer setting over its seeds.

    Args:
        setting: the setting with its trials that ended with a result.
        query: the target and the confidence.
        copy_of: label of the first setting that it is a copy of (see ``copies``); None if of none.
    """
    ended = [setting.runs[seed] for seed in sorted(setting.runs)]
    runs = ended if independent([run] for run in ended) else ended[:1]
    curves = [run.curve for run in runs if run.curve is not None]
    reached = [curve.steps_to_goal for curve in curves] if query.target is not None else []
    return ComparedOptimizer(
        label=setting.label,
        optimizer=setting.optimizer,
        varies=setting.varies,
        seeds=len(ended),
        runs=len(runs),
        diverged=sum(run.diverged for run in ended),
        unfinished=setting.unfinished,
        final_loss=_distribution([run.final_loss for run in runs], query.confidence),
        best_loss=_distribution([run.best_loss for run in runs], query.confidence),
        area_under_curve=_distribution([curve.area for curve in curves], query.confidence),
        steps_to_target=_distribution(reached, query.confidence),
        wall_seconds=_median([run.wall_seconds for run in ended if not run.diverged and run.wall_seconds > 0]),
        steps_per_second=_median(_speeds(ended)),
        notes=effect_notes(setting.optimizer, setting.loss_counts),
        copy_of=copy_of,
    )


def _speeds(runs: Sequence[SeedRun]) -> list[float]:
    return [run.steps_done / run.wall_seconds for run in runs if run.wall_seconds > 0]


def _distribution(values: Sequence[float], confidence: float) -> Distribution | None:
    return distribution(values, confidence) if values else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
