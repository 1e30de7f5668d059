"""From a submitted spec to a resolved one: defaults, overrides, labels, what is recorded, and what it costs."""

import json
from typing import Any

import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, resolve
from ayla_spec.costs import Cost, cost_of
from ayla_spec.limits import (
    MAX_NAME_LENGTH,
    MAX_RECORDED_PARAMETERS,
    SECONDS_PER_SHARD,
)
from ayla_spec.optimizers.base import arm_of, nameless
from ayla_spec.presets import PRESETS
from ayla_spec.trials import plan_trials
from hypothesis import given
from hypothesis import strategies as st

from tests.spec.resolving import CURVE, DATASET, FILE, WHOLE, WITHOUT_TEST, issues_of, resolve_spec, sgd, vector


def test_every_default_is_filled_in() -> None:
    resolved = resolve_spec().model_dump()
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
    resolved = resolve_spec(optimizers=[adam, adam, {**adam, "beta1": 0.8}, {**adam, "label": "mine"}])
    assert [settings.label for settings in resolved.optimizers] == [
        "Adam lr=0.01",
        "Adam lr=0.01 #2",
        "Adam lr=0.01 beta1=0.8",
        "mine",
    ]


def test_entries_share_an_arm_or_are_one_each() -> None:
    adam = {"name": "adam", "learning_rate": 0.01, "arm": "Ade\u0301lie"}
    tuned = [adam, {**adam, "learning_rate": 0.1}, {"name": "sgd", "learning_rate": 0.1}]
    resolved = resolve_spec(optimizers=tuned)
    dumped = [settings.model_dump(mode="json") for settings in resolved.optimizers]
    assert [(one["label"], arm_of(one)) for one in dumped] == [
        ("Adam lr=0.01", "Ad\u00e9lie"),
        ("Adam lr=0.1", "Ad\u00e9lie"),
        ("SGD lr=0.1", "SGD lr=0.1"),
    ]
    assert [nameless(one) for one in dumped] == [
        nameless(one.model_dump(mode="json"))
        for one in resolve_spec(optimizers=[_without_arm(one) for one in tuned]).optimizers
    ]
    assert ResolvedJobSpec.model_validate(resolved.model_dump(mode="json")) == resolved


def test_specs_without_arms_are_written_as_before_there_were_any() -> None:
    resolved = resolve_spec(optimizers=[{"name": "sgd", "learning_rate": 0.1, "arm": None}])
    (written,) = json.loads(resolved.model_dump_json())["optimizers"]
    assert list(written) == [
        "name", "learning_rate", "ayla", "schedule", "clip_norm", "clip_value", "label", "weight_decay", "momentum",
        "dampening", "nesterov",
    ]  # fmt: skip


def test_an_entry_without_an_arm_is_not_named_like_the_arm_of_others() -> None:
    tuned = {"name": "sgd", "learning_rate": 0.1, "arm": "SGD lr=0.2"}
    alone = {"name": "sgd", "learning_rate": 0.2}
    assert [one.label for one in resolve_spec(optimizers=[alone, tuned]).optimizers] == ["SGD lr=0.2 #2", "SGD lr=0.1"]
    assert issues_of(optimizers=[tuned, alone | {"label": "SGD lr=0.2"}]) == {
        "/optimizers/1/label": "Is the arm of optimizer 0; give this one that arm too, or another label."
    }
    resolve_spec(optimizers=[tuned, alone | {"label": "SGD lr=0.2", "arm": "SGD lr=0.2"}])


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
    labels = [settings.label or "" for settings in resolve_spec(optimizers=[busy] * 12).optimizers]
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
    resolved = resolve_spec()
    assert ResolvedJobSpec.model_validate_json(resolved.model_dump_json()) == resolved


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
    assert resolve_spec(problem=problem, budget={"epochs": epochs}).budget.steps == steps


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
    assert resolve_spec(optimizers=sgd(schedule=schedule)).optimizers[0].schedule is not None


def test_parameters_that_are_not_recorded_cost_no_time() -> None:
    costs = [cost_of(resolve_spec(problem=vector([1.0] * size))).each for size in (1, MAX_RECORDED_PARAMETERS)]
    assert costs[0] < costs[1]
    assert cost_of(resolve_spec(problem=vector([1.0] * 1000))).each < costs[0]  # without a column for its only one


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
        assert resolve_spec(problem=problem).record.evaluate == expected, problem
    both = resolve_spec(problem=DATASET, record={"evaluate": ["full_train", "test"]}).record
    assert both.evaluate == ["test", "full_train"]
    assert resolve_spec().record.evaluate is None
    mnist = resolve_spec(problem={"type": "preset", "preset": "mnist-sgd"}, record={"evaluate": ["full_train"]}).record
    assert (mnist.every, mnist.evaluate) == (25, ["full_train"])


def test_a_curve_has_a_hundred_rows_of_metrics_unless_more_are_asked_for() -> None:
    """Where an epoch is a step a row for each would only repeat the trajectory."""
    assert resolve_spec(problem=CURVE, budget={"steps": 1234}).record.metrics_every == 13
    assert resolve_spec(problem=CURVE, budget={"steps": 1234}, record={"metrics_every": 1}).record.metrics_every == 1
    for problem in (WHOLE, CURVE | {"batch_size": 5}):
        assert resolve_spec(problem=problem, budget={"steps": 1234}).record.metrics_every == 1, problem
    preset = {"type": "preset", "preset": "curve-a"}
    assert resolve_spec(problem=preset, optimizers=None, budget=None).record.metrics_every == 4


def test_what_is_evaluated_is_part_of_the_estimate() -> None:
    costs = [
        cost_of(resolve_spec(problem=DATASET, budget={"epochs": 10}, record={"evaluate": evaluate})).side_by_side
        for evaluate in (["test"], ["full_train"], ["test", "full_train"])
    ]
    assert costs == sorted(costs)
    assert costs[1] / costs[0] == pytest.approx(1 + 1 / 3, abs=0.15), "the training part costs its forward products"


def test_trials_are_the_product_of_optimizers_and_seeds() -> None:
    trials = plan_trials(resolve_spec(seeds=[7, 8, 9]))
    assert [(trial.optimizer_index, trial.seed) for trial in trials] == [(o, s) for o in (0, 1) for s in (7, 8, 9)]
    assert [trial.index for trial in trials] == list(range(6))


@given(st.integers(1, 64), st.integers(1, 10**6))
def test_an_affordable_shard_keeps_to_its_time_or_is_as_small_as_is_any_use(lanes: int, nanoseconds: int) -> None:
    cost = Cost(lanes, nanoseconds * 1e-4, nanoseconds * 1e-6)
    size = cost.affordable()
    assert size == lanes or cost.of(size) <= SECONDS_PER_SHARD + cost.side_by_side


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_what_does_more_steps_costs_more(fewer: int, more: int) -> None:
    low, high = (cost_of(resolve_spec(budget={"steps": steps})).of(3) for steps in sorted((fewer, more)))
    assert 0 < low <= high


@pytest.mark.parametrize("name", PRESETS)
def test_a_resolved_spec_can_be_submitted_again(name: str) -> None:
    """It gives the same job, and says still where it came from."""
    resolved = resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}}))
    again = resolve(JobSpec.model_validate(resolved.model_dump(mode="json")))
    assert again == resolved
