"""Trajectories out of the store: ranges, columns, thinning, and values that are not finite."""

import math

import numpy as np
import pyarrow as pa
import pytest
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, TrialNotFound
from ayla_service.queue import attempts
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim
from ayla_service.teams.principal import LOCAL
from ayla_service.trials import service
from ayla_service.trials.encoding import decode, encode
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_service.trials.writer import AttemptResults, NewChunk, NewPredictions, NewResults, insert

from tests.factories import WORKER, progress, submit, trial_ids

pytestmark = pytest.mark.every_store


@pytest.fixture
def claimed(database: Database) -> Claim:
    """A trial with steps 0..10 in three chunks."""
    submit(database)
    found = claim(database, WORKER, 30)
    assert found is not None
    for first, last in ((0, 3), (4, 7), (8, 10)):
        attempts.record(database, found, progress(found, first, last, finished=last == 10), 30)
    return found


def _steps(database: Database, claimed: Claim, query: TrajectoryQuery) -> list[int]:
    steps: list[int] = (
        ResultReader(database).trajectory(LOCAL.team_id, trial_ids(claimed)[0], query)["step"].to_pylist()
    )
    return steps


@pytest.mark.parametrize(
    ("query", "steps"),
    [
        (TrajectoryQuery(), list(range(11))),
        (TrajectoryQuery(from_step=3, to_step=8), [3, 4, 5, 6, 7, 8]),
        (TrajectoryQuery(from_step=10), [10]),
        (TrajectoryQuery(from_step=11), []),
        (TrajectoryQuery(to_step=0), [0]),
        (TrajectoryQuery(from_step=6, to_step=5), []),
        (TrajectoryQuery(every=4), [0, 4, 8, 10]),
        (TrajectoryQuery(every=4, from_step=1, to_step=9), [1, 4, 8, 9]),
        (TrajectoryQuery(max_points=2), [0, 10]),
    ],
)
def test_ranges_and_thinning(database: Database, claimed: Claim, query: TrajectoryQuery, steps: list[int]) -> None:
    assert _steps(database, claimed, query) == steps


def test_columns_come_in_the_order_asked_for(database: Database, claimed: Claim) -> None:
    read = ResultReader(database)
    table = read.trajectory(LOCAL.team_id, trial_ids(claimed)[0], TrajectoryQuery(columns=["loss", "step", "loss"]))
    assert table.column_names == ["loss", "step"]


def test_a_range_without_rows_has_the_columns_of_the_trial(database: Database, claimed: Claim) -> None:
    table = ResultReader(database).trajectory(LOCAL.team_id, trial_ids(claimed)[0], TrajectoryQuery(from_step=99))
    assert table.column_names == ["step", "loss"]
    assert table.num_rows == 0
    assert table["step"].type == pa.int64()


def test_an_unknown_column_is_named_with_those_there_are(database: Database, claimed: Claim) -> None:
    with pytest.raises(InvalidQuery) as caught:
        ResultReader(database).trajectory(LOCAL.team_id, trial_ids(claimed)[0], TrajectoryQuery(columns=["lost"]))
    assert caught.value.issues[0].pointer == "/columns"
    assert "step, loss" in caught.value.issues[0].detail


