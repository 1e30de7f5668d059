"""The results of whole jobs as one table: what is in it, how little is read at a time, and what happens meanwhile."""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import Mock

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, JobNotFound
from ayla_service.jobs.schemas import JobDetail
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials import chunks, encoding, formats, step_rows, table
from ayla_service.trials.formats import Format, downloaded
from ayla_service.trials.selection import Scale, TrajectoryQuery, TrialSelection
from ayla_service.trials.series import TRAJECTORY
from ayla_service.trials.service import MAX_NUMBERS, MAX_ROWS, ResultReader
from ayla_service.trials.snapshot import TrialsSnapshot
from ayla_service.trials.table import ResultTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.orm import Session

from tests.factories import set_trials, stranger, submit
from tests.trials.chunked import add_chunk, ids_of, place_of

pytestmark = pytest.mark.every_store

SEEDS = [3, 5, 8]
ALL = TrialSelection()


@pytest.fixture
def job(database: Database) -> JobDetail:
    """Two optimizers with three seeds each."""
    return submit(database, seeds=SEEDS)


def _ids(database: Database, job: JobDetail) -> list[str]:
    return ids_of(database, job.id)


def _store(
    database: Database,
    trial_id: str,
    columns: dict[str, Sequence[float]],
    rows_per_chunk: int = 4,
    state: TrialState = TrialState.COMPLETED,
) -> None:
    """Store the rows of a trial in chunks, as a worker does."""
    steps = list(columns["step"])
    set_trials(database, *place_of(trial_id), state=state, steps_done=int(steps[-1]) + (state == TrialState.RUNNING))
    for first in range(0, len(steps), rows_per_chunk):
        part = {name: np.asarray(values[first : first + rows_per_chunk]) for name, values in columns.items()}
        add_chunk(database, trial_id, part)


def _course(rows: int, seed: int, extra: str | None = None) -> dict[str, Sequence[float]]:
    draws = np.random.default_rng(seed)
    columns: dict[str, Sequence[float]] = {"step": list(range(rows)), "loss": list(draws.standard_normal(rows))}
    return columns if extra is None else columns | {extra: list(draws.standard_normal(rows))}


def _snapshot(database: Database, job: JobDetail, selection: TrialSelection = ALL) -> TrialsSnapshot:
    return ResultReader(database).of_job(TRAJECTORY, LOCAL.team_id, job.id, selection)


def _open(
    database: Database, job: JobDetail, query: TrajectoryQuery | None = None, selection: TrialSelection = ALL
) -> ResultTable:
    snapshot = _snapshot(database, job, selection)
    return ResultReader(database).table(TRAJECTORY, snapshot, query or TrajectoryQuery(), identified=True)


def _whole(opened: ResultTable) -> pa.Table:
    return opened.whole(MAX_ROWS, MAX_NUMBERS)


