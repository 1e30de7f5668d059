"""What is wrong with a spec: every issue with its place, and advice that leads to a spec that is accepted."""

from typing import Any

import pytest
from ayla_spec import JobSpec, SpecError, resolve
from ayla_spec.limits import (
    MAX_PREDICTION_ROWS,
    MAX_RECORDED_PARAMETERS,
    MAX_RECORDED_ROWS,
    MAX_STEPS,
)
from ayla_spec.trials import plan_trials
from hypothesis import given
from hypothesis import strategies as st

from tests.cases import each
from tests.spec.resolving import CURVE, DATASET, FILE, WHOLE, WITHOUT_TEST, issues_of, resolve_spec, sgd, vector


@each(
    ("changes", "pointer"),
    [
        ({"optimizers": None}, "/optimizers"),
        ({"budget": None}, "/budget"),
        ({"seeds": [3, 1, 3]}, "/seeds"),
        ({"problem": {"type": "expression", "expression": "x*", "start": {"x": 1.0}}}, "/problem/expression"),
        ({"problem": {"type": "expression", "expression": "7", "start": {"x": 1.0}}}, "/problem/expression"),
        ({"problem": {"type": "expression", "expression": "x", "start": {"x": 1.0, "y": 2.0}}}, "/problem/start/y"),
        (
            {"optimizers": [{"name": "sgd", "learning_rate": 1.0, "ayla": {"transform_on": "sample"}}]},
            "/optimizers/0/ayla/transform_on",
        ),
        ({"optimizers": [{"name": "sgd", "learning_rate": 1.0, "label": "a"}] * 2}, "/optimizers/1/label"),
        ({"optimizers": sgd(label="a") + sgd(arm="a")}, "/optimizers/0/label"),
        ({"record": {"predictions_at": [5]}}, "/record/predictions_at"),
        ({"budget": {"steps": MAX_STEPS}, "seeds": list(range(1000))}, "/budget/steps"),
        ({"budget": {"steps": MAX_STEPS}}, "/record/every"),
        ({"budget": {}}, "/budget"),
        ({"budget": {"steps": 5, "epochs": 1}}, "/budget"),
        ({"budget": {"epochs": 1}}, "/budget/epochs"),
        ({"problem": FILE, "budget": {"epochs": 1}}, "/budget/epochs"),
        ({"problem": DATASET | {"batch_size": 1}, "budget": {"epochs": 100_000}}, "/budget/epochs"),
        ({"problem": DATASET, "budget": {"epochs": 20_000}, "seeds": list(range(1000))}, "/budget/epochs"),
        ({"problem": DATASET, "record": {"predictions_at": [1]}}, "/record/predictions_at"),
        ({"problem": CURVE, "record": {"predictions_at": [1, 1]}}, "/record/predictions_at"),
        ({"record": {"metrics_every": 2}}, "/record/metrics_every"),
        ({"record": {"evaluate": ["test"]}}, "/record/evaluate"),
        ({"problem": CURVE, "record": {"evaluate": ["full_train", "test"]}}, "/record/evaluate/1"),
        ({"problem": WITHOUT_TEST, "record": {"evaluate": ["test"]}}, "/record/evaluate/0"),
        ({"problem": DATASET, "record": {"evaluate": ["test", "test"]}}, "/record/evaluate"),
        ({"problem": WHOLE, "budget": {"steps": MAX_STEPS}, "record": {"every": 1000}}, "/record/metrics_every"),
        (
            {"optimizers": sgd(schedule={"name": "constant", "warmup_steps": 11})},
            "/optimizers/0/schedule/warmup_steps",
        ),
        ({"optimizers": sgd(schedule={"name": "cosine", "warmup_steps": 10})}, "/optimizers/0/schedule/warmup_steps"),
        ({"optimizers": sgd(schedule={"name": "linear", "warmup_steps": 12})}, "/optimizers/0/schedule/warmup_steps"),
        ({"optimizers": sgd(schedule={"name": "step", "every": 10})}, "/optimizers/0/schedule/every"),
        (
            {"optimizers": sgd(schedule={"name": "step", "every": 5, "warmup_steps": 5})},
            "/optimizers/0/schedule/every",
        ),
    ],
)
def test_each_issue_names_its_field(changes: dict[str, Any], pointer: str) -> None:
    assert pointer in issues_of(**changes)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"problem": {"type": "expression", "expression": "x", "start": {"x": -1e39}}}, "/problem/start/x"),
        ({"optimizers": [{"name": "sgd", "learning_rate": 1e39}]}, "/optimizers/0/learning_rate"),
        ({"optimizers": [{"name": "adam", "learning_rate": 1.0, "epsilon": 1e-60}]}, "/optimizers/0/epsilon"),
        (
            {"optimizers": [{"name": "sgd", "learning_rate": 1.0, "ayla": {"max_scale": 1e39}}]},
            "/optimizers/0/ayla/max_scale",
        ),
        ({"problem": vector([1.0, 2.0, 3.0, 1e39])}, "/problem/start/x/3"),
        ({"problem": vector([1.0, -1e-39])}, "/problem/start/x/1"),
        ({"optimizers": [{"name": "lion", "learning_rate": 1.0, "weight_decay": 1e-50}]}, "/optimizers/0/weight_decay"),
        (
            {"optimizers": sgd(schedule={"name": "cosine", "final_factor": 1e-50})},
            "/optimizers/0/schedule/final_factor",
        ),
        (
            {"problem": {**CURVE, "dataset": {"name": "curve", "coefficients": [1.0, 1e39]}}},
            "/problem/dataset/coefficients/1",
        ),
        (
            {"problem": {**DATASET, "model": {"name": "mlp", "initialization": {"name": "normal", "std": 1e-40}}}},
            "/problem/model/initialization/std",
        ),
    ],
)
def test_float32_must_hold_the_numbers_given(changes: dict[str, Any], pointer: str) -> None:
    resolve_spec(**{"dtype": "float64"} | changes)
    assert list(issues_of(dtype="float32", **changes)) == [pointer]


