"""Reads the data of figures from the store, as much as can be read in time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, PredictionSetRow
from ayla_service.db.session import Database
from ayla_service.errors import FigureTooLarge, InvalidQuery
from ayla_service.figures.availability import FigureJob
from ayla_service.figures.data import (
    Columns,
    FigureData,
    FittedCurves,
    RecordedTrial,
    SettingData,
    TrialResult,
    drawable,
)
from ayla_service.figures.geometry import PixelSize, Points, simplified_path
from ayla_service.figures.options import KINDS, FigureOptions, Kind, Seeds
from ayla_service.trials.encoding import decode
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.series import METRICS, TRAJECTORY, Series
from ayla_service.trials.service import MAX_NUMBERS, MAX_ROWS, ResultReader
from ayla_service.trials.snapshot import TrialRef, TrialsSnapshot

MOST_TRIALS = 1000
"""Trials whose rows are read for one figure."""

MOST_BYTES = 128 * 1024**2
"""Of their results, as they are stored."""

_MOST_LINES, _LEAST_LINES = 200_000, 1000
"""Straight lines of all paths of a figure together, and of each at least."""

_RESULT = ("trial_index", "optimizer_index", "seed", "state", "final_loss", "best_loss", "best_step")
_WHOLE_PARTS = ("test_loss", "full_train_loss")


@dataclass(frozen=True, slots=True)
class TrialSubset:
    """Trials that a figure shows.

    Attributes:
        settings: places of optimizer settings in the job, growing.
        seeds: how many of the job's seeds, from the first.
        trials: places of the trials in the job, growing.
    """

    settings: tuple[int, ...]
    seeds: int
    trials: tuple[int, ...]

    @classmethod
    def of(cls, settings: tuple[int, ...], seeds: int, total: int) -> "TrialSubset":
        """The trials of these settings with the first of ``total`` seeds."""
        # Trials of one optimizer stand together, seeds in the order given.
        return cls(settings, seeds, tuple(setting * total + place for setting in settings for place in range(seeds)))

    def selection(self, job: FigureJob) -> TrialSelection:
        """The same, for a reader of results."""
        everything = len(job.spec.optimizers) * len(job.spec.seeds)
        is_whole = not job.swept and len(self.trials) == everything
        return TrialSelection() if is_whole else TrialSelection.at(self.trials)


def select_trials(session: Session, job: FigureJob, kind: Kind, options: FigureOptions, jobs: int = 1) -> TrialSubset:
    """The trials that a figure of this kind shows of one of so many jobs, which share what is read of all.

    Raises:
        InvalidQuery: if the job has no optimizer with a wanted index.
        FigureTooLarge: if even one seed of each setting is too much to read.
    """
    settings, total = tuple(job.swept) or _wanted_settings(job, options), len(job.spec.seeds)
    rule, has_rows = KINDS[kind].seeds, options.series(kind) is not None
    fitting = {
        Seeds.ALL: total,
        Seeds.FIRST: 1,
        Seeds.READABLE: min(total, max(1, MOST_TRIALS // jobs // len(settings))),
    }
    wanted = TrialSubset.of(settings, fitting[rule], total)
    if not has_rows:
        return wanted
    return TrialSubset.of(settings, _readable_seeds(session, job, wanted, MOST_BYTES // jobs), total)


def _wanted_settings(job: FigureJob, options: FigureOptions) -> tuple[int, ...]:
    count = len(job.spec.optimizers)
    if options.optimizers is None:
        return tuple(range(count))
    wanted = tuple(sorted(set(options.optimizers)))
    if not wanted or wanted[-1] >= count:
        there = f"there is no {wanted[-1]}" if wanted else "name at least one"
        raise InvalidQuery("optimizers", f"The job has {count} optimizers, numbered from 0; {there}.")
    return wanted


def _readable_seeds(session: Session, job: FigureJob, most: TrialSubset, most_bytes: int) -> int:
    """The number of seeds of which the results of all settings can be read.

    Raises:
        FigureTooLarge: if there is none.
    """
    row = session.get_one(JobRow, job.id)
    columns = TrialReader(session).among(row, np.array(most.trials, dtype=np.int64), ("stored_bytes",))
    sizes: list[int] = columns["stored_bytes"].tolist()
    of_seed = [sum(sizes[place :: most.seeds]) for place in range(most.seeds)]
    fitting = sum(size <= most_bytes for size in accumulate(of_seed))
    if not fitting:
        raise FigureTooLarge(of_seed[0], most_bytes)
    return fitting


def read_results(reader: ResultReader, job: FigureJob, subset: TrialSubset, snapshot: TrialsSnapshot) -> FigureData:
    """The results of the trials."""
    found: dict[int, list[TrialResult]] = defaultdict(list)
    table = reader.summary(snapshot).whole(MAX_ROWS, MAX_NUMBERS)
    parts = zip(*(table[name].to_pylist() for name in _WHOLE_PARTS), strict=True)
    for row, losses in zip(zip(*(table[name].to_pylist() for name in _RESULT), strict=True), parts, strict=True):
        result = TrialResult(*row)
        found[row[0] // len(job.spec.seeds)].append(
            replace(result, whole_part_loss=_known(losses)) if job.has_epochs else result
        )
    settings = [_setting(job, index, found[index]) for index in subset.settings]
    return FigureData(settings, subset.seeds, len(job.spec.seeds))


def _known(losses: Sequence[float | None]) -> float:
    """The first loss that is known, else infinity."""
    return next((loss for loss in losses if loss is not None and np.isfinite(loss)), np.inf)


def _setting(job: FigureJob, index: int, results: list[TrialResult]) -> SettingData:
    settings = job.setting(index)
    return SettingData(index, settings.label or f"optimizer {index}", settings.model_dump(mode="json"), results)


def read_rows(
    reader: ResultReader,
    data: FigureData,
    series: Series,
    snapshot: TrialsSnapshot,
    columns: Sequence[str] | None,
    max_points: int,
    *,
    evenly: bool = False,
    between: tuple[int, int] | None = None,
) -> FigureData:
    """The data with the recorded rows of the trials.

    Args:
        reader: of the store.
        data: the results of the same trials.
        series: which rows.
        snapshot: of the trials.
        columns: the values to read; None for all there are.
        max_points: most rows of a trial.
        evenly: whether the rows of a single trial are evenly spaced too, without its extremes.
        between: first and last step; None for all.
    """
    evenly = evenly or data.seeds > 1
    # Rows of metrics are some steps apart, which multiples of another number of steps would mostly miss.
    if evenly and series is METRICS:
        query = TrajectoryQuery(None if columns is None else ["step", *columns])
    else:
        query = _rows_query(snapshot, columns, max_points, between, evenly=evenly)
    results = {result.index: (setting.index, result) for setting in data.settings for result in setting.results}
    tables = _by_trial(reader.table(series, snapshot, query, identified=True).pieces())
    if evenly and series is METRICS:
        tables = _thinned_alike(tables, max_points)
    trials: dict[int, list[RecordedTrial]] = defaultdict(list)
    for index, (setting, result) in results.items():
        trials[setting].append(_recorded(result, tables.get(index)))
    return replace(data, settings=[replace(one, trials=trials[one.index]) for one in data.settings])


def _rows_query(
    snapshot: TrialsSnapshot,
    columns: Sequence[str] | None,
    max_points: int,
    between: tuple[int, int] | None,
    *,
    evenly: bool,
) -> TrajectoryQuery:
    """Rows of one trial are thinned with their extremes; those of several have to be at the same steps."""
    names = None if columns is None else ["step", *columns]
    first, last = between or (None, None)
    if not evenly:
        return TrajectoryQuery(names, max_points=max_points, from_step=first, to_step=last)
    furthest = max((trial.steps_done for trial in snapshot.refs()), default=0)
    recorded = (min(furthest, last or furthest) - (first or 0)) // snapshot.every + 1
    every = snapshot.every * max(1, -(-recorded // max_points))
    return TrajectoryQuery(names, every=every, from_step=first, to_step=last)


def _by_trial(pieces: Iterator[pa.Table]) -> Mapping[int, pa.Table]:
    """The rows of each trial; in the pieces they stand together."""
    found: dict[int, list[pa.Table]] = defaultdict(list)
    for piece in pieces:
        trials = piece["trial_index"].to_numpy()
        starts = np.flatnonzero(np.diff(trials, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(trials)], strict=True):
            found[int(trials[start])].append(piece.slice(start, end - start))
    return {index: pa.concat_tables(tables) for index, tables in found.items()}


def _thinned_alike(tables: Mapping[int, pa.Table], most: int) -> Mapping[int, pa.Table]:
    """At most so many rows of each trial, about, of all at the same steps, and the last."""
    steps = np.unique(np.concatenate([np.empty(0, np.int64), *(table["step"].to_numpy() for table in tables.values())]))
    kept = np.append(steps[:: max(1, -(-len(steps) // most))], steps[-1:])
    return {index: table.filter(pa.array(np.isin(table["step"].to_numpy(), kept))) for index, table in tables.items()}


def _recorded(result: TrialResult, table: pa.Table | None) -> RecordedTrial:
    if table is None:
        return RecordedTrial(result.seed, result.diverged, np.array([], dtype=np.int64), {})
    columns = {
        name: np.asarray(table[name].to_numpy(), dtype=np.float64)
        for name in table.column_names
        if pa.types.is_floating(table.schema.field(name).type) or name == "epoch"
    }
    return RecordedTrial(result.seed, result.diverged, table["step"].to_numpy(), columns)


def read_long_paths(
    reader: ResultReader,
    data: FigureData,
    snapshot: TrialsSnapshot,
    parameters: Sequence[str],
    pixel: PixelSize,
    whole: int,
) -> FigureData:
    """The data with simplified paths over a plane, where these have more points than were read.

    Args:
        reader: of the store.
        data: one trial of each setting, with the rows that were read.
        snapshot: of the trials.
        parameters: columns of the two parameters.
        pixel: how finely the plane is drawn.
        whole: a path of at most so many points was read whole.
    """
    most = max(_LEAST_LINES, _MOST_LINES // max(1, len(data.settings)))
    paths = {
        trial.optimizer_index: simplified_path(_path(reader, snapshot, trial, parameters), pixel, most)
        for trial in snapshot.refs()
        if _row_count(trial, snapshot.every) > whole
    }
    settings = [
        replace(setting, trials=[replace(trial, path=paths.get(setting.index)) for trial in setting.trials])
        for setting in data.settings
    ]
    return replace(data, settings=settings)


def _row_count(trial: TrialRef, every: int) -> int:
    """The number of rows of a trial: the multiples of ``every``, and the last."""
    return trial.steps_done // every + 1 + (trial.steps_done % every != 0)


def _path(
    reader: ResultReader, snapshot: TrialsSnapshot, trial: TrialRef, parameters: Sequence[str]
) -> Iterator[Points]:
    """The points of a trial up to the first that is not finite, a bounded number at a time."""
    query = TrajectoryQuery(["step", *parameters])
    for table in reader.table(TRAJECTORY, snapshot.only(trial.index), query, identified=False).pieces():
        across, up = (np.asarray(table[name].to_numpy(), dtype=np.float64) for name in parameters)
        finite = np.isfinite(across) & np.isfinite(up)
        count = len(finite) if finite.all() else int(finite.argmin())
        yield drawable(across[:count]) + 1j * drawable(up[:count])
        if count < len(finite):
            return


def read_fits(database: Database, snapshot: TrialsSnapshot, steps: list[int], max_points: int) -> FittedCurves:
    """The predictions of some trials, as far as they are recorded.

    Args:
        database: the store.
        snapshot: one trial of each setting.
        steps: at which.
        max_points: most points of each.

    Raises:
        FigureTooLarge: if they are too much to read.
    """
    places = snapshot.indexes
    settings = dict(zip(places.tolist(), snapshot.layout.settings_of(places).tolist(), strict=True))
    wanted = (
        PredictionSetRow.job_id == snapshot.job_id,
        PredictionSetRow.trial_index.in_(settings),
        PredictionSetRow.step.in_(steps),
    )
    with database.read() as session:
        size = session.scalar(select(func.sum(func.length(PredictionSetRow.data))).where(*wanted)) or 0
        if size > MOST_BYTES:
            raise FigureTooLarge(size, MOST_BYTES)
        found = session.execute(
            select(PredictionSetRow.trial_index, PredictionSetRow.step, PredictionSetRow.data).where(*wanted)
        )
        columns = {(step, settings[index]): _thinned(data, max_points) for index, step, data in found}
    return FittedCurves(steps, dict(sorted(columns.items())))  # the store gives them in any order


def _thinned(data: bytes, max_points: int) -> Columns:
    table = decode(data)
    columns = {name: np.asarray(table[name].to_numpy(), dtype=np.float64) for name in table.column_names}
    order = np.argsort(columns["x"], kind="stable")
    kept = order[:: max(1, -(-len(order) // max_points))]
    return {name: drawable(values[kept]) for name, values in columns.items()}
