"""Random starts and noise in a job spec: what is taken, what is refused and in which words."""

import json
from typing import Any

import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, resolve
from ayla_spec.costs import cost_of
from ayla_spec.functions import TEST_FUNCTIONS
from ayla_spec.limits import MAX_DIMENSIONS
from ayla_spec.presets import PRESETS
from ayla_spec.problems import ExpressionProblem
from ayla_spec.starts import MOST_DEVIATIONS, Normal, Uniform
from pydantic import ValidationError

from tests.core.batches import job, run

MIXED = {
    "x": {"uniform": [-5.0, 5.0], "dimension": 2},
    "y": [1.0, {"normal": [0.0, 2.0]}],
    "z": {"normal": [3.0, 0.5]},
}
TEXT = "sum(x) + sum(y) + z"
SGD = [{"name": "sgd", "learning_rate": 0.1}]


def problem(start: dict[str, Any], expression: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"type": "expression", "expression": expression, "start": start, **more}


def resolved(**changes: Any) -> ResolvedJobSpec:
    return resolve(JobSpec.model_validate({"optimizers": SGD, "budget": {"steps": 3}} | changes))


def issues(**changes: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        resolved(**changes)
    return {issue.pointer: issue.detail for issue in caught.value.issues}


def test_a_start_mixes_numbers_and_distributions_and_is_the_same_after_a_round_trip() -> None:
    made = ExpressionProblem.model_validate(problem(MIXED, noise=0.5))
    assert made.shape == {"x": 2, "y": 2, "z": None}
    uniform, normal = Uniform(uniform=[-5.0, 5.0]), Normal(normal=[0.0, 2.0])
    assert made.flat_start == {
        "x[0]": uniform, "x[1]": uniform, "y[0]": 1.0, "y[1]": normal, "z": Normal(normal=[3.0, 0.5]),
    }  # fmt: skip
    assert made.parameters == 5
    assert made.randomness == ["random start", "noise 0.5"]
    assert made.model_dump() == problem(MIXED, noise=0.5)
    assert json.loads(made.model_dump_json()) == problem(MIXED, noise=0.5)
    assert ExpressionProblem.model_validate(made.model_dump()) == made
    assert ExpressionProblem.model_validate_json(made.model_dump_json()) == made


def test_a_resolved_random_job_can_be_submitted_again() -> None:
    first = resolved(problem=problem(MIXED, noise=0.5))
    assert resolve(JobSpec.model_validate_json(first.model_dump_json(exclude={"optimizers": {0: {"label"}}}))) == first


def test_what_is_not_random_is_written_as_before() -> None:
    fixed = problem({"x": [1.0, 2.0], "y": 3.0}, "sum(x) + y")
    assert ExpressionProblem.model_validate(fixed).model_dump() == fixed
    assert list(json.loads(resolved(problem=fixed).model_dump_json())["problem"]) == ["type", "expression", "start"]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"uniform": [2.0, 2.0]}, "must be [low, high] with low below high"),
        ({"uniform": [3.0, 2.0]}, "must be [low, high] with low below high"),
        ({"uniform": [-1e308, 1e308]}, "high - low must be a number that a float can hold"),
        ({"normal": [0.0, 0.0]}, "with a standard deviation above 0"),
        ({"normal": [0.0, -1.0]}, "with a standard deviation above 0"),
        ({"normal": [1.79e308, 1e307]}, "make the standard deviation smaller"),
        ({"uniform": [0.0, 1.0], "normal": [0.0, 1.0]}, "must be a number, {'uniform': [low, high]}, {'normal': ["),
        ({"exponential": [1.0]}, "must be a number, {'uniform': [low, high]}, {'normal': ["),
        ([{"normal": [0.0, 1.0], "dimension": 1}], "has no 'dimension'; leave that out"),
    ],
)
def test_a_distribution_that_cannot_be_drawn_from_is_refused(start: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ExpressionProblem.model_validate(problem({"x": start}))
    (error,) = caught.value.errors()
    assert words in error["msg"]


def test_dimensions_are_counted_before_anything_is_made_of_them() -> None:
    most = {"x": {"uniform": [0.0, 1.0], "dimension": MAX_DIMENSIONS}}
    assert ExpressionProblem.model_validate(problem(most, "sum(x)")).parameters == MAX_DIMENSIONS
    with pytest.raises(ValidationError, match="1001 numbers; at most 1000"):
        ExpressionProblem.model_validate(problem(most | {"y": 1.0}))


def test_float32_must_hold_what_is_drawn() -> None:
    largest = 3.4e38 / MOST_DEVIATIONS
    for start, noise, pointer in (
        ({"x": {"uniform": [0.0, 1e39]}}, None, "/problem/start/x/uniform/1"),
        ({"x": {"normal": [0.0, 1.01 * largest]}}, None, "/problem/start/x/normal"),
        ({"x": [1.0, {"normal": [2e38, 0.5 * largest]}]}, None, "/problem/start/x/1/normal"),
        ({"x": {"normal": [0.0, 1e-39]}}, None, "/problem/start/x/normal/1"),
        ({"x": 1.0}, 1.01 * largest, "/problem/noise"),
        ({"x": 1.0}, 1e-39, "/problem/noise"),
    ):
        text = "sum(x)" if isinstance(start["x"], list) else "x"
        made = problem(start, text) | ({} if noise is None else {"noise": noise})
        assert list(issues(problem=made, dtype="float32")) == [pointer]
        resolved(problem=made, dtype="float64")
    resolved(problem=problem({"x": {"normal": [0.0, 0.99 * largest]}}, "x", noise=0.99 * largest), dtype="float32")


def test_a_preset_starts_at_random_when_it_is_asked_to() -> None:
    for name, preset in PRESETS.items():
        asked = {"problem": {"type": "preset", "preset": name, "start": "random"}}
        if isinstance(preset.problem, ExpressionProblem):
            found = resolve(JobSpec.model_validate(asked))
            assert found.problem.model_dump() == preset.problem.model_dump() | {
                "start": {"x": {"uniform": [-1.0, 3.0]}}
            }
            assert (
                found.optimizers
                == resolve(JobSpec.model_validate({"problem": {"type": "preset", "preset": name}})).optimizers
            )
        else:
            with pytest.raises(SpecError) as caught:
                resolve(JobSpec.model_validate(asked))
            assert [issue.pointer for issue in caught.value.issues] == ["/problem/start"]
    with pytest.raises(ValidationError):
        JobSpec.model_validate({"problem": {"type": "preset", "preset": "poly-sgd", "start": "fixed"}})


@pytest.mark.parametrize("name", ["poly-sgd", "poly-adam"])
def test_from_all_of_a_presets_domain_its_optimizers_converge(name: str) -> None:
    asked = {"problem": {"type": "preset", "preset": name, "start": "random"}, "seeds": list(range(500))}
    recorder = run(resolve(JobSpec.model_validate(asked)))
    starts = [columns["param.x"][0] for columns in recorder.trajectories.values()]
    assert min(starts) < -0.95
    assert max(starts) > 2.95
    assert {outcome.outcome for outcome in recorder.outcomes.values()} == {"completed"}
    # Some stay at the saddle, where the loss is 2.
    assert max(outcome.final_loss or 0.0 for outcome in recorder.outcomes.values()) < 2.1


def test_every_test_function_starts_at_random_in_its_domain() -> None:
    for function in TEST_FUNCTIONS:
        start = {name: item.model_dump() for name, item in function.random_start.items()}
        made = job(problem(start, function.expression), SGD, 1, seeds=list(range(20)))
        assert isinstance(made.problem, ExpressionProblem)
        fixed = ExpressionProblem.model_validate(problem(function.start, function.expression))
        assert made.problem.shape == fixed.shape
        for columns in run(made).trajectories.values():
            for name in fixed.flat_start:
                low, high = function.domain_of(name.partition("[")[0])
                assert low <= columns[f"param.{name}"][0] <= high


def test_noise_is_part_of_the_estimated_cost() -> None:
    plain, noisy = (cost_of(resolved(problem=problem(MIXED) | more)) for more in ({}, {"noise": 0.1}))
    assert plain.of(64) < noisy.of(64) < 10 * plain.of(64)
