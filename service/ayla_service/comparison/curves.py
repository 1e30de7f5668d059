"""Loss curves of a comparison: areas and the way to a target, read from what its trials have recorded."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from ayla_service.comparison.metrics import is_whole_part, more_is_better, why_not
from ayla_service.comparison.query import TargetMetric
from ayla_service.comparison.runs import ComparedProblem, Floats, ranked
from ayla_service.comparison.series import Approach, Area, MetricSeries, chunks, columns_of, near, recorded_rows
from ayla_service.comparison.targets import TARGETS, Hits, from_easiest, spread
from ayla_service.computing_time import ComputingTime
from ayla_service.db.models import ChunkRow, MetricChunkRow
from ayla_service.trials.quantiles import median

MAX_ROWS = 25_000_000
MAX_BYTES = 2 * 1024**3
"""Of all trajectories together, so that a comparison takes seconds; with what else the trials recorded."""

MAX_METRIC_ROWS = 5_000_000
"""Of the metrics of all trials together, which are held in memory."""

LEAST_BATCHES = 30
"""The area under losses of single mini-batches is their mean over the steps; of fewer of them there is none."""

Table = npt.NDArray[np.void]
"""Runs of one problem, of type ``RUN``."""

StoredChunk = tuple[int, bytes]
"""Stored rows of a run, with its place in the table."""

Approaches = dict[int, Approach]
"""The ways to the target of the runs that have recorded some of it, by their place in the table."""


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
    return TooMuch(_trajectories([problem.table for problem in problems]), _metrics(session, problems))


def _trajectories(tables: Sequence[Table]) -> tuple[str, str] | None:
    # Of trials that kept no trajectory there is nothing to read.
    kept = [table[table["stored_bytes"] > 0] for table in tables]
    rows, size = (sum(int(table[name].sum()) for table in kept) for name in ("rows", "stored_bytes"))
    if rows <= MAX_ROWS and size <= MAX_BYTES:
        return None
    found = f"{rows} recorded rows" if rows > MAX_ROWS else f"{size // 1024**2} MiB of recorded rows"
    fitting = min(MAX_ROWS / max(rows, 1), MAX_BYTES / max(size, 1)) * sum(map(len, kept))
    return found, f"{MAX_ROWS} rows and {MAX_BYTES // 1024**2} MiB, of such trials {max(0, int(fitting))}"


def _metrics(session: Session, problems: Sequence[ComparedProblem]) -> tuple[str, str] | None:
    judged = [problem for problem in problems if is_whole_part(problem.target_metric)]
    rows = sum(
        sum(recorded_rows(session, MetricChunkRow, job_id, trials).values())
        for problem in judged
        for job_id, trials in problem.trials_of_jobs().items()
    )
    if rows <= MAX_METRIC_ROWS:
        return None
    fitting = MAX_METRIC_ROWS * sum(len(problem.table) for problem in judged) // rows
    return f"{rows} rows of metrics", f"{MAX_METRIC_ROWS} rows of metrics, of such trials {fitting}"


def read_curves(
    session: Session,
    problems: Sequence[ComparedProblem],
    time: ComputingTime,
    target: float | None,
    skipped: TooMuch | None = None,
    targets: Sequence[float] | None = None,
) -> None:
    """Give every run its area and its way to the goal.

    The goal is the target. Without one it is, for every problem and seed, ``low + 0.01·(first - low)`` with the first
    value, which is the same for every setting, and the best value that any of them reached with that problem and seed
    (Moré & Wild 2009). Of a metric of a whole part the first value is the median of those of the settings.

    Args:
        session: the unit of work.
        problems: whose target metric has been chosen.
        time: since the answer was begun; checked with every chunk.
        target: the value to reach; None: near the best.
        skipped: what is too much to be read, and is not.
        targets: the values to reach in the ECDF; None: between the first and the best.
    """
    skipped = skipped or TooMuch()
    for problem in problems:
        table = problem.table
        areas: dict[int, Area] | None = None
        approaches: Approaches | None = None
        if skipped.trajectories is None:
            areas, approaches = _read_trajectories(
                time.over(_chunks(session, ChunkRow, problem, table)), problem, table, target, targets
            )
        if skipped.metrics is None and is_whole_part(problem.target_metric):
            approaches = _read_metrics(
                time.over(_chunks(session, MetricChunkRow, problem, table)), problem, table, target, targets
            )
        count = TARGETS if targets is None else len(targets)
        _keep(problem, _with_areas(problem, table, areas), approaches, count)


def _read_trajectories(
    stored: Iterable[StoredChunk],
    problem: ComparedProblem,
    table: Table,
    target: float | None,
    targets: Sequence[float] | None,
) -> tuple[dict[int, Area], Approaches | None]:
    """The areas of the runs that recorded losses, and their way to a target that is a loss of a step."""
    areas = dict[int, Area]()
    approaches = _to_losses(problem, table, target, targets)
    for place, data in stored:
        if columns := columns_of(data, "step", "loss"):
            steps, losses = columns
            areas.setdefault(place, Area()).add(steps, losses)
            if approaches is not None:
                approaches[place].add(steps, losses, steps)
    return areas, None if approaches is None else {place: approaches[place] for place in areas}


class _Losses(Approaches):
    """The ways of the runs of a problem whose target is a loss of a step, or a gap of it; each made when asked for."""

    def __init__(self, lowest: Floats, least: float | None, target: float | None, goals: Floats | None) -> None:
        super().__init__()
        self._lowest, self._least, self._target, self._goals = lowest, least, target, goals

    def __missing__(self, place: int) -> Approach:
        best = float(self._lowest[place])
        self[place] = Approach(self._target, best, hits=Hits(best, self._least, self._goals))
        return self[place]


def _to_losses(
    problem: ComparedProblem, table: Table, target: float | None, targets: Sequence[float] | None
) -> Approaches | None:
    """Before anything has been read; None where the target is no loss of a step."""
    if is_whole_part(problem.target_metric) or why_not(problem, problem.target_metric) is not None:
        return None
    least = (problem.minimum or 0.0) if problem.target_metric == "gap" else 0.0
    goal = None if target is None else target + least
    goals = None if targets is None else from_easiest([value + least for value in targets])
    return _Losses(_lowest(table["seed"], table["best_loss"]), problem.minimum, goal, goals)


def _lowest(seeds: npt.NDArray[np.int64], values: Floats) -> Floats:
    """Of each run the lowest value among all with its seed; shape [runs]."""
    _, group = np.unique(seeds, return_inverse=True)
    lowest = np.full(len(values), np.inf)
    np.minimum.at(lowest, group, values)
    found: Floats = lowest[group]
    return found


def _chunks(
    session: Session, kind: type[ChunkRow] | type[MetricChunkRow], problem: ComparedProblem, table: Table
) -> Iterator[StoredChunk]:
    """The stored rows of the runs, each with its place in the table; of one run in order of the steps."""
    for number, job_id in enumerate(problem.job_ids):
        places = np.flatnonzero(table["job"] == number)
        by_trial = dict(zip(table["trial"][places].tolist(), places.tolist(), strict=True))
        for trial, data in chunks(session, kind, job_id, by_trial.keys()):
            yield by_trial[trial], data


def _read_metrics(
    stored: Iterable[StoredChunk],
    problem: ComparedProblem,
    table: Table,
    target: float | None,
    targets: Sequence[float] | None,
) -> Approaches:
    """The way to a target that is a metric of a whole part."""
    metric, series = problem.target_metric, dict[int, MetricSeries]()
    for place, data in stored:
        if columns := columns_of(data, "step", "epoch", metric):
            series.setdefault(place, MetricSeries()).add(*columns, negated=more_is_better(metric))
    places = np.array(sorted(series), dtype=np.int64)
    seeds = table["seed"][places]
    lowest = _lowest(seeds, np.array([series[place].lowest for place in places.tolist()]))
    firsts = _middle(seeds, [series[place].first for place in places.tolist()])
    found = Approaches()
    for place, seed, best in zip(places.tolist(), seeds.tolist(), lowest.tolist(), strict=True):
        goal = near(best, firsts[seed]) if target is None else _goal(metric, target)
        found[place] = series[place].approach(goal, best, _goals(metric, targets, firsts[seed], best))
    return found


def _goal(metric: TargetMetric, target: float) -> float:
    """A target as a value of which less is better."""
    return float(ranked(metric, np.array([target]))[0])


def _goals(metric: TargetMetric, targets: Sequence[float] | None, first: float, best: float) -> Floats:
    """Many targets of a metric of a whole part, of which accuracies are at most 1."""
    if targets is None:
        return spread(first, best, -1.0 if more_is_better(metric) else None)
    return from_easiest([_goal(metric, target) for target in targets])


def _middle(seeds: npt.NDArray[np.int64], values: Sequence[float]) -> Mapping[int, float]:
    """The median of the finite values by seed; infinite where there is none.

    Who diverged before it was evaluated has no first value, and must not take that of the others away.
    """
    found: dict[int, list[float]] = {seed: [] for seed in seeds.tolist()}
    for seed, value in zip(seeds.tolist(), values, strict=True):
        found[seed] += [value] if math.isfinite(value) else []
    return {seed: median(several) if several else math.inf for seed, several in found.items()}


def _with_areas(problem: ComparedProblem, table: Table, areas: Mapping[int, Area] | None) -> Table:
    """The runs with their areas: infinite if a trial diverged, NaN if it is not known or of too few mini-batches."""
    table = table.copy()
    if areas is not None:
        table["area"] = np.where(table["diverged"], np.inf, np.nan)
        least = LEAST_BATCHES if problem.mini_batches else 1
        for place, area in areas.items():
            if area.rows >= least and not table["diverged"][place]:
                table["area"][place] = area.area if math.isfinite(area.area) else np.inf
    return table


def _keep(problem: ComparedProblem, table: Table, approaches: Approaches | None, targets: int) -> None:
    """Give every setting its runs with what was read of them.

    Args:
        problem: the settings.
        table: all runs, setting by setting, with their areas.
        approaches: of the runs that have recorded something; None where none can have a way to the target.
        targets: how many targets each run has.
    """
    hits = None if approaches is None else np.where(table["diverged"], np.inf, np.nan)[:, None].repeat(targets, axis=1)
    if approaches is not None and hits is not None:
        worst = np.where(table["diverged"], np.inf, np.nan)
        table["steps_to_goal"], table["epochs_to_goal"] = worst, worst if problem.parts else np.nan
        for place, approach in approaches.items():
            if approach.rows:
                table["steps_to_goal"][place] = approach.step
                table["epochs_to_goal"][place] = approach.epoch if problem.parts else np.nan
                hits[place] = approach.hits.all() if approach.hits is not None else np.inf
    end = 0
    for setting in problem.settings.values():
        part, end = slice(end, end + len(setting.runs)), end + len(setting.runs)
        own = None if hits is None else hits[part]
        setting.runs = replace(setting.runs, table=table[part], hits=own, is_read=True)
