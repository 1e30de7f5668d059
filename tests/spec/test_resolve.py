"""From a submitted spec to a resolved one: defaults, overrides, and every issue with its place."""

import json
from typing import Any

import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, resolve
from ayla_spec.costs import Cost, cost_of
from ayla_spec.limits import (
    MAX_NAME_LENGTH,
    MAX_PREDICTION_ROWS,
    MAX_RECORDED_PARAMETERS,
    MAX_RECORDED_ROWS,
    MAX_STEPS,
    SECONDS_PER_SHARD,
)
from ayla_spec.optimizers.base import arm_of, nameless
from ayla_spec.presets import PRESETS
from ayla_spec.trials import plan_trials
from hypothesis import given
from hypothesis import strategies as st

from tests.cases import each
from tests.factories import spec

DATASET = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 32}
WHOLE = DATASET | {"batch_size": None}
CURVE = {"type": "dataset", "dataset": {"name": "curve"}}
WITHOUT_TEST = {"type": "dataset", "dataset": {"name": "regression", "samples": 8, "test_fraction": 0.05}}
FILE: dict[str, Any] = {"type": "dataset", "dataset": {"name": "file", "file": "a.csv"}, "batch_size": 8}


def _sgd(**settings: Any) -> list[dict[str, Any]]:
    return [{"name": "sgd", "learning_rate": 0.1, **settings}]


def _vector(x: list[float]) -> dict[str, Any]:
    return {"type": "expression", "expression": "sum(x[i]**2 for i in range(len(x)))", "start": {"x": x}}


def _resolve(**changes: Any) -> ResolvedJobSpec:
    return resolve(JobSpec.model_validate(spec(**changes)))


def _issues(**changes: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        _resolve(**changes)
    return {issue.pointer: issue.detail for issue in caught.value.issues}


def test_every_default_is_filled_in() -> None:
    resolved = _resolve().model_dump()
    assert resolved["seeds"] == [0]
    assert resolved["record"] == {"every": 1, "predictions_at": [], "metrics_every": 1, "evaluate": None}
    assert (resolved["device"], resolved["dtype"]) == ("auto", "float64")
    assert resolved["optimizers"][0]["ayla"] is None
    assert resolved["optimizers"][1]["ayla"] == {
        "n1": 1.0,
        "n2": 1.4,
        "transform_on": "loss",
        "max_scale": None,
        "cap_weights": True,
    }


def test_labels_tell_settings_apart() -> None:
    adam = {"name": "adam", "learning_rate": 0.01}
    resolved = _resolve(optimizers=[adam, adam, {**adam, "beta1": 0.8}, {**adam, "label": "mine"}])
    assert [settings.label for settings in resolved.optimizers] == [
        "Adam lr=0.01",
        "Adam lr=0.01 #2",
        "Adam lr=0.01 beta1=0.8",
        "mine",
    ]


def test_entries_share_an_arm_or_are_one_each() -> None:
    adam = {"name": "adam", "learning_rate": 0.01, "arm": "Ade\u0301lie"}
    tuned = [adam, {**adam, "learning_rate": 0.1}, {"name": "sgd", "learning_rate": 0.1}]
    resolved = _resolve(optimizers=tuned)
    dumped = [settings.model_dump(mode="json") for settings in resolved.optimizers]
    assert [(one["label"], arm_of(one)) for one in dumped] == [
        ("Adam lr=0.01", "Ad\u00e9lie"),
        ("Adam lr=0.1", "Ad\u00e9lie"),
        ("SGD lr=0.1", "SGD lr=0.1"),
    ]
    assert [nameless(one) for one in dumped] == [
        nameless(one.model_dump(mode="json"))
        for one in _resolve(optimizers=[_without_arm(one) for one in tuned]).optimizers
    ]
    assert ResolvedJobSpec.model_validate(resolved.model_dump(mode="json")) == resolved


def test_specs_without_arms_are_written_as_before_there_were_any() -> None:
    resolved = _resolve(optimizers=[{"name": "sgd", "learning_rate": 0.1, "arm": None}])
    (written,) = json.loads(resolved.model_dump_json())["optimizers"]
    assert list(written) == [
        "name", "learning_rate", "ayla", "schedule", "clip_norm", "clip_value", "label", "weight_decay", "momentum",
        "dampening", "nesterov",
    ]  # fmt: skip


def test_an_entry_without_an_arm_is_not_named_like_the_arm_of_others() -> None:
    tuned = {"name": "sgd", "learning_rate": 0.1, "arm": "SGD lr=0.2"}
    alone = {"name": "sgd", "learning_rate": 0.2}
    assert [one.label for one in _resolve(optimizers=[alone, tuned]).optimizers] == ["SGD lr=0.2 #2", "SGD lr=0.1"]
    assert _issues(optimizers=[tuned, alone | {"label": "SGD lr=0.2"}]) == {
        "/optimizers/1/label": "Is the arm of optimizer 0; give this one that arm too, or another label."
    }
    _resolve(optimizers=[tuned, alone | {"label": "SGD lr=0.2", "arm": "SGD lr=0.2"}])


def _without_arm(optimizer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in optimizer.items() if name != "arm"}


def test_a_label_made_of_many_settings_is_cut_and_still_tells_them_apart() -> None:
    busy = {
        "name": "nadam",
        "learning_rate": 0.0123456,
        "beta1": 0.123456,
        "beta2": 0.654321,
        "epsilon": 1.23456e-7,
        "momentum_decay": 0.0123456,
        "weight_decay": 0.000123456,
        "clip_norm": 12.3456,
        "clip_value": 1.23456,
        "schedule": {"name": "cosine", "warmup_steps": 5, "steps": 5, "final_factor": 0.123456},
        "ayla": {"n1": 1.23456, "n2": 0.123456, "max_scale": 123456.0, "cap_weights": False},
    }
    labels = [settings.label or "" for settings in _resolve(optimizers=[busy] * 12).optimizers]
    assert len(set(labels)) == 12
    assert max(map(len, labels)) == MAX_NAME_LENGTH
    assert labels[0].endswith("…")
    assert labels[11].endswith("… #12")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_brings_its_own_everything(name: str) -> None:
    resolved = resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}}))
    assert resolved.preset == name
    assert len(resolved.optimizers) >= 2
    assert any(settings.ayla for settings in resolved.optimizers)


