"""The compiled kernels against PyTorch: the same numbers up to rounding, and nothing that a neighbour changes."""

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core import Engine, MemoryRecorder
from ayla_core.devices import set_threads
from ayla_core.native import library
from ayla_core.native.build import compiled
from ayla_core.native.cache import is_whole
from ayla_core.native.library import SWITCH, kernels
from ayla_core.optimizers import every_rule, rule_of
from ayla_core.recorder import Column
from ayla_spec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.core.batches import CPU, QUARTIC, ROSENBROCK, assert_same, assert_same_columns, job, needs_a_compiler, run
from tests.core.optimizers.cases import SETTINGS

CLASSES: dict[str, Any] = {
    "name": "classification", "samples": 90, "feature_count": 5, "class_count": 4, "separation": 1.0,
}  # fmt: skip
NUMBERS: dict[str, Any] = {"name": "regression", "samples": 70, "feature_count": 3, "noise": 0.3}
AYLAS: list[dict[str, Any] | None] = [
    None,
    {"n1": 1.4, "n2": 0.8},
    {"n1": 0.7, "n2": 1.3, "transform_on": "sample", "max_scale": 1.2},
]


def network(
    dataset: dict[str, Any], *, loss: str | None = None, batch_size: int | None = 8, **model: Any
) -> dict[str, Any]:
    """A dataset problem with a small network."""
    made = {"name": "mlp", "hidden": [6], "initialization": {"name": "torch"}, **model}
    return {"type": "dataset", "dataset": dataset, "model": made, "loss": loss, "batch_size": batch_size}


