"""Results and summaries of trials, as they are written: twice is as good as once, and what has ended stays."""

import numpy as np
import pytest
from ayla_service.db.models import ChunkRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import ShardState, TrialState
from ayla_service.trials.columns import BLANK, CODES, MISSING, Summaries, decode_summaries, encode_summaries, states_in
from ayla_service.trials.progress import advanced, rewound, without_time
from ayla_service.trials.writer import AttemptResults, NewChunk, NewResults, TrialRange, discard_from, insert, measured
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sqlalchemy import select

from tests.factories import submit, summaries

COMPLETED, DIVERGED, NONE = (CODES[state] for state in (TrialState.COMPLETED, TrialState.DIVERGED, TrialState.QUEUED))


def chunks(*steps: int, data: bytes = b"0123456789") -> NewResults:
    """A chunk of one row of the second trial at each step."""
    return NewResults([NewChunk(1, step, step, 1, data) for step in steps])


@pytest.mark.every_store
def test_a_chunk_that_is_there_stays(database: Database) -> None:
    job = submit(database)
    with database.write() as session:
        insert(session, [AttemptResults(job.id, 1, chunks(0, 5))])
        insert(session, [AttemptResults(job.id, 2, chunks(0, 9, data=b"other"))])
    with database.read() as session:
        rows = session.execute(select(ChunkRow.first_step, ChunkRow.attempt).order_by(ChunkRow.first_step)).all()
    assert rows == [(0, 1), (5, 1), (9, 2)]


@pytest.mark.every_store
def test_what_is_recorded_again_is_dropped_and_measured(database: Database) -> None:
    job, other = submit(database), submit(database)
    with database.write() as session:
        insert(session, [AttemptResults(one.id, 1, chunks(0, 5, 9)) for one in (job, other)])
        discard_from(session, TrialRange(job.id, 0, 2), 5)
        assert measured(session, TrialRange(job.id, 0, 2)).tolist() == [0, 10]
        assert measured(session, TrialRange(job.id, 0, 1)).tolist() == [0], "the second trial is not of this range"
        assert measured(session, TrialRange(other.id, 1, 1)).tolist() == [30]


@pytest.mark.every_store
def test_numbers_of_a_shard_stay_in_their_bounds(database: Database) -> None:
    submit(database)
    with database.read() as session:
        shard = session.scalars(select(ShardRow)).one()
        assert (shard.first_trial, shard.trials, shard.completed, shard.result_bytes) == (0, 2, 0, 0)


_COUNT = 4
_INTEGERS = st.integers(-1, 2**62)


@st.composite
def some_summaries(draw: st.DrawFn) -> Summaries:
    columns = {}
    for name, blank in Summaries.blank(_COUNT).columns.items():
        if name == "device":
            elements: st.SearchStrategy[float] = st.integers(-1, 1)
        elif blank.dtype.kind == "f":
            elements = st.floats(width=64)
        else:
            elements = st.integers(-1, np.iinfo(blank.dtype).max)
        columns[name] = draw(arrays.arrays(blank.dtype, _COUNT, elements=elements))
    return Summaries(columns, ("cpu (8 threads)", "NVIDIA H200"))


@given(some_summaries())
def test_summaries_come_back_as_they_were_stored_to_the_bit(stored: Summaries) -> None:
    """Constant columns, which are kept once, and minus zero among them."""
    found = decode_summaries(encode_summaries(stored), _COUNT)
    assert found.devices == stored.devices
    for name in BLANK:
        assert found[name].dtype == stored[name].dtype, name
        if stored[name].dtype.kind == "f":
            np.testing.assert_array_equal(found[name], stored[name], err_msg=name)
            finite = ~np.isnan(stored[name])
            assert np.array_equal(np.signbit(found[name])[finite], np.signbit(stored[name])[finite]), name
        else:
            assert np.array_equal(found[name], stored[name]), name


def test_summaries_of_a_trial_take_few_bytes() -> None:
    """Of a sweep that keeps no trajectory; what is the same for all takes none."""
    count, drawn = 10_000, np.random.default_rng(1)
    losses = {name: drawn.random(count) for name in ("final_loss", "best_loss")}
    counted = {name: drawn.integers(0, 800, count) for name in ("best_step", "losses_below_one", "losses_above_one")}
    stored = summaries(count, state=COMPLETED, steps_done=800, device="cpu", wall_seconds=0.7, **losses, **counted)
    assert len(encode_summaries(stored)) < 30 * count
    assert len(encode_summaries(Summaries.blank(count))) < 500


def test_before_the_first_block_nothing_is_known() -> None:
    blank = decode_summaries(None, 3)
    assert len(blank) == 3
    assert np.isnan(blank["final_loss"]).all()
    assert (blank["best_step"] == MISSING).all()
    states = {shard: states_in(blank, shard).tolist() for shard in (ShardState.PAUSED, ShardState.RUNNING)}
    assert states == {
        ShardState.PAUSED: [CODES[TrialState.QUEUED]] * 3,
        ShardState.RUNNING: [CODES[TrialState.RUNNING]] * 3,
    }


def test_a_trial_keeps_its_own_result_whatever_becomes_of_its_shard() -> None:
    stored = summaries(3, state=[COMPLETED, NONE, DIVERGED])
    states = states_in(stored, ShardState.FAILED)
    assert states.tolist() == [COMPLETED, CODES[TrialState.FAILED], DIVERGED]


def test_a_block_adds_to_what_is_stored_and_a_result_never_changes() -> None:
    stored = summaries(2, state=[COMPLETED, NONE], best_loss=[1.0, 2.0], wall_seconds=1.0, stored_bytes=5, device="a")
    block = summaries(2, state=COMPLETED, best_loss=0.5, wall_seconds=2.0, stored_bytes=7, steps_done=10, device="b")
    after = advanced(stored, block)
    assert after["best_loss"].tolist() == [1.0, 0.5]
    assert after["wall_seconds"].tolist() == [1.0, 3.0]
    assert after["stored_bytes"].tolist() == [12, 12], "what is recorded again takes room"
    assert [after.devices[place] for place in after["device"]] == ["a", "b"]
    unknown = advanced(stored, summaries(2))
    assert [unknown.devices[place] for place in unknown["device"]] == ["a", "a"]


def test_an_attempt_that_begins_earlier_takes_back_steps_and_bytes_of_what_has_no_result() -> None:
    stored = summaries(2, state=[DIVERGED, NONE], steps_done=[4, 9], wall_seconds=3.0, stored_bytes=90, device="a")
    after = rewound(stored, 5, "b", np.array([10, 20]))
    assert after["steps_done"].tolist() == [4, 5]
    assert after["stored_bytes"].tolist() == [10, 20]
    assert [after.devices[place] for place in after["device"]] == ["a", "b"]
    assert without_time(after)["wall_seconds"].tolist() == [3.0, 0.0]
