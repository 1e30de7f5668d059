"""From a submitted spec to a resolved one: defaults, overrides, and every issue with its place."""

from typing import Any

import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, resolve
from ayla_spec.limits import MAX_RECORDED_ROWS, MAX_STEPS, TRIALS_PER_SHARD
from ayla_spec.presets import PRESETS
from ayla_spec.trials import plan_shards, plan_trials
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import spec


def _resolve(**changes: Any) -> ResolvedJobSpec:
    return resolve(JobSpec.model_validate(spec(**changes)))


def _issues(**changes: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        _resolve(**changes)
    return {issue.pointer: issue.detail for issue in caught.value.issues}


def test_every_default_is_filled_in() -> None:
    resolved = _resolve().model_dump()
    assert resolved["seeds"] == [0]
    assert resolved["record"] == {"every": 1, "predictions_at": []}
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


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_brings_its_own_everything(name: str) -> None:
    resolved = resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}}))
    assert resolved.preset == name
    assert len(resolved.optimizers) >= 2
    assert any(settings.ayla for settings in resolved.optimizers)


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


@pytest.mark.parametrize(
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
        ({"record": {"predictions_at": [5]}}, "/record/predictions_at"),
        ({"budget": {"steps": MAX_STEPS}, "seeds": list(range(1000))}, "/budget/steps"),
        ({"budget": {"steps": MAX_STEPS}}, "/record/every"),
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
    ],
)
def test_float32_must_hold_the_numbers_given(changes: dict[str, Any], pointer: str) -> None:
    _resolve(**changes)
    assert list(_issues(dtype="float32", **changes)) == [pointer]


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


@given(st.integers(1, 600))
def test_shards_hold_every_trial_once_and_in_order(seeds: int) -> None:
    trials = plan_trials(_resolve(seeds=list(range(seeds))))
    shards = plan_shards(trials)
    assert [trial for shard in shards for trial in shard] == trials
    assert all(0 < len(shard) <= TRIALS_PER_SHARD for shard in shards)