BEYOND_FLOAT32 = {
    "sqrt(x**2 + 1e-60)": {13: "1e-60"},
    "  1e39*x": {3: "1e+39"},
    "x - 1e-39": {5: "1e-39"},
    "x*1e-20**2": {3: "1e-40"},
    "x + exp(-100)": {5: "3.72008e-44"},
    "-1e-50*x": {1: "-1e-50"},
    "x**1e-50": {4: "1e-50"},
    "where(x < 1e-50, x, 2*x)": {11: "1e-50"},
    "x*3.4028236e38": {3: "3.40282e+38"},
    "x*1e-60*1e60": {3: "1e-60", 9: "1e+60"},
    "x + sum(1e-13**i for i in range(2, 5)) + x*prod(i*1e9 for i in range(1, 6))": {44: "1.2e+47"},
    "sum(x*1e-13**i for i in range(5))": {7: "1e-39"},
}
"""Expressions with the column and the value of each constant that float32 does not hold, as the message names them."""


def test_float32_must_hold_the_constants_of_an_expression() -> None:
    for expression, beyond in BEYOND_FLOAT32.items():
        problem = {"type": "expression", "expression": expression, "start": {"x": 1.0}}
        for dtype in (None, "float64"):
            assert resolve_spec(problem=problem, dtype=dtype).dtype == "float64"
        with pytest.raises(SpecError) as caught:
            resolve_spec(problem=problem, dtype="float32")
        bounds = "the range of float32, 1.18e-38 to 3.4e38; use dtype 'float64'."
        assert [(issue.pointer, issue.detail) for issue in caught.value.issues] == [
            ("/problem/expression", f"Column {column}: the constant {value} is beyond {bounds}")
            for column, value in beyond.items()
        ]


