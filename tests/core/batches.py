"""Small jobs for the tests of the core, and ways to run them."""

import os
import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core import Engine, MemoryRecorder
from ayla_core.layout import Layout
from ayla_spec import JobSpec, ResolvedJobSpec, resolve
from ayla_spec.batch import TrialBatch
from ayla_spec.trials import TrialPlan, plan_trials

CPU = torch.device("cpu")

needs_a_compiler = pytest.mark.skipif(
    not any(map(shutil.which, (os.environ.get("CC") or "cc", "gcc"))), reason="needs a C compiler"
)
FLOAT64 = Layout(torch.float64, CPU)

QUARTIC = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}}
PARABOLA = {"type": "expression", "expression": "x**2", "start": {"x": 3.0}}
ROSENBROCK = {"type": "expression", "expression": "(1 - x)**2 + 100*(y - x**2)**2", "start": {"x": -1.2, "y": 1.0}}


def job(problem: dict[str, Any], optimizers: Sequence[dict[str, Any]], steps: int, **more: Any) -> ResolvedJobSpec:
    """A resolved job; ``more`` are further fields of the spec."""
    fields = {"problem": problem, "optimizers": list(optimizers), "budget": {"steps": steps}, **more}
    return resolve(JobSpec.model_validate(fields))


def preset(name: str, **more: Any) -> ResolvedJobSpec:
    """A preset's job; ``more`` override it."""
    return resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}, **more}))


def every_trial(spec: ResolvedJobSpec) -> TrialBatch:
    """All trials of a job."""
    return TrialBatch.of(spec.problem, plan_trials(spec))


def run(
    spec: ResolvedJobSpec, trials: TrialBatch | Sequence[TrialPlan] | None = None, blocks: Sequence[int] = ()
) -> MemoryRecorder:
    """Run a job to its end, in blocks of the given sizes and then of 1000 steps."""
    engine = Engine(spec, every_trial(spec) if trials is None else trials, CPU)
    recorder = MemoryRecorder()
    sizes = iter(blocks)
    while not engine.finished:
        recorder.write(engine.advance(next(sizes, 1000)), engine.checkpoint)
    return recorder


def assert_same(left: MemoryRecorder, right: MemoryRecorder) -> None:
    """Every number of two runs is the same, bit for bit (NaN equals NaN)."""
    assert left.outcomes == right.outcomes
    assert left.trajectories.keys() == right.trajectories.keys()
    for index, columns in left.trajectories.items():
        assert_same_columns(columns, right.trajectories[index])
    assert left.metrics.keys() == right.metrics.keys()
    for index, columns in left.metrics.items():
        assert_same_columns(columns, right.metrics[index])
    assert [(rows.index, rows.step) for rows in left.predictions] == [(r.index, r.step) for r in right.predictions]
    for mine, theirs in zip(left.predictions, right.predictions, strict=True):
        assert_same_columns(mine.columns, theirs.columns)


def assert_same_columns(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Two sets of columns are the same, bit for bit."""
    assert list(left) == list(right)
    for name, column in left.items():
        np.testing.assert_array_equal(column, right[name], err_msg=name)