def with_pytorch(spec: ResolvedJobSpec) -> MemoryRecorder:
    """The job without kernels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SWITCH, "0")
        return run(spec)


def assert_close(left: MemoryRecorder, right: MemoryRecorder, tolerance: float) -> None:
    """Trajectories and metrics agree."""
    for kept in ("trajectories", "metrics"):
        mine, theirs = getattr(left, kept), getattr(right, kept)
        assert mine.keys() == theirs.keys()
        for index, columns in mine.items():
            assert_close_columns(columns, theirs[index], tolerance)
    for index, summary in left.outcomes.items():
        theirs = right.outcomes[index]
        assert summary.capped_steps == theirs.capped_steps
        assert summary.losses_below_one == theirs.losses_below_one
        assert summary.losses_above_one == theirs.losses_above_one


def assert_close_columns(left: dict[str, Column], right: dict[str, Column], tolerance: float) -> None:
    assert left.keys() == right.keys()
    for name, column in left.items():
        np.testing.assert_allclose(column, right[name], rtol=tolerance, atol=tolerance, err_msg=name)


def optimizers(aylas: Sequence[dict[str, Any] | None] = AYLAS) -> list[dict[str, Any]]:
    """Some optimizers, with each reading of AYLA."""
    kinds: list[dict[str, Any]] = [
        {"name": "sgd", "learning_rate": 0.05, "momentum": 0.5},
        {"name": "adam", "learning_rate": 0.01, "weight_decay": 0.01, "clip_norm": 0.5},
    ]
    return [kind | {"ayla": ayla} for kind in kinds for ayla in aylas]


@needs_a_compiler
def test_there_are_kernels_for_everything_here() -> None:
    """Without them this module would compare PyTorch with itself."""
    for dtype in (torch.float64, torch.float32):
        found = kernels("expressions", dtype), kernels("networks", dtype)
        assert None not in found
        assert found[1] is not None
        assert found[1].multiplies


@pytest.mark.parametrize("loss", ["cross-entropy", "mse-softmax"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "sigmoid"])
@pytest.mark.parametrize("hidden", [[6], [7, 5, 4]])
def test_classifiers(loss: str, activation: str, hidden: list[int]) -> None:
    problem = network(CLASSES, loss=loss, activation=activation, hidden=hidden)
    spec = job(problem, optimizers(), 30, seeds=[0, 5])
    assert_close(run(spec), with_pytorch(spec), 1e-9)


@pytest.mark.parametrize("loss", ["mse", "huber"])
@pytest.mark.parametrize("batch_size", [None, 1, 9, 56])
def test_regressions(loss: str, batch_size: int | None) -> None:
    problem = network(NUMBERS, loss=loss, batch_size=batch_size, activation="tanh")
    spec = job(problem, optimizers(), 25, seeds=[1])
    assert_close(run(spec), with_pytorch(spec), 1e-9)


def test_linear_models() -> None:
    for dataset in (CLASSES, NUMBERS):
        problem = {"type": "dataset", "dataset": dataset, "model": {"name": "linear"}, "batch_size": 10}
        spec = job(problem, optimizers(), 25)
        assert_close(run(spec), with_pytorch(spec), 1e-9)


def test_float32() -> None:
    spec = job(network(CLASSES), optimizers(AYLAS[:2]), 20, dtype="float32")
    assert_close(run(spec), with_pytorch(spec), 2e-3)


def test_every_rule_on_a_network() -> None:
    assert {rule_of(item).name for item in SETTINGS.values()} == {rule.name for rule in every_rule()}
    every = [item.model_dump(exclude_none=True) | {"ayla": ayla} for item in SETTINGS.values() for ayla in AYLAS]
    spec = job(network(CLASSES, activation="tanh"), every, 25)
    assert_close(run(spec), with_pytorch(spec), 1e-8)


def test_every_rule_on_an_expression() -> None:
    every = [item.model_dump(exclude_none=True) | {"ayla": ayla} for item in SETTINGS.values() for ayla in AYLAS[:2]]
    spec = job(QUARTIC, every, 40)
    assert_close(run(spec), with_pytorch(spec), 1e-9)


POINT = {"x": 0.7, "y": -1.3, "z": 0.4}
LEAVES = st.sampled_from(["x", "y", "z", "0.5", "2"])
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})")
        | inner.map(lambda operand: f"tanh({operand})")
        # Never of equals, as those of max(x, (y + 2)) are at POINT: there the derivative is a matter of rounding.
        | st.tuples(inner, inner).map(lambda part: f"max({part[0]}, ({part[1]} + 0.1234567))")
    ),
    max_leaves=8,
)


@settings(max_examples=80)
@given(TREES)
@example("(x * y)")
@example("(y * (z - x))")
@example("(x + (z * y))")
@example("max(x, (0.5 * y))")
@example("x")
def test_random_expressions_take_the_same_course(tree: str) -> None:
    """Derivatives may be variables themselves, which are moved while they are read."""
    start = {name: value for name, value in POINT.items() if re.search(rf"\b{name}\b", tree)}
    if not start:
        return
    problem = {"type": "expression", "expression": tree, "start": start}
    kinds = [{"name": "sgd", "learning_rate": 0.1}, {"name": "adam", "learning_rate": 0.1, "ayla": AYLAS[1]}]
    spec = job(problem, kinds, 6)
    assert_close(run(spec), with_pytorch(spec), 1e-9)


def test_predictions_on_a_grid() -> None:
    line = {"name": "regression", "samples": 60, "feature_count": 1}
    spec = job(network(line), optimizers(), 12, record={"predictions_at": [0, 5, 12]})
    mine, theirs = run(spec).predictions, with_pytorch(spec).predictions
    assert [(item.index, item.step) for item in mine] == [(item.index, item.step) for item in theirs]
    for left, right in zip(mine, theirs, strict=True):
        assert_close_columns(left.columns, right.columns, 1e-10)


def everything(steps: int) -> list[ResolvedJobSpec]:
    """Every kind of problem with every optimizer, schedules and clipping among them."""
    every = [
        item.model_dump(exclude_none=True)
        | {"ayla": AYLAS[place % 2], "schedule": {"name": "cosine", "warmup_steps": 3}}
        | ({"clip_norm": 1.0} if place % 3 else {})
        for place, item in enumerate(SETTINGS.values())
    ]
    problems = [
        ROSENBROCK,
        network(CLASSES),
        network(NUMBERS, activation="gelu", batch_size=None),
        {"type": "dataset", "dataset": {"name": "curve", "samples": 20}, "batch_size": 7},
        {"type": "dataset", "dataset": CLASSES, "model": {"name": "linear"}, "batch_size": 11},
    ]
    images = {
        "type": "dataset",
        "dataset": {"name": "digits"},
        "model": {"name": "cnn", "channels": [2]},
        "batch_size": 32,
    }
    return [*(job(problem, every, steps, seeds=[3, 4]) for problem in problems), job(images, every[:6], steps)]


STEPS = 24
JOBS = everything(STEPS)
WHOLE: dict[tuple[int, str], MemoryRecorder] = {}


def undisturbed(place: int, way: str) -> MemoryRecorder:
    """A job in one go, computed once."""
    if (place, way) not in WHOLE:
        WHOLE[place, way] = run(JOBS[place])
    return WHOLE[place, way]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(JOBS) - 1), st.lists(st.integers(1, STEPS - 1), min_size=1, max_size=3))
def test_a_checkpoint_at_any_step_goes_on_bit_for_bit(way: str, place: int, cuts: list[int]) -> None:
    """Property: for every problem and optimizer, by either way of computing."""
    spec = JOBS[place]
    recorder = MemoryRecorder()
    for cut in [*cuts, STEPS]:
        engine = Engine(spec, plan_trials(spec), CPU)
        if recorder.checkpoint is not None:
            engine.restore(recorder.checkpoint)
        if not engine.finished:
            recorder.write(engine.advance(cut), engine.checkpoint)
    assert_same(undisturbed(place, way), recorder)


@pytest.fixture
def two_threads() -> Iterator[None]:
    set_threads(2)
    yield
    set_threads(1)


@pytest.mark.parametrize("place", range(len(JOBS) - 1))
def test_the_number_of_threads_changes_nothing_for_several_trials(place: int, two_threads: None) -> None:
    spec = JOBS[place]
    several = run(spec)
    set_threads(1)
    assert_same(several, run(spec))


@needs_a_compiler
@pytest.mark.parametrize("place", range(len(JOBS) - 1))
def test_a_trial_does_not_depend_on_the_batch_it_is_in(place: int) -> None:
    spec = JOBS[place]
    batch = run(spec)
    for trial in plan_trials(spec)[::7]:
        alone = run(spec, [trial])
        assert_same_columns(batch.trajectories[trial.index], alone.trajectories[trial.index])
        if trial.index in batch.metrics:
            assert_same_columns(batch.metrics[trial.index], alone.metrics[trial.index])


def test_a_trial_alone_on_two_threads_differs_by_rounding_only(two_threads: None) -> None:
    wide = network(CLASSES | {"feature_count": 300}, hidden=[512])
    spec = job(wide, optimizers()[:1], 30)
    two = run(spec)
    set_threads(1)
    assert_close(two, run(spec), 1e-9)


def test_without_a_compiler_everything_still_works(tmp_path: Path) -> None:
    code = (
        "import torch; from tests.core.batches import *; from ayla_core.native.library import kernels;"
        "r = run(preset('poly-adam', budget={'steps': 60})); assert kernels('expressions', torch.float64) is None;"
        "print(r.outcomes[1].final_loss)"
    )
    environment = {**os.environ, "CC": "no-such-compiler", "PATH": "", "AYLA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(run(job_of_paper()).outcomes[1].final_loss, rel=1e-9)
    assert "no C compiler was found" in done.stderr


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, which this process has loaded nothing from."""
    monkeypatch.setenv("AYLA_CACHE_DIR", str(tmp_path))
    for name in ("_kernels", "_library"):
        monkeypatch.setattr(library, name, functools.cache(getattr(library, name).__wrapped__))
    return tmp_path


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """The library of expressions in that cache, as it was compiled once for this machine."""
    with monkeypatch.context() as patch:
        patch.delenv("AYLA_CACHE_DIR")
        machines = compiled("expressions", "f64")
    for path in machines.parent.glob(f"{machines.stem}.*"):
        shutil.copy2(path, cache)
    return cache / machines.name


