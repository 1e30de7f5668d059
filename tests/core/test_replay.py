"""Steps that are captured once and replayed. Here a stand-in for a CUDA graph replays on the same tensors; the real one
needs a GPU."""

from collections.abc import Callable

import pytest
import torch
from ayla_core import Engine, MemoryRecorder, select_device
from ayla_core.native.library import SWITCH
from ayla_core.steppers import tensors
from ayla_core.steppers.replay import Body, capture_for
from ayla_core.steppers.trace import StepTensors
from ayla_spec import ResolvedJobSpec
from ayla_spec.trials import plan_trials

from tests.core.batches import ROSENBROCK, assert_same, job, run
from tests.core.optimizers.cases import SETTINGS

AYLA = {"n1": 1.4, "n2": 0.8, "max_scale": 3.0}
SAMPLES = {"n1": 0.7, "n2": 1.3, "transform_on": "sample"}
CLASSES = {"name": "classification", "samples": 90, "feature_count": 5, "class_count": 4}

Recording = tuple[Callable[[], None], StepTensors]


def jobs() -> list[ResolvedJobSpec]:
    """Every rule, with the last batch of an epoch smaller than the others."""
    every = [
        item.model_dump(exclude_none=True) | {"ayla": AYLA if place % 2 else None, "schedule": {"name": "cosine"}}
        for place, item in enumerate(SETTINGS.values())
    ]
    network = {"type": "dataset", "dataset": CLASSES, "batch_size": 20}
    sampled = [every[0] | {"ayla": SAMPLES}, every[5] | {"ayla": SAMPLES, "clip_norm": 0.1}]
    images = {
        "type": "dataset",
        "dataset": {"name": "digits"},
        "model": {"name": "cnn", "channels": [2]},
        "batch_size": 99,
    }
    return [
        job(ROSENBROCK, every, 20),
        job(network, every, 20, seeds=[1, 2]),
        job(network, sampled, 20),
        job(images, every[:3], 6),
    ]


def stand_in(body: Body) -> Recording:
    """Replays by running the body again, and leaves the results in the tensors of the first run, as a graph does."""
    kept = body()

    def replay() -> None:
        for mine, again in zip(kept, body(), strict=True):
            if mine is not None and again is not None:
                mine.copy_(again)

    return replay, kept


@pytest.fixture(autouse=True)
def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")


@pytest.mark.parametrize("place", range(4))
def test_replayed_steps_are_the_same_bit_for_bit(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = jobs()[place]
    plain = run(spec)
    monkeypatch.setattr(tensors, "capture_for", lambda _: stand_in)
    assert_same(plain, run(spec, blocks=[3, 1, 7]))


def test_a_checkpoint_is_taken_over_into_the_recorded_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = jobs()[1]
    plain = run(spec)
    monkeypatch.setattr(tensors, "capture_for", lambda _: stand_in)
    engine = Engine(spec, plan_trials(spec), torch.device("cpu"))
    recorder = MemoryRecorder()
    recorder.write(engine.advance(7), engine.checkpoint)
    saved = engine.checkpoint()
    engine.advance(5)
    engine.restore(saved)
    recorder.write(engine.advance(13), engine.checkpoint)
    assert_same(plain, recorder)


def stale(body: Body) -> Recording:
    """Forgets to run anything."""
    return lambda: None, body()


def broken(body: Body) -> Recording:
    """Cannot capture."""
    body()
    raise RuntimeError("operation not permitted when stream is capturing")


@pytest.mark.parametrize(("recorder", "reason"), [(stale, "differs"), (broken, "not permitted")])
def test_what_cannot_be_replayed_is_launched_step_by_step(
    recorder: Callable[[Body], Recording],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spec = jobs()[1]
    plain = run(spec)
    monkeypatch.setattr(tensors, "capture_for", lambda _: recorder)
    assert_same(plain, run(spec))
    assert reason in caplog.text


def test_a_cpu_records_nothing() -> None:
    assert capture_for(torch.device("cpu")) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("place", range(4))
def test_a_gpu_gives_the_same_with_and_without_graphs(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = jobs()[place]
    recorders = []
    for graphs in ("1", "0"):
        monkeypatch.setenv("AYLA_CUDA_GRAPHS", graphs)
        engine, recorder = Engine(spec, plan_trials(spec), select_device("cuda")), MemoryRecorder()
        while not engine.finished:
            recorder.write(engine.advance(7), engine.checkpoint)
        recorders.append(recorder)
    for index, columns in recorders[0].trajectories.items():
        assert columns["loss"] == pytest.approx(recorders[1].trajectories[index]["loss"], rel=1e-9)
    assert recorders[0].trajectories[0]["loss"] == pytest.approx(run(spec).trajectories[0]["loss"], rel=1e-7)