def test_trials_follow_each_other_with_what_tells_them_apart(database: Database, job: JobDetail) -> None:
    for number, trial_id in enumerate(_ids(database, job)):
        _store(database, trial_id, _course(10 + number, number))
    whole = _whole(_open(database, job)).to_pydict()
    lengths = [10, 11, 12, 13, 14, 15]
    assert whole["trial_index"] == [index for index, rows in enumerate(lengths) for _ in range(rows)]
    assert whole["step"] == [step for rows in lengths for step in range(rows)]
    assert whole["seed"] == [SEEDS[index % 3] for index, rows in enumerate(lengths) for _ in range(rows)]
    assert whole["optimizer_index"] == [index // 3 for index, rows in enumerate(lengths) for _ in range(rows)]
    labels = dict(zip(whole["label"], whole["optimizer_index"], strict=True))
    assert labels == {"SGD lr=0.03": 0, "AYLA-SGD lr=0.03 N1=1 N2=1.4": 1}
    assert whole["loss"] == [loss for number, rows in enumerate(lengths) for loss in _course(rows, number)["loss"]]


def test_a_column_that_a_trial_lacks_is_null(database: Database, job: JobDetail) -> None:
    first, second, third, *_ = _ids(database, job)
    _store(database, first, _course(3, 0))
    _store(database, second, _course(2, 1, "param.x"))
    _store(database, third, _course(4, 2), rows_per_chunk=4)
    # another version of the worker went on
    add_chunk(database, third, {"step": [4], "loss": [0.5], "scale": [2.0]})
    whole = _whole(_open(database, job))
    assert set(whole.column_names[4:]) == {"step", "loss", "param.x", "scale"}
    assert [value is None for value in whole["param.x"].to_pylist()] == [True] * 3 + [False] * 2 + [True] * 5
    assert whole["scale"].to_pylist() == [None] * 9 + [2.0]


def test_trials_are_selected(database: Database, job: JobDetail) -> None:
    states = {2: TrialState.DIVERGED, 5: TrialState.RUNNING}
    for number, trial_id in enumerate(_ids(database, job)):
        _store(database, trial_id, _course(2, number), state=states.get(number, TrialState.COMPLETED))
    unfinished = frozenset({TrialState.DIVERGED, TrialState.RUNNING})
    for selection, indexes in (
        (TrialSelection.at([1, 4]), [1, 4]),
        (TrialSelection(optimizer_index=1), [3, 4, 5]),
        (TrialSelection(states=unfinished), [2, 5]),
        (TrialSelection((range(3), range(5, 6)), 0, states=unfinished), [2]),
        (TrialSelection(states=frozenset({TrialState.FAILED})), []),
    ):
        whole = _whole(_open(database, job, selection=selection))
        assert whole["trial_index"].to_pylist() == [index for index in indexes for _ in range(2)]


def test_what_the_job_does_not_have_cannot_be_selected(database: Database, job: JobDetail) -> None:
    for selection in (TrialSelection.at([0, 6]), TrialSelection(optimizer_index=2)):
        with pytest.raises(InvalidQuery, match="invalid"):
            _snapshot(database, job, selection)


def test_jobs_of_other_teams_do_not_exist(database: Database, job: JobDetail) -> None:
    other = stranger(database)
    for job_id in (job.id, "nothing", "\0" * 36):
        with pytest.raises(JobNotFound):
            ResultReader(database).of_job(TRAJECTORY, other.team_id, job_id, ALL)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Very little is read at a time, and a trial of more than some rows is read twice."""
    monkeypatch.setattr(table, "NUMBERS_AT_ONCE", 24)
    monkeypatch.setattr(chunks, "_KEYS_AT_ONCE", 3)
    monkeypatch.setattr(chunks, "_TRIALS_AT_ONCE", 2)
    monkeypatch.setattr(step_rows, "HELD_NUMBERS", 60)


QUERIES = [
    TrajectoryQuery(),
    TrajectoryQuery(columns=["param.x", "step"]),
    TrajectoryQuery(from_step=5, to_step=33),
    TrajectoryQuery(every=7, from_step=2),
    TrajectoryQuery(max_points=9),
    TrajectoryQuery(max_points=9, every=2, scale=Scale.LOG, columns=["loss", "param.x"]),
    TrajectoryQuery(max_points=6, columns=["step"]),
    TrajectoryQuery(from_step=1000),
]


def test_reading_little_at_a_time_gives_the_same(
    database: Database, job: JobDetail, request: pytest.FixtureRequest
) -> None:
    for number, trial_id in enumerate(_ids(database, job)):
        state = TrialState.RUNNING if number == 4 else TrialState.COMPLETED
        _store(database, trial_id, _course([50, 2, 3, 1, 40, 7][number], number, "param.x"), state=state)
    at_once = [_whole(_open(database, job, query)) for query in QUERIES]
    request.getfixturevalue("narrow")
    read = ResultReader(database)
    for query, expected in zip(QUERIES, at_once, strict=True):
        assert _whole(_open(database, job, query)).equals(expected), query
        alone = [read.trajectory(LOCAL.team_id, trial_id, query) for trial_id in _ids(database, job)]
        assert pa.concat_tables(alone).equals(expected.drop_columns(list(table.IDENTITY))), query


class _Counting(Database):
    """Knows how many units of work are open, and how many there were."""

    units = 0
    is_open = 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        self.units, self.is_open = self.units + 1, self.is_open + 1
        try:
            with super().read() as session:
                yield session
        finally:
            self.is_open -= 1


@pytest.mark.usefixtures("narrow")
def test_no_transaction_is_open_while_a_client_takes_its_time(database: Database, job: JobDetail) -> None:
    for number, trial_id in enumerate(_ids(database, job)):
        _store(database, trial_id, _course(20, number))
    counting = _Counting(database.url)
    for form in (Format.CSV, Format.ARROW, Format.PARQUET):
        pieces, before = 0, 0
        for _ in downloaded(form, _open(counting, job)):
            assert counting.is_open == 0
            pieces += counting.units > before
            before = counting.units
        assert pieces >= 6, "read while it is sent"
    counting.dispose()


@pytest.mark.usefixtures("narrow")
def test_a_download_shows_what_was_there_when_it_began(database: Database, job: JobDetail) -> None:
    first, second, *others = _ids(database, job)
    _store(database, first, _course(20, 0), state=TrialState.RUNNING)
    _store(database, second, _course(12, 1), state=TrialState.RUNNING)
    pieces = _open(database, job).pieces()
    shown = [next(pieces)]
    for trial_id in (first, second, others[0]):
        add_chunk(database, trial_id, {"step": [20], "loss": [1.0]})
    shown += pieces
    whole = pa.concat_tables(shown)
    assert whole["step"].to_pylist() == [*range(20), *range(12)]


@pytest.mark.usefixtures("narrow")
def test_a_job_that_is_deleted_ends_its_download(database: Database, job: JobDetail) -> None:
    for number, trial_id in enumerate(_ids(database, job)):
        _store(database, trial_id, _course(20, number))
    pieces = _open(database, job).pieces()
    next(pieces)
    with database.write() as session:
        session.execute(delete(JobRow).where(JobRow.id == job.id))
    with pytest.raises(JobNotFound):
        list(pieces)


def test_the_version_changes_with_whatever_changes_the_rows(database: Database, job: JobDetail) -> None:
    read, trial_id = ResultReader(database), _ids(database, job)[1]
    seen: list[str] = []

    def look() -> None:
        seen.append(_snapshot(database, job).version + read.of_trial(TRAJECTORY, LOCAL.team_id, trial_id).version)

    look()
    _store(database, trial_id, _course(4, 0), state=TrialState.RUNNING)
    look()
    add_chunk(database, trial_id, {"step": [4], "loss": [1.0]})
    look()
    set_trials(database, *place_of(trial_id), state=TrialState.COMPLETED)
    look()
    assert len(set(seen)) == 4
    look()
    assert len(set(seen)) == 4


def test_only_results_that_never_change_are_final(database: Database, job: JobDetail) -> None:
    first, second, *_ = _ids(database, job)
    _store(database, first, _course(4, 0))
    _store(database, second, _course(4, 0), state=TrialState.FAILED)
    read = ResultReader(database)
    assert read.of_trial(TRAJECTORY, LOCAL.team_id, first).is_final
    assert not read.of_trial(TRAJECTORY, LOCAL.team_id, second).is_final, "it can be tried again"
    assert not _snapshot(database, job, TrialSelection.at([0])).is_final


@pytest.mark.parametrize(("max_rows", "max_numbers"), [(29, 1000), (1000, 150)])
def test_a_table_is_refused_as_soon_as_it_is_too_large(
    database: Database, job: JobDetail, max_rows: int, max_numbers: int
) -> None:
    for number, trial_id in enumerate(_ids(database, job)[:3]):
        _store(database, trial_id, _course(10, number))
    with pytest.raises(InvalidQuery) as caught:
        _open(database, job).whole(max_rows, max_numbers)
    assert "Parquet" in caught.value.issues[0].detail
    assert _open(database, job).whole(30, 180).num_rows == 30


NUMBERS = st.lists(st.floats(width=64), min_size=1, max_size=30)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=NUMBERS, second=NUMBERS, rows_per_chunk=st.integers(1, 40))
def test_every_format_has_the_same_content(
    store_path: object, sqlite: Database, first: list[float], second: list[float], rows_per_chunk: int
) -> None:
    job = submit(sqlite)
    for trial_id, losses in zip(_ids(sqlite, job), (first, second), strict=True):
        _store(sqlite, trial_id, {"step": range(len(losses)), "loss": losses}, rows_per_chunk)
    whole = _whole(_open(sqlite, job))
    assert whole["loss"].to_numpy().tobytes() == np.array(first + second).tobytes()
    sent = {form: b"".join(downloaded(form, _open(sqlite, job))) for form in Format if form is not Format.JSON}
    arrow = pa.ipc.open_stream(sent[Format.ARROW]).read_all()
    parquet = pq.read_table(io.BytesIO(sent[Format.PARQUET]))
    for found in (arrow, parquet):
        assert found.schema.equals(whole.schema)
        assert found["loss"].to_numpy().tobytes() == whole["loss"].to_numpy().tobytes()
        assert found.drop_columns(["loss"]).equals(whole.drop_columns(["loss"]))
    rows = pa.csv.read_csv(io.BytesIO(sent[Format.CSV])).to_pydict()
    assert rows["loss"] == [loss if math.isfinite(loss) else None for loss in first + second]
    assert rows["label"] == whole["label"].to_pylist()


@pytest.fixture
def sqlite(store_path: object) -> Iterator[Database]:
    database = Database(f"sqlite:///{store_path}")
    yield database
    database.dispose()


@pytest.mark.parametrize(("rows_per_chunk", "another", "decoded"), [(900, False, 0), (900, True, 3), (100, False, 18)])
def test_a_trial_as_an_arrow_stream_is_what_is_stored(
    database: Database,
    job: JobDetail,
    rows_per_chunk: int,
    another: bool,
    decoded: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Large chunks are passed on as they are, small ones put together, and those of different columns made to fit."""
    trial_id = _ids(database, job)[0]
    _store(database, trial_id, _course(1800, 7, "param.x") | {"late": [math.nan] * 1800}, rows_per_chunk)
    if another:
        add_chunk(database, trial_id, {"step": [1800], "loss": [-math.inf], "new": [5.0]})
    read = ResultReader(database)
    opened = read.table(
        TRAJECTORY, read.of_trial(TRAJECTORY, LOCAL.team_id, trial_id), TrajectoryQuery(), identified=False
    )
    expected = _whole(opened)
    decode = Mock(side_effect=encoding.decode)
    monkeypatch.setattr(formats, "decode", decode)
    arrow = pa.ipc.open_stream(b"".join(downloaded(Format.ARROW, opened))).read_all()
    assert decode.call_count == decoded
    assert arrow.schema.equals(expected.schema)
    assert len(arrow) == 1800 + another
    for name in expected.column_names:
        assert arrow[name].to_numpy().tobytes() == expected[name].to_numpy().tobytes()