@needs_a_compiler
def test_a_library_that_was_cut_short_is_compiled_again(kept: Path) -> None:
    """Loading it as it is would kill the process."""
    assert is_whole(kept)
    data = kept.read_bytes()
    for share in (90, 0, 50):
        kept.write_bytes(data[: len(data) * share // 100])
        assert not is_whole(kept), share
    assert compiled("expressions", "f64") == kept
    assert kept.read_bytes() == data
    assert kernels("expressions", torch.float64) is not None


@needs_a_compiler
def test_a_library_that_others_can_write_is_not_loaded(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept.chmod(0o777)
    assert kernels("expressions", torch.float64) is None
    assert "written by others" in caplog.text


@needs_a_compiler
def test_a_user_without_a_home_computes_with_pytorch(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_CACHE_HOME", "AYLA_CACHE_DIR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(Path, "home", no_home)
    assert kernels("expressions", torch.float64) is None
    assert "set AYLA_CACHE_DIR" in caplog.text


def test_a_norm_that_is_no_number_is_handed_on() -> None:
    problem = {"type": "expression", "expression": "y**2 - sqrt(x)", "start": {"x": 0.0, "y": 1.0}}
    sgd = {"name": "sgd", "learning_rate": 0.1}
    spec = job(problem, [sgd | {"clip_norm": 1.0}, sgd | {"clip_value": 1.0}, sgd], 3)
    mine, theirs = run(spec), with_pytorch(spec)
    assert mine.outcomes == theirs.outcomes
    for index in range(3):
        assert_close_columns(mine.trajectories[index], theirs.trajectories[index], 1e-12)


def test_an_enormous_whole_exponent_and_the_sign_of_zero() -> None:
    for expression in ("x**where(x < 1, 10000000000, 10000000000)", "1/(x**3)"):
        problem = {"type": "expression", "expression": expression, "start": {"x": -1e-120}}
        spec = job(problem, [{"name": "sgd", "learning_rate": 0.1}], 2)
        assert run(spec).trajectories[0]["loss"][0] == with_pytorch(spec).trajectories[0]["loss"][0]


def job_of_paper() -> ResolvedJobSpec:
    adam = {"name": "adam", "learning_rate": 0.01}
    return job(QUARTIC, [adam, adam | {"ayla": {"n1": 1.0, "n2": 0.57}}], 60)


def test_a_compiler_that_fails_is_told_and_lived_with(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = cache / "cc"
    failing.write_text("#!/bin/sh\necho this compiler is broken >&2\nexit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    monkeypatch.setenv("CC", str(failing))
    assert kernels("expressions", torch.float64) is None
    assert "this compiler is broken" in caplog.text
