"""What is refused of axes and searches, before any setting is made."""

from typing import Any

import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, resolve
from ayla_spec.limits import MAX_AXES, MAX_TRIALS
from ayla_spec.space import Space

PROBLEM = {"type": "expression", "expression": "x**2", "start": {"x": 1.0}}
DIGITS = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "mlp", "hidden": [8]}, "batch_size": 32}
VALUES = {"values": [0.1, 0.2, 0.3]}
RANGE = {"low": 0.1, "high": 0.9}
DRAWN = {"design": "random", "settings": 5}
JOB: dict[str, Any] = {
    "problem": PROBLEM,
    "optimizers": [{"name": "adam", "learning_rate": VALUES}],
    "budget": {"steps": 100},
}


def resolved(**fields: Any) -> ResolvedJobSpec:
    return resolve(JobSpec.model_validate(JOB | fields))


def issues(**fields: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        resolved(**fields)
    return {issue.pointer: issue.detail for issue in caught.value.issues}


def adam(**fields: Any) -> dict[str, Any]:
    return {"name": "adam", "learning_rate": 0.1} | fields


MANY = {"low": 1.0, "high": 2.0, "count": 10_000}
WARM_UP = {"values": [10, 60]}

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a search without axes": ({"optimizers": [adam()], "search": {"seed": 1}}, "/search", "No number of this job"),
    "a grid over a whole range": ({"optimizers": [adam(ayla={"n1": RANGE})]}, "/optimizers/0/ayla/n1", "add 'count'"),
    "a grid with settings": ({"search": {"settings": 4}}, "/search/settings", "as many settings as its axes give"),
    "a grid that shares": ({"search": {"share": ["learning_rate"]}}, "/search/share", "the same points anyway"),
    "draws without a number": ({"search": {"design": "sobol"}}, "/search/settings", "Required for the design 'sobol'"),
    "more than there are": ({"search": DRAWN}, "/search/settings", "only 3 different settings"),
    "an unknown path": (
        {"search": DRAWN | {"settings": 2, "share": ["ayla.n1"]}},
        "/search/share/0",
        "No arm has an axis 'ayla.n1'; there are learning_rate",
    ),
    "a path that is tied twice": (
        {
            "optimizers": [adam(beta1=VALUES, beta2=VALUES, epsilon=VALUES)],
            "search": {"together": [["beta1", "beta2"], ["epsilon", "beta1"]]},
        },
        "/search/together/1/1",
        "moves together with others already",
    ),
    "a tie of other lengths": (
        {
            "optimizers": [adam(beta1=VALUES, beta2={"values": [0.5, 0.9]})],
            "search": {"together": [["beta1", "beta2"]]},
        },
        "/optimizers/0/beta2",
        "'beta1', which has 3 points; this axis has 2 points",
    ),
    "half a tie that is shared": (
        {
            "optimizers": [adam(beta1=RANGE, beta2=RANGE)],
            "search": DRAWN | {"together": [["beta1", "beta2"]], "share": ["beta2"]},
        },
        "/search/share/0",
        "together with 'beta1'; share that axis too",
    ),
    "other axes that are shared": (
        {
            "optimizers": [adam(beta1=RANGE), adam(beta1=RANGE | {"high": 0.8})],
            "search": DRAWN | {"share": ["beta1"]},
        },
        "/optimizers/1/beta1",
        "same axis as that of optimizer 0",
    ),
    "a label like those of settings": (
        {"optimizers": [adam(learning_rate=VALUES, label="a"), adam(label="a: lr=0.1")]},
        "/optimizers/1/label",
        "Begins like the labels of the settings of 'a'",
    ),
    "a warm-up that leaves nothing": (
        {"optimizers": [adam(schedule={"name": "cosine", "warmup_steps": {"values": [10, 100]}})]},
        "/optimizers/0/schedule/warmup_steps",
        "leaves nothing of the budget of 100 steps",
    ),
    "a change that never comes": (
        {"optimizers": [adam(schedule={"name": "step", "warmup_steps": WARM_UP, "every": {"values": [30, 50]}})]},
        "/optimizers/0/schedule/every",
        "Never comes within the 40 steps",
    ),
    "epochs of several batch sizes": (
        {"problem": DIGITS | {"batch_size": {"values": [16, 32]}}, "budget": {"epochs": 2}},
        "/budget/epochs",
        "An epoch has other steps with each batch size",
    ),
    "a batch size beyond the samples": (
        {"problem": DIGITS | {"batch_size": {"values": [16, 100_000]}}},
        "/problem/batch_size",
        "training samples; use at most that",
    ),
    "too many problems": (
        {
            "problem": DIGITS | {"batch_size": {"low": 1, "high": 1001}},
            "search": {"design": "sobol", "settings": 2000},
            "optimizers": [adam()],
        },
        "/problem/batch_size",
        "up to 1001 different problems",
    ),
    "predictions without trajectories": (
        {
            "problem": {"type": "preset", "preset": "curve-a"},
            "record": {"predictions_at": [1]},
        },
        "/record/predictions_at",
        "kept with trajectories only",
    ),
    "too many trials of a grid": (
        {"optimizers": [adam(), adam(beta1={"low": 0.1, "high": 0.9, "count": 1001})], "seeds": list(range(1000))},
        "/optimizers/1",
        f"1002 settings with 1000 seeds make 1002000 trials; a job has at most {MAX_TRIALS}",
    ),
    "far too many trials": (
        {
            "optimizers": [
                adam(learning_rate=MANY, epsilon=MANY, clip_norm=MANY, clip_value=MANY, weight_decay=MANY),
            ]
        },
        "/optimizers/0",
        "more than 10**15 settings",
    ),
    "too many trials of a draw": (
        {"optimizers": [adam(learning_rate=RANGE)] * 2, "search": {"design": "sobol", "settings": 500_001}},
        "/search/settings",
        "1000002 settings",
    ),
}


