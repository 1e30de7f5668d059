"""What a GPU promises: resumed runs have the same bits, steps are replayed as graphs and never wait within a block.

The same is tried with PyTorch on the CPU, where there are no graphs.
"""

import logging
import warnings
from typing import Any

import pytest
import torch
from ayla_core import Engine, MemoryRecorder
from ayla_core.native.library import SWITCH
from ayla_spec import ResolvedJobSpec
from ayla_spec.trials import plan_trials

from tests.core.batches import ROSENBROCK, assert_same, job
from tests.core.test_kernels import AYLAS, CLASSES, assert_close, network, optimizers

STEPS = 24
GPU = pytest.param(
    "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]
)
CNN: dict[str, Any] = {
    "type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "cnn", "channels": [2]}, "batch_size": 32,
}  # fmt: skip
PROBLEMS = {"sweep": ROSENBROCK, "network": network(CLASSES), "convolutions": CNN}


@pytest.fixture(params=["cpu", GPU], autouse=True)
def where(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """A device on which PyTorch makes the steps."""
    monkeypatch.setenv(SWITCH, "0")
    device: str = request.param
    return torch.device(device)


def spec_of(name: str) -> ResolvedJobSpec:
    """A job of a few steps with every reading of AYLA that the problem has."""
    aylas = AYLAS if name != "sweep" else AYLAS[:2]
    return job(PROBLEMS[name], optimizers(aylas), STEPS, seeds=[3, 4])


def run_on(where: torch.device, spec: ResolvedJobSpec, *sizes: int) -> MemoryRecorder:
    """A job in blocks of these sizes, each by an engine that takes over the checkpoint of the one before."""
    recorder = MemoryRecorder()
    for steps in [*sizes, STEPS]:
        engine = Engine(spec, plan_trials(spec), where)
        if recorder.checkpoint is not None:
            engine.restore(recorder.checkpoint)
        if not engine.finished:
            recorder.write(engine.advance(steps), engine.checkpoint)
    return recorder


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_resumed_run_has_the_same_bits(name: str, where: torch.device) -> None:
    spec = spec_of(name)
    assert_same(run_on(where, spec), run_on(where, spec, 5, 9))


@pytest.mark.parametrize("name", PROBLEMS)
def test_it_agrees_with_the_cpu(name: str, where: torch.device) -> None:
    spec = spec_of(name)
    tolerance = 1e-8 if spec.dtype == "float64" else 5e-3
    assert_close(run_on(where, spec), run_on(torch.device("cpu"), spec), tolerance)


@pytest.mark.parametrize("name", PROBLEMS)
def test_steps_are_replayed(name: str, where: torch.device, caplog: pytest.LogCaptureFixture) -> None:
    """A graph that differs from a plain step, or cannot be recorded, is told."""
    with caplog.at_level(logging.WARNING, "ayla.core"):
        run_on(where, spec_of(name))
    assert "CUDA graph" not in caplog.text


@pytest.mark.parametrize("name", PROBLEMS)
def test_steps_within_a_block_do_not_wait(name: str, where: torch.device) -> None:
    """A longer block waits as often as a short one."""
    if where.type != "cuda":
        pytest.skip("a CPU has nothing to wait for")
    engine = Engine(spec_of(name), plan_trials(spec_of(name)), where)
    engine.advance(4)  # records the graph
    assert _waits(engine, 12) <= _waits(engine, 4)


def _waits(engine: Engine, steps: int) -> int:
    """How often the host waits for the device in a block; PyTorch warns of each."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        engine.advance(steps)
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(one.message) for one in told)