def test_images_are_computed_in_float32_unless_the_job_says_otherwise() -> None:
    preset = {"problem": {"type": "preset", "preset": "mnist-sgd"}}
    assert resolve(JobSpec.model_validate(preset)).dtype == "float32"
    assert resolve(JobSpec.model_validate(preset | {"dtype": "float64"})).dtype == "float64"


def test_the_presets_of_digits_are_those_of_the_paper() -> None:
    for name, epochs in (("mnist-sgd", 100), ("mnist-adam", 30)):
        resolved = resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}}))
        assert resolved.problem.type == "dataset"
        assert resolved.problem.steps_per_epoch == 1875
        assert resolved.budget.steps == epochs * 1875
        assert [settings.learning_rate for settings in resolved.optimizers] == [1e-4] * 3 + [2e-4] * 3


def test_a_preset_can_be_overridden() -> None:
    resolved = resolve(
        JobSpec.model_validate(
            {
                "problem": {"type": "preset", "preset": "curve-a"},
                "budget": {"steps": 200},
                "seeds": [1, 2],
                "record": {"every": 5},
            }
        )
    )
    assert resolved.budget.steps == 200
    assert resolved.seeds == [1, 2]
    assert resolved.record.every == 5
    assert resolved.record.predictions_at == [150], "step 400 is beyond the smaller budget"