@pytest.mark.parametrize(("fields", "pointer", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_where_it_stands(fields: dict[str, Any], pointer: str, words: str) -> None:
    found = issues(**fields)
    assert list(found) == [pointer]
    assert words in found[pointer]


def test_an_arm_has_no_more_axes_than_can_be_looked_at() -> None:
    names = [f"x{number}" for number in range(MAX_AXES)]
    problem = {
        "type": "expression",
        "expression": "+".join(names),
        "start": {name: {"values": [1.0]} for name in names},
    }
    assert len(Space.of(resolved(problem=problem, optimizers=[adam()])).arms[0].axes) == MAX_AXES
    assert issues(problem=problem) == {
        "/optimizers/0": "Has 21 axes, those of the problem among them; at most 20 are allowed."
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizers": [adam(beta1={"low": 0.1, "high": 0.9, "count": 1000})], "seeds": list(range(1000))},
        {"optimizers": [adam(learning_rate=RANGE)] * 2, "search": {"design": "sobol", "settings": 500_000}},
        {"optimizers": [adam(schedule={"name": "step", "warmup_steps": WARM_UP, "every": {"values": [30, 10]}})]},
        {
            "optimizers": [adam(schedule={"name": "step", "warmup_steps": WARM_UP, "every": {"values": [70, 30]}})],
            "search": {"together": [["schedule.every", "schedule.warmup_steps"]]},
        },
        {"problem": DIGITS | {"batch_size": {"low": 1, "high": 1000}}, "search": {"design": "sobol", "settings": 900}},
    ],
)
def test_what_is_just_within_the_bounds_is_taken(fields: dict[str, Any]) -> None:
    assert Space.of(resolved(**fields)).trials_total <= MAX_TRIALS


def test_defaults_of_a_search() -> None:
    spec = resolved()
    assert spec.search is not None
    assert spec.search.model_dump() == {
        "settings": None, "seed": 0, "share": [], "together": [], "order": "listed", "design": "grid",
    }  # fmt: skip
    assert spec.record.trajectories == "none"
    drawn = resolved(search=DRAWN | {"settings": 2}, record={"trajectories": "best"})
    assert drawn.search is not None
    assert drawn.search.library is not None
    assert drawn.record.trajectories == "best"


def test_a_resolved_spec_with_axes_can_be_submitted_again() -> None:
    spec = resolved(optimizers=[adam(learning_rate=RANGE), adam()], search=DRAWN)
    assert resolve(JobSpec.model_validate_json(spec.model_dump_json())) == spec


def test_a_spec_without_axes_is_written_as_before_there_were_any() -> None:
    assert set(resolved(optimizers=[adam()]).model_dump()) == {
        "name", "tags", "preset", "problem", "optimizers", "budget", "seeds", "record", "device", "dtype", "limits",
    }  # fmt: skip
    assert "trajectories" not in resolved(optimizers=[adam()]).model_dump()["record"]


def test_axes_beyond_float32() -> None:
    far = {"optimizers": [adam(clip_norm={"values": [1.0, 1e-39, 1e39]})], "dtype": "float32"}
    assert list(issues(**far)) == ["/optimizers/0/clip_norm/values/1"]
    assert list(issues(optimizers=[adam(clip_norm={"low": 1.0, "high": 1e39, "count": 2})], dtype="float32")) == [
        "/optimizers/0/clip_norm/high"
    ]


def test_predictions_of_a_preset_are_kept_with_trajectories_only() -> None:
    preset = {"type": "preset", "preset": "curve-a"}
    budget = {"steps": 400}
    assert resolved(problem=preset, budget=budget).record.predictions_at == []
    assert resolved(problem=preset, budget=budget, record={"trajectories": "all"}).record.predictions_at == [150, 400]


def test_one_of_a_million_settings() -> None:
    square = {"low": 0.5, "high": 2.0, "count": 1000}
    space = Space.of(resolved(optimizers=[adam(ayla={"n1": square, "n2": square})]))
    assert space.settings_total == 1_000_000
    assert space.label(734_512) == "AYLA-Adam lr=0.1: N1=1.6021 N2=1.26877"