def test_float32_takes_every_constant_that_it_holds() -> None:
    """What rounds to a normal number, and what is folded away before anything is computed."""
    for constant in ("0", "3.4028235e38", "-3.4e38", "2**-100/2**26", "1e-60*1e60", "1e-30*1e60/1e20", "pi"):
        problem = {"type": "expression", "expression": f"{constant}*x", "start": {"x": 1.0}}
        assert resolve_spec(problem=problem, dtype="float32").dtype == "float32"


def test_wide_rows_are_counted_by_their_numbers() -> None:
    """A row is as wide as there are parameters, up to the number of which none is recorded any more."""
    changes = {"optimizers": sgd(), "budget": {"steps": 900_000}, "seeds": list(range(5))}
    widest = vector([1.0] * MAX_RECORDED_PARAMETERS)
    for fitting in (10, MAX_RECORDED_PARAMETERS + 1, 200, 1000):
        assert resolve_spec(problem=vector([1.0] * fitting), **changes).record.every == 1
    detail = issues_of(problem=widest, **changes)["/record/every"]
    assert detail.startswith("Up to 4500005 rows of 56 numbers would be recorded; a job of this kind keeps 4464285.")
    every = int(detail.split(">= ")[1].rstrip("."))
    assert resolve_spec(problem=widest, **changes, record={"every": every}).record.every == every


def test_what_is_wrong_with_the_parts_to_evaluate_says_how_to_mend_it() -> None:
    (curve,) = issues_of(problem=CURVE, record={"evaluate": ["test"]}).values()
    assert curve == "This dataset has no test part; ask for ['full_train'] or leave this out."
    (split,) = issues_of(problem=WITHOUT_TEST, record={"evaluate": ["test"]}).values()
    assert split.endswith("or leave this out, or keep a test part with 'test_fraction'.")


def test_the_metrics_every_that_is_proposed_is_enough() -> None:
    changes = {"problem": WHOLE, "budget": {"steps": MAX_STEPS}}
    detail = issues_of(**changes, record={"every": 1000})["/record/metrics_every"]
    every = int(detail.split(">= ")[1].rstrip("."))
    assert resolve_spec(**changes, record={"every": 1000, "metrics_every": every}).record.metrics_every == every


def test_predictions_of_many_samples_and_trials_are_too_many() -> None:
    problem = {"type": "dataset", "dataset": {"name": "curve", "samples": 10_000}}
    seeds = list(range(MAX_PREDICTION_ROWS // 40_000))
    resolve_spec(problem=problem, seeds=seeds, record={"predictions_at": [0, 10]})
    assert "/record/predictions_at" in issues_of(problem=problem, seeds=seeds, record={"predictions_at": [0, 5, 10]})


def test_predictions_must_lie_within_the_budget() -> None:
    preset = {"type": "preset", "preset": "curve-a"}
    with pytest.raises(SpecError, match=r"/record/predictions_at/1: Beyond the budget of 400"):
        resolve(JobSpec.model_validate({"problem": preset, "record": {"predictions_at": [10, 401]}}))


def test_all_issues_are_told_at_once() -> None:
    assert len(issues_of(seeds=[1, 1], record={"predictions_at": [1]})) == 2


@given(st.integers(1, MAX_STEPS), st.integers(1, 300))
def test_the_every_that_is_proposed_is_enough(steps: int, seeds: int) -> None:
    """Property: following the advice of the error always leads to a job that is accepted."""
    changes = {"budget": {"steps": steps}, "seeds": list(range(seeds))}
    try:
        resolve_spec(**changes)
    except SpecError as error:
        (issue,) = error.issues
        if issue.pointer == "/budget/steps":
            fitting = int(issue.detail.split("at most ")[1].split()[0])
            resolve_spec(**(changes | {"budget": {"steps": fitting}, "record": {"every": MAX_STEPS}}))
        else:
            every = int(issue.detail.split(">= ")[1].rstrip("."))
            resolved = resolve_spec(**changes, record={"every": every})
            assert len(plan_trials(resolved)) * (steps // every + 2) <= MAX_RECORDED_ROWS
