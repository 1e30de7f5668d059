"""Results out of the store, as the plain values that figures are drawn from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ayla_service.figures.availability import JobFacts
from ayla_service.figures.data import Material, Run, Setting, TrialResult
from ayla_service.figures.paths import Points, Screen, drawn_path
from ayla_service.figures.selecting import Drawn
from ayla_service.figures.windows import drawable
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.series import TRAJECTORY, Series
from ayla_service.trials.service import ResultReader
from ayla_service.trials.snapshot import TrialRef, TrialsSnapshot

_MOST_LINES, _LEAST_LINES = 200_000, 1000
"""Straight lines of all paths of a figure together, and of each at least."""

_RESULT = ("trial_index", "optimizer_index", "seed", "state", "final_loss", "best_loss", "best_step")


def results_of(reader: ResultReader, facts: JobFacts, trials: Drawn, stood: TrialsSnapshot) -> Material:
    """The trials in numbers."""
    found: dict[int, list[TrialResult]] = defaultdict(list)
    table = reader.summary(stood).select(_RESULT)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        found[row[1]].append(TrialResult(*row))
    settings = [_setting(facts, index, found[index]) for index in trials.settings]
    return Material(settings, trials.seeds, len(facts.spec.seeds))


def courses_of(
    reader: ResultReader,
    material: Material,
    series: Series,
    stood: TrialsSnapshot,
    columns: Sequence[str] | None,
    max_points: int,
) -> Material:
    """The trials with what they recorded.

    Args:
        reader: of the store.
        material: the same trials in numbers.
        series: which rows.
        stood: where the trials stood.
        columns: the values to read; None for all there are.
        max_points: most rows of a trial.
    """
    query = _query(stood, columns, max_points, material.seeds)
    results = {result.index: result for setting in material.settings for result in setting.results}
    tables = _by_trial(reader.table(series, stood, query, identified=True).pieces())
    runs: dict[int, list[Run]] = defaultdict(list)
    for index, result in results.items():
        runs[result.optimizer_index].append(_run(result, tables.get(index)))
    settings = [replace(setting, runs=runs[setting.index]) for setting in material.settings]
    return replace(material, settings=settings)


def with_paths(
    reader: ResultReader,
    material: Material,
    stood: TrialsSnapshot,
    parameters: Sequence[str],
    screen: Screen,
    whole: int,
) -> Material:
    """The trials with their ways over a plane, where these have more points than were read.

    Args:
        reader: of the store.
        material: one trial of each setting, with what of it was read.
        stood: where the trials stood.
        parameters: columns of the two parameters.
        screen: how finely the plane is drawn.
        whole: a path of at most so many points was read whole.
    """
    most = max(_LEAST_LINES, _MOST_LINES // max(1, len(material.settings)))
    paths = {
        trial.optimizer_index: drawn_path(_path(reader, stood, trial, parameters), screen, most)
        for trial in stood.trials
        if _rows(trial, stood.every) > whole
    }
    settings = [
        replace(setting, runs=[replace(run, path=paths.get(setting.index)) for run in setting.runs])
        for setting in material.settings
    ]
    return replace(material, settings=settings)


def _rows(trial: TrialRef, every: int) -> int:
    """How many a trial has recorded: the multiples of ``every``, and the last."""
    return trial.steps_done // every + 1 + (trial.steps_done % every != 0)


def _path(reader: ResultReader, stood: TrialsSnapshot, trial: TrialRef, parameters: Sequence[str]) -> Iterator[Points]:
    """The points of a trial up to the first that is not finite, a bounded number at a time."""
    query = TrajectoryQuery(["step", *parameters])
    for table in reader.table(TRAJECTORY, replace(stood, trials=[trial]), query, identified=False).pieces():
        across, up = (np.asarray(table[name].to_numpy(), dtype=np.float64) for name in parameters)
        finite = np.isfinite(across) & np.isfinite(up)
        count = len(finite) if finite.all() else int(finite.argmin())
        yield drawable(across[:count]) + 1j * drawable(up[:count])
        if count < len(finite):
            return


def _setting(facts: JobFacts, index: int, results: list[TrialResult]) -> Setting:
    settings = facts.spec.optimizers[index]
    return Setting(index, settings.label or f"optimizer {index}", settings.model_dump(mode="json"), results)


def _query(stood: TrialsSnapshot, columns: Sequence[str] | None, max_points: int, seeds: int) -> TrajectoryQuery:
    """Rows of one trial are thinned with their extremes; those of several have to be at the same steps."""
    names = None if columns is None else ["step", *columns]
    if seeds == 1:
        return TrajectoryQuery(names, max_points=max_points)
    furthest = max((trial.steps_done for trial in stood.trials), default=0)
    recorded = furthest // stood.every + 1
    return TrajectoryQuery(names, every=stood.every * max(1, -(-recorded // max_points)))


def _by_trial(pieces: Iterator[pa.Table]) -> Mapping[int, pa.Table]:
    """The rows of each trial; they stand together."""
    found: dict[int, list[pa.Table]] = defaultdict(list)
    for piece in pieces:
        trials = piece["trial_index"].to_numpy()
        starts = np.flatnonzero(np.diff(trials, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(trials)], strict=True):
            found[int(trials[start])].append(piece.slice(start, end - start))
    return {index: pa.concat_tables(tables) for index, tables in found.items()}


def _run(result: TrialResult, table: pa.Table | None) -> Run:
    if table is None:
        return Run(result.seed, result.diverged, np.array([], dtype=np.int64), {})
    columns = {
        name: np.asarray(table[name].to_numpy(), dtype=np.float64)
        for name in table.column_names
        if pa.types.is_floating(table.schema.field(name).type) or name == "epoch"
    }
    return Run(result.seed, result.diverged, table["step"].to_numpy(), columns)