def test_a_resolved_spec_survives_json() -> None:
    resolved = _resolve()
    assert ResolvedJobSpec.model_validate_json(resolved.model_dump_json()) == resolved


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
        ({"optimizers": _sgd(label="a") + _sgd(arm="a")}, "/optimizers/0/label"),
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
            {"optimizers": _sgd(schedule={"name": "constant", "warmup_steps": 11})},
            "/optimizers/0/schedule/warmup_steps",
        ),
        ({"optimizers": _sgd(schedule={"name": "cosine", "warmup_steps": 10})}, "/optimizers/0/schedule/warmup_steps"),
        ({"optimizers": _sgd(schedule={"name": "linear", "warmup_steps": 12})}, "/optimizers/0/schedule/warmup_steps"),
        ({"optimizers": _sgd(schedule={"name": "step", "every": 10})}, "/optimizers/0/schedule/every"),
        (
            {"optimizers": _sgd(schedule={"name": "step", "every": 5, "warmup_steps": 5})},
            "/optimizers/0/schedule/every",
        ),
    ],
)
def test_each_issue_names_its_field(changes: dict[str, Any], pointer: str) -> None:
    assert pointer in _issues(**changes)


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
        ({"problem": _vector([1.0, 2.0, 3.0, 1e39])}, "/problem/start/x/3"),
        ({"problem": _vector([1.0, -1e-39])}, "/problem/start/x/1"),
        ({"optimizers": [{"name": "lion", "learning_rate": 1.0, "weight_decay": 1e-50}]}, "/optimizers/0/weight_decay"),
        (
            {"optimizers": _sgd(schedule={"name": "cosine", "final_factor": 1e-50})},
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
    _resolve(**{"dtype": "float64"} | changes)
    assert list(_issues(dtype="float32", **changes)) == [pointer]


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
            assert _resolve(problem=problem, dtype=dtype).dtype == "float64"
        with pytest.raises(SpecError) as caught:
            _resolve(problem=problem, dtype="float32")
        bounds = "the range of float32, 1.18e-38 to 3.4e38; use dtype 'float64'."
        assert [(issue.pointer, issue.detail) for issue in caught.value.issues] == [
            ("/problem/expression", f"Column {column}: the constant {value} is beyond {bounds}")
            for column, value in beyond.items()
        ]


def test_float32_takes_every_constant_that_it_holds() -> None:
    """What rounds to a normal number, and what is folded away before anything is computed."""
    for constant in ("0", "3.4028235e38", "-3.4e38", "2**-100/2**26", "1e-60*1e60", "1e-30*1e60/1e20", "pi"):
        problem = {"type": "expression", "expression": f"{constant}*x", "start": {"x": 1.0}}
        assert _resolve(problem=problem, dtype="float32").dtype == "float32"


@pytest.mark.parametrize(
    ("problem", "epochs", "steps"),
    [
        (DATASET, 3, 3 * 45),
        (DATASET | {"batch_size": None}, 3, 3),
        (CURVE, 400, 400),
        (CURVE | {"batch_size": 30}, 2, 8),
    ],
    ids=["batches", "digits at once", "curve at once", "a smaller last batch"],
)
def test_epochs_become_steps(problem: dict[str, Any], epochs: int, steps: int) -> None:
    assert _resolve(problem=problem, budget={"epochs": epochs}).budget.steps == steps


@pytest.mark.parametrize(
    "schedule",
    [
        {"name": "constant", "warmup_steps": 10},
        {"name": "cosine", "warmup_steps": 9},
        {"name": "linear", "steps": 1000},
        {"name": "step", "every": 9},
    ],
)
def test_a_schedule_that_acts_within_the_budget_is_taken(schedule: dict[str, Any]) -> None:
    assert _resolve(optimizers=_sgd(schedule=schedule)).optimizers[0].schedule is not None


def test_wide_rows_are_counted_by_their_numbers() -> None:
    """A row is as wide as there are parameters, up to the number of which none is recorded any more."""
    changes = {"optimizers": _sgd(), "budget": {"steps": 900_000}, "seeds": list(range(5))}
    widest = _vector([1.0] * MAX_RECORDED_PARAMETERS)
    for fitting in (10, MAX_RECORDED_PARAMETERS + 1, 200, 1000):
        assert _resolve(problem=_vector([1.0] * fitting), **changes).record.every == 1
    detail = _issues(problem=widest, **changes)["/record/every"]
    assert detail.startswith("Up to 4500005 rows of 56 numbers would be recorded; a job of this kind keeps 4464285.")
    every = int(detail.split(">= ")[1].rstrip("."))
    assert _resolve(problem=widest, **changes, record={"every": every}).record.every == every


def test_parameters_that_are_not_recorded_cost_no_time() -> None:
    costs = [cost_of(_resolve(problem=_vector([1.0] * size))).each for size in (1, MAX_RECORDED_PARAMETERS)]
    assert costs[0] < costs[1]
    assert cost_of(_resolve(problem=_vector([1.0] * 1000))).each < costs[0]  # without a column for its only one


def test_the_parts_to_evaluate_are_filled_in() -> None:
    """The test part, or without one the training part; of a file only the worker sees what there is."""
    parts: list[tuple[dict[str, Any], list[str]]] = [
        (DATASET, ["test"]),
        (FILE, ["test"]),
        (CURVE, ["full_train"]),
        (WITHOUT_TEST, ["full_train"]),
        (FILE | {"dataset": {**FILE["dataset"], "test_fraction": 0}}, ["full_train"]),
    ]
    for problem, expected in parts:
        assert _resolve(problem=problem).record.evaluate == expected, problem
    both = _resolve(problem=DATASET, record={"evaluate": ["full_train", "test"]}).record
    assert both.evaluate == ["test", "full_train"]
    assert _resolve().record.evaluate is None
    mnist = _resolve(problem={"type": "preset", "preset": "mnist-sgd"}, record={"evaluate": ["full_train"]}).record
    assert (mnist.every, mnist.evaluate) == (25, ["full_train"])


def test_what_is_wrong_with_the_parts_to_evaluate_says_how_to_mend_it() -> None:
    (curve,) = _issues(problem=CURVE, record={"evaluate": ["test"]}).values()
    assert curve == "This dataset has no test part; ask for ['full_train'] or leave this out."
    (split,) = _issues(problem=WITHOUT_TEST, record={"evaluate": ["test"]}).values()
    assert split.endswith("or leave this out, or keep a test part with 'test_fraction'.")


def test_a_curve_has_a_hundred_rows_of_metrics_unless_more_are_asked_for() -> None:
    """Where an epoch is a step a row for each would only repeat the trajectory."""
    assert _resolve(problem=CURVE, budget={"steps": 1234}).record.metrics_every == 13
    assert _resolve(problem=CURVE, budget={"steps": 1234}, record={"metrics_every": 1}).record.metrics_every == 1
    for problem in (WHOLE, CURVE | {"batch_size": 5}):
        assert _resolve(problem=problem, budget={"steps": 1234}).record.metrics_every == 1, problem
    preset = {"type": "preset", "preset": "curve-a"}
    assert _resolve(problem=preset, optimizers=None, budget=None).record.metrics_every == 4


def test_what_is_evaluated_is_part_of_the_estimate() -> None:
    costs = [
        cost_of(_resolve(problem=DATASET, budget={"epochs": 10}, record={"evaluate": evaluate})).side_by_side
        for evaluate in (["test"], ["full_train"], ["test", "full_train"])
    ]
    assert costs == sorted(costs)
    assert costs[1] / costs[0] == pytest.approx(1 + 1 / 3, abs=0.15), "the training part costs its forward products"


def test_the_metrics_every_that_is_proposed_is_enough() -> None:
    changes = {"problem": WHOLE, "budget": {"steps": MAX_STEPS}}
    detail = _issues(**changes, record={"every": 1000})["/record/metrics_every"]
    every = int(detail.split(">= ")[1].rstrip("."))
    assert _resolve(**changes, record={"every": 1000, "metrics_every": every}).record.metrics_every == every


def test_predictions_of_many_samples_and_trials_are_too_many() -> None:
    problem = {"type": "dataset", "dataset": {"name": "curve", "samples": 10_000}}
    seeds = list(range(MAX_PREDICTION_ROWS // 40_000))
    _resolve(problem=problem, seeds=seeds, record={"predictions_at": [0, 10]})
    assert "/record/predictions_at" in _issues(problem=problem, seeds=seeds, record={"predictions_at": [0, 5, 10]})


def test_predictions_must_lie_within_the_budget() -> None:
    preset = {"type": "preset", "preset": "curve-a"}
    with pytest.raises(SpecError, match=r"/record/predictions_at/1: Beyond the budget of 400"):
        resolve(JobSpec.model_validate({"problem": preset, "record": {"predictions_at": [10, 401]}}))


def test_all_issues_are_told_at_once() -> None:
    assert len(_issues(seeds=[1, 1], record={"predictions_at": [1]})) == 2


@given(st.integers(1, MAX_STEPS), st.integers(1, 300))
def test_the_every_that_is_proposed_is_enough(steps: int, seeds: int) -> None:
    """Property: following the advice of the error always leads to a job that is accepted."""
    changes = {"budget": {"steps": steps}, "seeds": list(range(seeds))}
    try:
        _resolve(**changes)
    except SpecError as error:
        (issue,) = error.issues
        if issue.pointer == "/budget/steps":
            fitting = int(issue.detail.split("at most ")[1].split()[0])
            _resolve(**(changes | {"budget": {"steps": fitting}, "record": {"every": MAX_STEPS}}))
        else:
            every = int(issue.detail.split(">= ")[1].rstrip("."))
            resolved = _resolve(**changes, record={"every": every})
            assert len(plan_trials(resolved)) * (steps // every + 2) <= MAX_RECORDED_ROWS


def test_trials_are_the_product_of_optimizers_and_seeds() -> None:
    trials = plan_trials(_resolve(seeds=[7, 8, 9]))
    assert [(trial.optimizer_index, trial.seed) for trial in trials] == [(o, s) for o in (0, 1) for s in (7, 8, 9)]
    assert [trial.index for trial in trials] == list(range(6))


@given(st.integers(1, 64), st.integers(1, 10**6))
def test_an_affordable_shard_keeps_to_its_time_or_is_as_small_as_is_any_use(lanes: int, nanoseconds: int) -> None:
    cost = Cost(lanes, nanoseconds * 1e-4, nanoseconds * 1e-6)
    size = cost.affordable()
    assert size == lanes or cost.of(size) <= SECONDS_PER_SHARD + cost.side_by_side


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_what_does_more_steps_costs_more(fewer: int, more: int) -> None:
    low, high = (cost_of(_resolve(budget={"steps": steps})).of(3) for steps in sorted((fewer, more)))
    assert 0 < low <= high


@pytest.mark.parametrize("name", PRESETS)
def test_a_resolved_spec_can_be_submitted_again(name: str) -> None:
    """It gives the same job, and says still where it came from."""
    resolved = resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}}))
    again = resolve(JobSpec.model_validate(resolved.model_dump(mode="json")))
    assert again == resolved
