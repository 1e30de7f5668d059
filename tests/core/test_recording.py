"""What the contract says is recorded is what the engine records: names, rows and bytes."""

from typing import Any

import numpy as np
import pytest
from ayla_spec import ResolvedJobSpec
from ayla_spec.limits import MAX_RECORDED_PARAMETERS
from ayla_spec.recording import Recording
from hypothesis import given
from hypothesis import strategies as st

from tests.core.batches import PARABOLA, ROSENBROCK, job, run

pytestmark = pytest.mark.usefixtures("way")

SGD = [{"name": "sgd", "learning_rate": 0.001}]
_LINEAR = {"type": "dataset", "model": {"name": "linear"}}


def vectors(**lengths: int) -> dict[str, Any]:
    """The sum of the squares of vectors of these lengths."""
    terms = [f"sum({name}[i]**2 for i in range(len({name})))" for name in lengths]
    start = {name: [1.0] * length for name, length in lengths.items()}
    return {"type": "expression", "expression": " + ".join(terms), "start": start}


MOST = MAX_RECORDED_PARAMETERS
PROBLEMS = {
    "one": PARABOLA,
    "two": ROSENBROCK,
    "vector": vectors(x=3),
    "scalar and vector": {"type": "expression", "expression": "y**2 + sum(x)**2", "start": {"y": 1.0, "x": [1, 2]}},
    "as many as are recorded": vectors(x=MOST),
    "as many in two vectors": vectors(x=MOST - 20, y=20),
    "one more": vectors(x=MOST + 1),
    "one more in two vectors": vectors(x=MOST, y=1),
    "two hundred": vectors(x=200),
    "a thousand": vectors(x=1000),
    "curve": {"type": "dataset", "dataset": {"name": "curve", "samples": 20}, "model": {"name": "mlp", "hidden": [3]}},
    "linear of two": _LINEAR | {"dataset": {"name": "regression", "samples": 20, "feature_count": 1}},
    "linear of many": _LINEAR | {"dataset": {"name": "regression", "samples": 20, "feature_count": 60}},
    "batches": _LINEAR | {"dataset": {"name": "regression", "samples": 20, "feature_count": 3}, "batch_size": 7},
}
LENGTHS = [(1, 1), (1, 5), (6, 3), (7, 3), (5, 1)]
"""Updates, and the distance of recorded steps."""


def _matches(spec: ResolvedJobSpec) -> None:
    recording = Recording.of(spec.problem, spec.budget.steps, spec.record)
    for columns in run(spec).trajectories.values():
        assert tuple(columns) == recording.columns
        assert {len(column) for column in columns.values()} == {recording.rows}
        assert sum(np.asarray(column).nbytes for column in columns.values()) == recording.bytes


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_the_contract_tells_what_the_engine_records(problem: dict[str, Any]) -> None:
    for steps, every in LENGTHS:
        for dtype in ("float64", "float32"):
            _matches(job(problem, SGD, steps, record={"every": every}, dtype=dtype, seeds=[0, 1]))


def test_what_diverges_records_no_more_than_that() -> None:
    spec = job(PARABOLA, [{"name": "sgd", "learning_rate": 1e200}], 9, record={"every": 4})
    assert len(run(spec).trajectories[0]["step"]) <= Recording.of(spec.problem, 9, spec.record).rows


@given(st.integers(1, 500), st.integers(1, 500))
def test_rows_are_the_multiples_and_the_last_step(steps: int, every: int) -> None:
    """Property: step 0, its multiples and the last one, each once."""
    assert Recording(every, steps, ()).rows == len({*range(0, steps + 1, every), steps})
