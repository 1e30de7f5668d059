"""An optimizer setting over its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ayla_spec.optimizers.effect import effect_notes

from ayla_service.comparison.question import Question
from ayla_service.comparison.runs import Run, Setting, independent
from ayla_service.comparison.spread import Spread
from ayla_service.trials.quantiles import median


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of an optimizer setting on one problem.

    Attributes:
        label: of the setting.
        optimizer: its settings.
        varies: whether jobs have different settings under the label.
        seeds: trials that ended with a result.
        runs: how many independent runs they are: one where seeds make no difference.
        diverged: how many of the trials diverged.
        unfinished: trials left out, as they have no result.
        final_loss: over the runs; None without any. A diverged trial's is infinite.
        best_loss: likewise; infinite only where no loss was finite.
        area_under_curve: likewise; infinite where a trial diverged. None where trajectories were not read.
        steps_to_target: likewise; infinite where the target was not reached. None without a target.
        wall_seconds: median over the trials that completed.
        steps_per_second: median over the trials whose time was measured.
        notes: which of its exponents had no effect in any of its runs.
        copy_of: label of the first setting that it is a copy of (see ``copies``); None if of none.
    """

    label: str
    optimizer: dict[str, Any]
    varies: bool
    seeds: int
    runs: int
    diverged: int
    unfinished: int
    final_loss: Spread | None
    best_loss: Spread | None
    area_under_curve: Spread | None
    steps_to_target: Spread | None
    wall_seconds: float | None
    steps_per_second: float | None
    notes: list[str]
    copy_of: str | None


def summarize(setting: Setting, question: Question, copy_of: str | None = None) -> Summary:
    """One setting in numbers."""
    ended = [setting.runs[seed] for seed in sorted(setting.runs)]
    runs = ended if independent([run] for run in ended) else ended[:1]
    courses = [run.course for run in runs if run.course is not None]
    reached = [course.steps_to_goal for course in courses] if question.target is not None else []
    return Summary(
        label=setting.label,
        optimizer=setting.optimizer,
        varies=setting.varies,
        seeds=len(ended),
        runs=len(runs),
        diverged=sum(run.diverged for run in ended),
        unfinished=setting.unfinished,
        final_loss=_spread([run.final_loss for run in runs], question.confidence),
        best_loss=_spread([run.best_loss for run in runs], question.confidence),
        area_under_curve=_spread([course.area for course in courses], question.confidence),
        steps_to_target=_spread(reached, question.confidence),
        wall_seconds=_median([run.wall_seconds for run in ended if not run.diverged and run.wall_seconds > 0]),
        steps_per_second=_median(_speeds(ended)),
        notes=effect_notes(setting.optimizer, setting.sides),
        copy_of=copy_of,
    )


def _speeds(runs: Sequence[Run]) -> list[float]:
    return [run.steps_done / run.wall_seconds for run in runs if run.wall_seconds > 0]


def _spread(values: Sequence[float], confidence: float) -> Spread | None:
    return Spread.of(values, confidence) if values else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
