"""Loss curves of a comparison: areas and the way to a target, read from what its trials have recorded."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.comparison.metrics import is_whole_part, more_is_better, why_not
from ayla_service.comparison.query import TargetMetric
from ayla_service.comparison.runs import ComparedProblem, LossCurve, SeedRun, ranked
from ayla_service.comparison.series import Approach, Area, Column, MetricSeries, chunks, columns_of, near
from ayla_service.comparison.targets import Hits, from_easiest, spread
from ayla_service.db.models import ChunkRow, MetricChunkRow
from ayla_service.trials.quantiles import median

MAX_ROWS = 25_000_000
MAX_BYTES = 2 * 1024**3
"""Of all trajectories together, so that a comparison takes seconds; with what else the trials recorded."""

MAX_METRIC_ROWS = 5_000_000
"""Of the metrics of all trials together, which are held in memory."""

LEAST_BATCHES = 30
"""The area under losses of single mini-batches is their mean over the steps; of fewer of them there is none."""

_TRIALS_AT_ONCE = 500

Key = tuple[int, int]
"""Problem and seed: what has a goal of its own."""


@dataclass(frozen=True, slots=True)
class TooMuch:
    """What is too much to be read for one comparison: how much there is, and how much is read at most.

    Attributes:
        trajectories: of the losses of each step.
        metrics: of the metrics by epoch.
    """

    trajectories: tuple[str, str] | None = None
    metrics: tuple[str, str] | None = None

    def of(self, problem: ComparedProblem) -> tuple[str, str] | None:
        """What keeps the way to a target from being known on a problem."""
        return self.metrics if is_whole_part(problem.target_metric) else self.trajectories


def too_much(session: Session, problems: Sequence[ComparedProblem]) -> TooMuch:
    """What is not read, as it is more than is read for one comparison."""
    return TooMuch(_trajectories(list(_runs(problems))), _metrics(session, _judged_by_epoch(problems)))


def _trajectories(runs: Sequence[SeedRun]) -> tuple[str, str] | None:
    rows, size = sum(run.rows for run in runs), sum(run.stored_bytes for run in runs)
    if rows <= MAX_ROWS and size <= MAX_BYTES:
        return None
    found = f"{rows} recorded rows" if rows > MAX_ROWS else f"{size // 1024**2} MiB of recorded rows"
    fitting = min(MAX_ROWS / max(rows, 1), MAX_BYTES / max(size, 1)) * len(runs)
    return found, f"{MAX_ROWS} rows and {MAX_BYTES // 1024**2} MiB, of such trials {max(0, int(fitting))}"


def _metrics(session: Session, runs: Sequence[SeedRun]) -> tuple[str, str] | None:
    rows = sum(
        session.scalar(select(func.sum(MetricChunkRow.rows)).where(MetricChunkRow.trial_id.in_(some))) or 0
        for some in _some_at_once([run.trial_id for run in runs])
    )
    if rows <= MAX_METRIC_ROWS:
        return None
    fitting = MAX_METRIC_ROWS * len(runs) // rows
    return f"{rows} rows of metrics", f"{MAX_METRIC_ROWS} rows of metrics, of such trials {fitting}"


def _some_at_once(trial_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (trial_ids[start : start + _TRIALS_AT_ONCE] for start in range(0, len(trial_ids), _TRIALS_AT_ONCE))


def read_curves(
    session: Session,
    problems: Sequence[ComparedProblem],
    target: float | None,
    skipped: TooMuch | None = None,
    targets: Sequence[float] | None = None,
) -> None:
    """Give every run its loss curve.

    The goal is the target. Without one it is, for every problem and seed, ``low + 0.01·(first - low)`` with the first
    value, which is the same for every setting, and the best value that any of them reached with that problem and seed
    (Moré & Wild 2009). Of a metric of a whole part the first value is the median of those of the settings.

    Args:
        session: the unit of work.
        problems: whose target metric has been chosen.
        target: the value to reach; None: near the best.
        skipped: what is too much to be read, and is not.
        targets: the values to reach in the ECDF; None: between the first and the best.
    """
    skipped = skipped or TooMuch()
    areas, approaches = dict[str, Area](), dict[str, Approach]()
    if skipped.trajectories is None:
        areas, approaches = _read_trajectories(session, problems, target, targets)
    if skipped.metrics is None:
        approaches |= _read_metrics(session, problems, target, targets)
    for problem in problems:
        for setting in problem.settings.values():
            for seed, run in setting.runs.items():
                approach = approaches.get(run.trial_id)
                setting.runs[seed] = replace(run, curve=_curve(problem, run, areas.get(run.trial_id), approach))


def _runs(problems: Iterable[ComparedProblem]) -> Iterator[SeedRun]:
    for problem in problems:
        for setting in problem.settings.values():
            yield from setting.runs.values()


def _judged_by_epoch(problems: Iterable[ComparedProblem]) -> list[SeedRun]:
    """The runs whose way to a target is in their metrics."""
    return [run for problem in problems if is_whole_part(problem.target_metric) for run in _runs([problem])]


def _read_trajectories(
    session: Session, problems: Sequence[ComparedProblem], target: float | None, targets: Sequence[float] | None
) -> tuple[dict[str, Area], dict[str, Approach]]:
    """The areas of all runs, and the way to the target of those that have it in the losses of their steps."""
    areas = {run.trial_id: Area() for run in _runs(problems)}
    approaches = _to_losses(problems, target, targets)
    for trial_id, data in chunks(session, ChunkRow, sorted(areas)):
        if columns := columns_of(data, "step", "loss"):
            steps, losses = columns
            areas[trial_id].add(steps, losses)
            if trial_id in approaches:
                approaches[trial_id].add(steps, losses, steps)
    return areas, approaches


def _to_losses(
    problems: Sequence[ComparedProblem], target: float | None, targets: Sequence[float] | None
) -> dict[str, Approach]:
    """The way of each run whose target is a loss of a step, or a gap of it, before anything has been read."""
    found = dict[str, Approach]()
    for problem in problems:
        if is_whole_part(problem.target_metric) or why_not(problem, problem.target_metric) is not None:
            continue
        runs = list(_runs([problem]))
        least = (problem.minimum or 0.0) if problem.target_metric == "gap" else 0.0
        lowest = _lowest((run, run.best_loss) for run in runs)
        goal = None if target is None else target + least
        goals = None if targets is None else from_easiest([value + least for value in targets])
        for run in runs:
            best = lowest[run.problem, run.seed]
            found[run.trial_id] = Approach(goal, best, hits=Hits(best, problem.minimum, goals))
    return found


def _lowest(values: Iterable[tuple[SeedRun, float]]) -> Mapping[Key, float]:
    """The lowest value by problem and seed."""
    lowest: dict[Key, float] = defaultdict(lambda: math.inf)
    for run, value in values:
        lowest[run.problem, run.seed] = min(value, lowest[run.problem, run.seed])
    return lowest


def _read_metrics(
    session: Session, problems: Sequence[ComparedProblem], target: float | None, targets: Sequence[float] | None
) -> dict[str, Approach]:
    """The way to the target of all runs whose problem has it in a metric of a whole part."""
    runs = {run.trial_id: run for run in _judged_by_epoch(problems)}
    metrics = {run.trial_id: problems[run.problem].target_metric for run in runs.values()}
    series: dict[str, MetricSeries] = defaultdict(MetricSeries)
    for trial_id, data in chunks(session, MetricChunkRow, sorted(runs)):
        if columns := columns_of(data, "step", "epoch", metrics[trial_id]):
            series[trial_id].add(*columns, negated=more_is_better(metrics[trial_id]))
    lowest = _lowest((run, series[trial_id].lowest) for trial_id, run in runs.items())
    firsts = _middle((run, series[trial_id].first) for trial_id, run in runs.items())
    found = dict[str, Approach]()
    for trial_id, run in runs.items():
        metric, key = metrics[trial_id], (run.problem, run.seed)
        goal = near(lowest[key], firsts[key]) if target is None else ranked(metric, target)
        goals = _goals(metric, targets, firsts[key], lowest[key])
        found[trial_id] = series[trial_id].approach(goal, lowest[key], goals)
    return found


def _goals(metric: TargetMetric, targets: Sequence[float] | None, first: float, best: float) -> Column:
    """Many targets of a metric of a whole part, of which accuracies are at most 1."""
    if targets is None:
        return spread(first, best, -1.0 if more_is_better(metric) else None)
    return from_easiest([value for target in targets if (value := ranked(metric, target)) is not None])


def _middle(values: Iterable[tuple[SeedRun, float]]) -> Mapping[Key, float]:
    """The median of the finite values by problem and seed; infinite where there is none.

    Who diverged before it was evaluated has no first value, and must not take that of the others away.
    """
    found: dict[Key, list[float]] = defaultdict(list)
    for run, value in values:
        found[run.problem, run.seed] += [value] if math.isfinite(value) else []
    return {key: median(several) if several else math.inf for key, several in found.items()}


def _curve(problem: ComparedProblem, run: SeedRun, area: Area | None, approach: Approach | None) -> LossCurve:
    """What was read of one run."""
    if approach is None or not (approach.rows or run.diverged):
        return LossCurve(_area(run, area), None, None)
    hits = None if approach.hits is None else approach.hits.all()
    return LossCurve(_area(run, area), approach.step, approach.epoch if problem.parts else None, hits)


def _area(run: SeedRun, area: Area | None) -> float | None:
    """The area; infinite if the trial diverged, None if it is not known or that of too few mini-batches."""
    if area is None:
        return None
    if run.diverged:
        return math.inf
    if not area.rows or (run.mini_batches and area.rows < LEAST_BATCHES):
        return None
    return area.area if math.isfinite(area.area) else math.inf