def test_an_answer_is_never_too_large_to_send(
    database: Database, claimed: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_ROWS", 5)
    with pytest.raises(InvalidQuery):
        _steps(database, claimed, TrajectoryQuery())
    assert _steps(database, claimed, TrajectoryQuery(max_points=5))[0] == 0


def test_a_trial_without_rows_has_an_empty_trajectory(database: Database) -> None:
    submit(database)
    found = claim(database, WORKER, 30)
    assert found is not None
    assert _steps(database, found, TrajectoryQuery(max_points=10, every=3)) == []
    assert ResultReader(database).predictions(LOCAL.team_id, trial_ids(found)[0]).columns == {}


def test_predictions_share_their_inputs(database: Database, claimed: Claim) -> None:
    trial_id = trial_ids(claimed)[0]
    shared = {"x": [0.0, 1.0], "target": [1.0, 2.0], "truth": [1.5, 2.5]}
    with database.write() as session:
        sets = [NewPredictions(0, step, encode({**shared, "prediction": [step, -step]})) for step in (4, 2)]
        insert(session, [AttemptResults(claimed.job_id, 1, NewResults(predictions=sets))])
    found = ResultReader(database).predictions(LOCAL.team_id, trial_id)
    assert found.steps == [2, 4]
    assert found.columns == {**shared, "prediction.2": [2, -2], "prediction.4": [4, -4]}


def _metrics(steps: list[int]) -> NewChunk:
    columns = {"step": steps, "epoch": [step // 45 for step in steps], "train_loss": [1.0 / step for step in steps]}
    return NewChunk(0, steps[0], steps[-1], len(steps), encode(columns))


def test_metrics_come_by_step_and_are_written_once(database: Database, claimed: Claim) -> None:
    trial_id = trial_ids(claimed)[0]
    chunks = [_metrics([135]), _metrics([45, 90])]
    for _ in range(2):
        with database.write() as session:
            insert(session, [AttemptResults(claimed.job_id, 1, NewResults(metrics=chunks))])
    read = ResultReader(database)
    table = read.metrics(LOCAL.team_id, trial_id, TrajectoryQuery())
    assert table["step"].to_pylist() == [45, 90, 135]
    assert table.column_names == ["step", "epoch", "train_loss"]
    late_epochs = TrajectoryQuery(columns=["epoch"], from_step=90)
    assert read.metrics(LOCAL.team_id, trial_id, late_epochs).to_pydict() == {"epoch": [2, 3]}
    assert read.metrics(LOCAL.team_id, trial_id, TrajectoryQuery(max_points=2))["step"].to_pylist() == [45, 135]
    assert read.metrics(LOCAL.team_id, trial_id, TrajectoryQuery(from_step=136)).column_names == table.column_names


def test_metrics_of_a_trial_without_any_are_empty(database: Database, claimed: Claim) -> None:
    table = ResultReader(database).metrics(LOCAL.team_id, trial_ids(claimed)[0], TrajectoryQuery())
    assert table.to_pydict() == {"step": [], "epoch": []}
    assert table["epoch"].type == pa.int64()


def test_an_attempt_that_starts_again_drops_the_metrics_after_its_step(database: Database) -> None:
    """The row of step 90 was written with the block whose checkpoint is at step 90; nothing writes it again."""
    submit(database)
    found = claim(database, WORKER, 30)
    assert found is not None
    trial_id = trial_ids(found)[0]
    with database.write() as session:
        results = NewResults(metrics=[_metrics([step]) for step in (45, 90, 135)])
        insert(session, [AttemptResults(found.job_id, 1, results)])
    attempts.begin(database, found, 90, "cpu", 30)
    assert ResultReader(database).metrics(LOCAL.team_id, trial_id, TrajectoryQuery())["step"].to_pylist() == [45, 90]
    attempts.begin(database, found, 0, "cpu", 30)
    assert ResultReader(database).metrics(LOCAL.team_id, trial_id, TrajectoryQuery()).num_rows == 0


def test_predictions_may_come_without_targets(database: Database, claimed: Claim) -> None:
    trial_id = trial_ids(claimed)[0]
    with database.write() as session:
        late = NewPredictions(0, 4, encode({"x": [0.0], "prediction": [2.0]}))
        insert(session, [AttemptResults(claimed.job_id, 2, NewResults(predictions=[late]))])
    assert ResultReader(database).predictions(LOCAL.team_id, trial_id).columns == {"x": [0.0], "prediction.4": [2.0]}


def test_an_answer_is_never_too_wide_to_send(
    database: Database, claimed: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_NUMBERS", 15)
    with pytest.raises(InvalidQuery) as caught:
        _steps(database, claimed, TrajectoryQuery())
    assert "rows of 2 columns" in caught.value.issues[0].detail
    assert _steps(database, claimed, TrajectoryQuery(columns=["step"])) == list(range(11))


def test_what_does_not_exist_is_not_found(database: Database) -> None:
    with pytest.raises(TrialNotFound):
        ResultReader(database).trajectory(LOCAL.team_id, "nothing", TrajectoryQuery())
    with pytest.raises(TrialNotFound):
        ResultReader(database).metrics(LOCAL.team_id, "nothing", TrajectoryQuery())
    with pytest.raises(TrialNotFound):
        ResultReader(database).predictions(LOCAL.team_id, "nothing")


def test_encoding_keeps_every_bit() -> None:
    values = np.array([0.1, -0.0, math.nan, math.inf, -math.inf, 5e-324])
    back = decode(encode({"step": np.arange(6), "loss": values}))
    assert back["step"].type == pa.int64()
    assert back["loss"].to_numpy().tobytes() == values.tobytes()
