"""Progress reports: every way of computing makes some in the middle of a block, and stops when it is asked to."""

import importlib
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from ayla_core import progress
from ayla_core.engine import Engine
from ayla_core.native import build
from ayla_core.progress import ComputationProgress, ComputationStopped, reporting_to
from ayla_core.recorder import MemoryRecorder
from ayla_core.steppers import networks, step_progress
from ayla_core.training import train
from ayla_spec import JobSpec, resolve
from ayla_spec.trials import plan_trials

from tests.waiting import PATIENCE_SECONDS

POLYNOMIAL = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}}
DIGITS = {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": None}
IMAGES = {**DIGITS, "model": {"name": "cnn", "channels": [4]}, "batch_size": 32}
PROBLEMS: dict[str, dict[str, Any]] = {"expression": POLYNOMIAL, "network": DIGITS, "images": IMAGES}


def engine_of(problem: dict[str, Any], **budget: int) -> Engine:
    submitted = {
        "problem": problem,
        "optimizers": [{"name": "sgd", "learning_rate": 1e-6}],
        "budget": budget,
        "seeds": [0, 1, 2],
        "record": {"every": 100_000} | ({} if problem is POLYNOMIAL else {"metrics_every": 100_000}),
    }
    spec = resolve(JobSpec.model_validate(submitted))
    return Engine(spec, plan_trials(spec), torch.device("cpu"))


@pytest.mark.parametrize("native", ["1", "0"])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_a_block_without_end_tells_that_it_gets_on_and_stops(
    kind: str, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AYLA_NATIVE", native)
    engine, seen, ended = engine_of(PROBLEMS[kind], steps=1_000_000), ComputationProgress(), list[str]()
    steps = 1_000_000 if (kind, native) == ("expression", "1") else 20_000

    def compute() -> None:
        with reporting_to(seen):
            try:
                engine.advance(steps)
            except ComputationStopped:
                ended.append("stopped")
            else:
                ended.append("done")

    thread = threading.Thread(target=compute)
    thread.start()
    counts = set[int]()
    deadline = time.monotonic() + 60
    while len(counts) < 3 and time.monotonic() < deadline:
        counts.add(seen.count)
        time.sleep(0.001)
    seen.stop()
    thread.join(PATIENCE_SECONDS)
    assert len(counts) >= 3
    assert ended == ["stopped"]
    assert seen.activity.startswith("A single step (one of the steps 0 to ")


def test_a_single_long_step_of_pytorch_tells_of_each_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_NATIVE", "0")
    monkeypatch.setattr(step_progress, "_LONG_SECONDS", 1000.0)
    engine, seen = engine_of(DIGITS, steps=5), ComputationProgress()
    with reporting_to(seen):
        engine.advance(1)
        first = seen.count
        engine.advance(1)
    assert first > 20, "the first step is taken for a long one"
    assert seen.count - first == 1
    assert seen.activity == "A single step (step 1 of 5)"


def test_what_is_told_of_does_not_change_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products in pieces differ by rounding, if at all."""
    found = []
    for pieces in (2**40, 2**12):
        monkeypatch.setattr(networks, "MULTIPLIED_AT_ONCE", pieces)
        memory = MemoryRecorder()
        train(engine_of(DIGITS, steps=20), memory)
        found.append(memory.outcomes)
    whole, parts = found
    for index, summary in whole.items():
        assert parts[index].final_loss == pytest.approx(summary.final_loss, rel=1e-12)


def test_products_of_few_columns_come_in_pieces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step has two products of 4 million multiplications: all outputs, and a gradient of a single column."""
    data = {"name": "classification", "samples": 5000, "feature_count": 1, "class_count": 1000}
    counts = []
    for pieces in (2**40, 2**16):
        monkeypatch.setattr(networks, "MULTIPLIED_AT_ONCE", pieces)
        engine, seen = (
            engine_of({"type": "dataset", "dataset": data, "model": {"name": "linear"}}, steps=5),
            ComputationProgress(),
        )
        with reporting_to(seen):
            engine.advance(1)
        counts.append(seen.count)
    whole, parts = counts
    assert parts - whole > 3 * 80, "of three trials"


def test_an_import_tells_of_each_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    for place in range(5):
        inner = f"import large_library_{place + 1}" if place < 4 else ""
        (tmp_path / f"large_library_{place}.py").write_text(inner)
    seen = ComputationProgress()
    with reporting_to(seen), progress.reporting_imports():
        importlib.import_module("large_library_0")
    assert seen.count == 5


def test_nobody_has_to_watch() -> None:
    progress.report_progress()
    assert not progress.current().stopping


def test_an_inner_computation_is_told_of_where_it_belongs() -> None:
    outer, inner = ComputationProgress(), ComputationProgress()
    with reporting_to(outer):
        with reporting_to(inner):
            progress.report_progress()
        progress.report_progress()
        progress.report_progress()
    assert (outer.count, inner.count) == (2, 1)


def test_a_compiler_that_computes_is_a_sign_of_life_and_one_that_sleeps_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_LOOK_SECONDS", 0.05)
    busy, idle = ComputationProgress(), ComputationProgress()
    spin = "import time\nwhile time.process_time() < 0.6: pass"
    with reporting_to(busy):
        assert build._run([sys.executable, "-c", spin]).returncode == 0
    assert busy.count > 1
    with reporting_to(idle):
        assert build._run(["sleep", "0.5"]).stdout == ""
    assert idle.count <= 1, "that it was started"
    stopping = ComputationProgress()
    stopping.stop()
    with reporting_to(stopping), pytest.raises(ComputationStopped):
        build._run([sys.executable, "-c", "while True: pass"])
