"""The same numbers however the steps are cut, the state is saved, and the trials are put together."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from ayla_core import Block, BlockLength, CheckpointError, Engine, MemoryRecorder, train
from ayla_spec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.batches import CPU, QUARTIC, ROSENBROCK, assert_same, assert_same_columns, job, preset, run

pytestmark = pytest.mark.usefixtures("way")

MIXED = [
    {"name": "adam", "learning_rate": 0.01},
    {"name": "sgd", "learning_rate": 0.0005},
    {"name": "adam", "learning_rate": 0.02, "ayla": {"n1": 0.8, "n2": 1.6}},
    {"name": "sgd", "learning_rate": 0.0003, "ayla": {"n1": 1.1, "n2": 0.7, "max_scale": 1.0}},
    {"name": "sgd", "learning_rate": 50.0},
]
EXPRESSION_JOBS = [
    job(QUARTIC, MIXED, 60),
    job(ROSENBROCK, MIXED, 60, record={"every": 7}),
    job(
        {"type": "expression", "expression": "exp(x)*y**2 + cosh(z) + x**1.5", "start": {"x": 1.0, "y": 2.0, "z": 0.5}},
        MIXED,
        60,
    ),
]
CURVE = preset("curve-a", budget={"steps": 24}, record={"every": 5, "predictions_at": [0, 8, 24]})
FIXED = [HealthCheck.function_scoped_fixture]
"""The way of computing stays the same for all examples."""

CUTS = st.lists(st.integers(1, 40), max_size=8)


@settings(max_examples=30, suppress_health_check=FIXED)
@given(st.sampled_from(EXPRESSION_JOBS), CUTS)
def test_cutting_an_expression_job_into_blocks_changes_nothing(spec: ResolvedJobSpec, cuts: list[int]) -> None:
    assert_same(run(spec), run(spec, blocks=cuts))


@settings(max_examples=10, suppress_health_check=FIXED)
@given(CUTS)
def test_cutting_a_dataset_job_into_blocks_changes_nothing(cuts: list[int]) -> None:
    assert_same(run(CURVE), run(CURVE, blocks=cuts))


@settings(max_examples=20, suppress_health_check=FIXED)
@given(st.sampled_from([*EXPRESSION_JOBS, CURVE]), st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_going_on_from_checkpoints_changes_nothing(spec: ResolvedJobSpec, cuts: list[int]) -> None:
    recorder = MemoryRecorder()
    for cut in [*cuts, 1000]:
        engine = Engine(spec, plan_trials(spec), CPU)
        if recorder.checkpoint is not None:
            engine.restore(recorder.checkpoint)
        if not engine.finished:
            recorder.write(engine.advance(cut), engine.checkpoint)
    assert_same(run(spec), recorder)


@pytest.mark.parametrize("spec", EXPRESSION_JOBS)
def test_a_trial_does_not_depend_on_the_batch_it_is_in(spec: ResolvedJobSpec) -> None:
    many = job(spec.problem.model_dump(), MIXED * 9, 60, record=spec.record.model_dump())
    crowd = run(many).trajectories
    for trial in plan_trials(spec):
        alone = run(spec, [trial]).trajectories[trial.index]
        for copy in range(9):
            assert_same_columns(alone, crowd[trial.index + copy * len(MIXED)])


def test_a_dataset_trial_in_a_batch_is_close_to_one_alone() -> None:
    batch = run(CURVE).trajectories
    for trial in plan_trials(CURVE):
        alone = run(CURVE, [trial]).trajectories[trial.index]
        np.testing.assert_allclose(alone["loss"], batch[trial.index]["loss"], rtol=1e-12)


def test_trials_with_other_seeds_have_other_data_and_the_same_seed_the_same() -> None:
    spec = preset("curve-a", budget={"steps": 5}, seeds=[1, 2, 3])
    trajectories = run(spec).trajectories
    assert len({trajectories[index]["loss"][0] for index in range(3)}) == 3
    assert [trajectories[index]["loss"][0] for index in range(3)] == [
        trajectories[index]["loss"][0] for index in range(3, 6)
    ]


def test_rows_are_the_multiples_of_every_and_the_last_step() -> None:
    steps = run(job(QUARTIC, MIXED[:1], 23, record={"every": 5})).trajectories[0]["step"]
    assert steps.tolist() == [0, 5, 10, 15, 20, 23]


def test_a_block_says_where_it_lies() -> None:
    spec = job(QUARTIC, MIXED[:1], 10)
    engine = Engine(spec, plan_trials(spec), CPU)
    spans = []
    while not engine.finished:
        block = engine.advance(4)
        spans.append((block.first_step, block.last_step, block.finished, block.rows[0].columns["step"].tolist()))
    assert spans == [(0, 3, False, [0, 1, 2, 3]), (4, 7, False, [4, 5, 6, 7]), (8, 10, True, [8, 9, 10])]
    with pytest.raises(RuntimeError, match="no more steps"):
        engine.advance(1)


def test_columns_have_the_documented_names_and_types() -> None:
    columns = run(job(ROSENBROCK, MIXED[:1], 3)).trajectories[0]
    expected = ["step", "loss", "transformed_loss", "scale", "effective_lr", "grad_norm", "param.x", "param.y"]
    assert list(columns) == expected
    assert columns["step"].dtype == np.int64
    assert {columns[name].dtype for name in expected[1:]} == {np.dtype(np.float64)}


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", b"x" * 4000], ids=["nothing", "short", "long"])
def test_bytes_that_are_no_checkpoint_are_refused(damage: bytes) -> None:
    with pytest.raises(CheckpointError):
        Engine(EXPRESSION_JOBS[0], plan_trials(EXPRESSION_JOBS[0]), CPU).restore(damage)


@settings(suppress_health_check=FIXED)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7), cut=st.booleans())
def test_a_checkpoint_with_one_flipped_bit_or_cut_short_is_refused(place: int, bit: int, *, cut: bool) -> None:
    """Property: whatever byte is hit, in a tensor or around it, nothing of it is taken over."""
    engine = Engine(EXPRESSION_JOBS[0], plan_trials(EXPRESSION_JOBS[0]), CPU)
    before = engine.checkpoint()
    data = bytearray(before)
    place %= len(data)
    data[place] ^= 1 << bit
    with pytest.raises(CheckpointError):
        engine.restore(bytes(data[:place]) if cut else bytes(data))
    assert engine.checkpoint() == before


def test_a_checkpoint_of_another_batch_is_refused_and_changes_nothing() -> None:
    spec = EXPRESSION_JOBS[0]
    engine, other = Engine(spec, plan_trials(spec), CPU), Engine(spec, plan_trials(spec)[:2], CPU)
    other.advance(5)
    with pytest.raises(CheckpointError, match="another batch"):
        engine.restore(other.checkpoint())
    assert engine.step == 0
    assert_same(run(spec), run(spec, blocks=[5]))


def test_training_adapts_its_blocks_and_finishes() -> None:
    spec = job(QUARTIC, MIXED, 300)
    recorder, blocks = MemoryRecorder(), list[Block]()

    class Tee:
        def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
            blocks.append(block)
            recorder.write(block, checkpoint)

    engine = Engine(spec, plan_trials(spec), CPU)
    assert train(
        engine, Tee(), BlockLength(target_seconds=1000.0, first_steps=8, max_numbers=50 * engine.numbers_per_step)
    )
    lengths = [block.last_step - block.first_step + 1 for block in blocks]
    assert lengths[:5] == [8, 16, 32, 50, 50]
    assert_same(run(spec), recorder)


def test_a_slow_block_is_followed_by_a_shorter_one() -> None:
    block_length = BlockLength(target_seconds=0.5)
    assert block_length.next_steps(100, seconds=1.0) == 50
    assert block_length.next_steps(100, seconds=0.4) == 125
    assert block_length.next_steps(100, seconds=0.01) == 200
    assert block_length.next_steps(1, seconds=60.0) == 1
    assert block_length.next_steps(100, seconds=0.4, recording=0.1) == 100
    assert block_length.next_steps(100, seconds=0.4, recording=0.2) == 150, "at least thrice as long as it is recorded"
    assert block_length.next_steps(1, seconds=0.01, recording=5.0) == 2


def test_training_stops_between_blocks_when_asked() -> None:
    spec = job(QUARTIC, MIXED, 300)
    engine, recorder = Engine(spec, plan_trials(spec), CPU), MemoryRecorder()
    assert not train(engine, recorder, should_stop=lambda: engine.step >= 16)
    assert engine.step == 16
    assert not recorder.finished


def test_what_the_recorder_raises_passes_through() -> None:
    class Lost(Exception):
        pass

    class Failing:
        def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
            raise Lost

    spec = job(QUARTIC, MIXED, 300)
    with pytest.raises(Lost):
        train(Engine(spec, plan_trials(spec), CPU), Failing())


def test_float32_computes_in_float32() -> None:
    narrow = run(job(QUARTIC, MIXED[:4], 100, dtype="float32")).trajectories
    wide = run(job(QUARTIC, MIXED[:4], 100)).trajectories
    for index in range(4):
        loss = narrow[index]["loss"]
        assert loss.dtype == np.float64
        np.testing.assert_array_equal(loss, loss.astype(np.float32))
        assert (loss != wide[index]["loss"]).any()
        np.testing.assert_allclose(loss, wide[index]["loss"], rtol=1e-3)


def test_a_checkpoint_loads_without_running_code() -> None:
    engine = Engine(CURVE, plan_trials(CURVE), CPU)
    engine.advance(3)
    buffer = torch.frombuffer(bytearray(engine.checkpoint()), dtype=torch.uint8)
    assert len(buffer) < 200_000, "the state is small: no data, no history"
