"""Every optimizer in the engine, batched, by every way of computing, against its slow reference, step by step."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ayla_core.recorder import Column

from tests.core.batches import QUARTIC, assert_same_columns, job, preset, run
from tests.core.optimizers.cases import SETTINGS
from tests.core.plain import FUNCTIONS, PlainFunction, PlainStep, bowl, trajectory

pytestmark = pytest.mark.usefixtures("way")

AYLA: dict[str, dict[str, Any] | None] = {
    "plain": None,
    "loss": {"n1": 1.3, "n2": 0.8},
    "loss, small exponents": {"n1": 0.7, "n2": 0.57},
    "capped": {"n1": 1.2, "n2": 1.9},
    "uncapped": {"n1": 1.2, "n2": 1.2, "cap_weights": False},
    "max_scale": {"n1": 0.5, "n2": 1.6, "max_scale": 1.4},
}
OPTIMIZER: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "learning_rate": 0.00001},
    "adam": {"name": "adam", "learning_rate": 0.01},
    "adam, other betas": {"name": "adam", "learning_rate": 0.02, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-4},
}
SCHEDULES: list[dict[str, Any] | None] = [
    None,
    {"name": "constant", "warmup_steps": 7},
    {"name": "step", "every": 9, "factor": 0.7},
    {"name": "cosine", "warmup_steps": 5, "final_factor": 0.1},
    {"name": "linear", "steps": 30},
]
CLIPS: list[dict[str, float]] = [{}, {"clip_norm": 2.0}, {"clip_value": 0.7}, {"clip_norm": 1.5, "clip_value": 0.4}]


def fields_of(name: str) -> dict[str, Any]:
    """The settings of a case as a user writes them, at a rate that suits the steep functions."""
    fields = SETTINGS[name].model_dump(exclude_none=True)
    return fields | ({"learning_rate": 0.00001} if name.startswith("sgd") else {})


def check_against_reference(function: PlainFunction, optimizers: Sequence[dict[str, Any]], steps: int) -> None:
    """All optimizers in one batch; each trial as in plain Python."""
    problem = {"type": "expression", "expression": function.expression, "start": function.start}
    spec = job(problem, optimizers, steps)
    trajectories = run(spec).trajectories
    for index, settings in enumerate(spec.optimizers):
        check_trial(trajectories[index], trajectory(function, settings, steps))


def check_trial(columns: dict[str, Column], states: list[PlainStep]) -> None:
    columns = {name: column[: len(states)] for name, column in columns.items()}
    points = np.array([columns[name] for name in columns if name.startswith("param.")]).T
    np.testing.assert_allclose(points, [state.x for state in states], rtol=4e-12, atol=1e-12)
    np.testing.assert_allclose(columns["loss"], [state.loss for state in states], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(columns["scale"], [state.scale for state in states], rtol=1e-10)
    norms = [state.learning_rate * math.hypot(*state.gradient) for state in states]
    np.testing.assert_allclose(np.abs(columns["effective_lr"]), norms, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("reading", AYLA)
def test_every_optimizer_with_every_reading_agrees_with_its_reference(function: PlainFunction, reading: str) -> None:
    check_against_reference(function, [fields_of(name) | {"ayla": AYLA[reading]} for name in SETTINGS], steps=60)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda item: item["name"] if item else "none")
@pytest.mark.parametrize("clip", CLIPS, ids=lambda item: "+".join(item) or "unclipped")
def test_schedules_and_clipping_with_and_without_ayla(schedule: dict[str, Any] | None, clip: dict[str, float]) -> None:
    names = ("sgd, momentum", "adam, other settings", "adamw", "rmsprop, all", "lion")
    optimizers = [
        fields_of(name) | clip | {"schedule": schedule, "ayla": ayla} for name in names for ayla in (None, AYLA["loss"])
    ]
    check_against_reference(FUNCTIONS["rosenbrock"], optimizers, steps=50)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 5])
def test_any_number_of_variables(dimensions: int) -> None:
    optimizers = [OPTIMIZER["adam, other betas"], OPTIMIZER["adam"] | {"ayla": AYLA["loss"]}, OPTIMIZER["sgd"]]
    check_against_reference(bowl(dimensions), optimizers, steps=40)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 130])
def test_any_number_of_trials_side_by_side(count: int) -> None:
    """Lanes are filled up to whole blocks; what fills them up is no trial."""
    rates = [0.001 * (1 + place) for place in range(count)]
    optimizers = [
        {"name": "adam", "learning_rate": rate, "beta1": 0.8 + 0.001 * (place % 3)}
        for place, rate in enumerate(rates[:100])
    ]
    seeds = [0, 1] if count > 100 else [0]
    recorder = run(job(QUARTIC, optimizers, 20, seeds=seeds))
    assert len(recorder.trajectories) == len(optimizers) * len(seeds)
    for index, summary in recorder.outcomes.items():
        alone = run(job(QUARTIC, [optimizers[index // len(seeds)]], 20))
        assert_same_columns(recorder.trajectories[index], alone.trajectories[0])
        assert summary.best_loss == alone.outcomes[0].best_loss


def test_exponent_one_is_the_plain_optimizer_bit_for_bit() -> None:
    identity = {"n1": 1.0, "n2": 1.0}
    adam, sgd = OPTIMIZER["adam"], {"name": "sgd", "learning_rate": 0.01}
    optimizers = [adam, sgd, adam | {"ayla": identity}, sgd | {"ayla": identity}, adam | {"ayla": AYLA["loss"]}]
    trajectories = run(job(QUARTIC, optimizers, 200)).trajectories
    assert_same_columns(trajectories[0], trajectories[2])
    assert_same_columns(trajectories[1], trajectories[3])


@pytest.mark.parametrize("transform_on", ["loss", "sample"])
def test_exponent_one_is_the_plain_optimizer_on_a_dataset(transform_on: str) -> None:
    adam = OPTIMIZER["adam"]
    other = {"n1": 1.5, "transform_on": "sample"}
    optimizers = [adam, adam | {"ayla": {"transform_on": transform_on}}, adam | {"ayla": other}]
    trajectories = run(preset("curve-a", optimizers=optimizers, budget={"steps": 30})).trajectories
    plain, same = trajectories[0], trajectories[1]
    for name in ("loss", "scale", "grad_norm", "effective_lr"):
        np.testing.assert_array_equal(plain[name], same[name], err_msg=name)


def ayla_adam_read_otherwise(reading: str) -> float:
    """Where the quartic's trial ends with eq. 5-7 read in another way (AYLA.md section 3)."""
    function, states = FUNCTIONS["saddle"], (0.0, 0.0)
    x, kept1, kept2 = -1.0, 1.0, 1.0
    for t in range(1, 801):
        loss, (slope,) = function.value([x]), function.gradient([x])
        v = 0.57 * abs(loss) ** -0.43 if abs(loss) > 1 else 1.0
        gradient, w1, w2 = (v * slope, 0.1, 0.001) if reading == "fed" else (slope, v * 0.1, v * v * 0.001)
        kept1, kept2 = kept1 * (1 - w1), kept2 * (1 - w2)
        states = ((1 - w1) * states[0] + w1 * gradient, (1 - w2) * states[1] + w2 * gradient**2)
        correction1, correction2 = (1 - 0.9**t, 1 - 0.999**t) if reading == "fed" else (1 - kept1, 1 - kept2)
        x -= 0.01 * (states[0] / correction1) / (math.sqrt(states[1] / correction2) + 1e-8)
    return x


def test_other_readings_of_ayla_adam_stay_on_the_saddle() -> None:
    literal = run(preset("poly-adam")).trajectories[1]["param.x"][-1]
    assert ayla_adam_read_otherwise("fed") == pytest.approx(-0.0246, abs=5e-5)
    assert ayla_adam_read_otherwise("product") == pytest.approx(-0.023, abs=5e-4)
    assert literal == pytest.approx(2.25, abs=0.01)


def test_capped_steps_are_counted() -> None:
    """At |l| = 9 and n = 2 the scale is 18, so v(1-β1) = 1.8 is capped; at |l| = 4 it is 0.8 and is not."""
    constant = {"type": "expression", "expression": "0*x + 9", "start": {"x": 1.0}}
    low = {"type": "expression", "expression": "0*x + 4", "start": {"x": 1.0}}
    adam, sgd = OPTIMIZER["adam"], OPTIMIZER["sgd"]
    aylas = [{"n2": 2.0}, {"n2": 2.0, "cap_weights": False}, {"n2": 2.0, "max_scale": 5.0}, None]
    optimizers = [kind | {"ayla": ayla} for kind in (adam, sgd) for ayla in aylas]
    summaries = run(job(constant, optimizers, 7)).outcomes
    assert [summaries[index].capped_steps for index in range(8)] == [7, 0, 7, 0, 0, 0, 7, 0]
    summaries = run(job(low, optimizers, 7)).outcomes
    assert [summaries[index].capped_steps for index in range(8)] == [0, 0, 7, 0, 0, 0, 7, 0]


def test_a_cap_on_the_second_moment_alone_is_counted() -> None:
    """With β1 = 0.99, β2 = 0.9 and v = 4: v(1-β1) = 0.04, v²(1-β2) = 1.6."""
    problem = {"type": "expression", "expression": "0*x + 2", "start": {"x": 1.0}}
    adam = {"name": "adam", "learning_rate": 0.01, "beta1": 0.99, "beta2": 0.9, "ayla": {"n2": 2.0}}
    assert run(job(problem, [adam], 5)).outcomes[0].capped_steps == 5


def test_the_cap_leaves_steps_on_which_it_does_not_act_alone() -> None:
    adam = OPTIMIZER["adam"]
    optimizers = [adam | {"ayla": {"n1": 1.2, "n2": 1.2, "cap_weights": cap}} for cap in (True, False)]
    recorder = run(job(QUARTIC, optimizers, 300))
    assert recorder.outcomes[0].capped_steps == 0
    assert_same_columns(recorder.trajectories[0], recorder.trajectories[1])


def test_max_scale_on_samples_counts_where_any_sample_is_limited() -> None:
    ayla = {"n1": 1.5, "n2": 1.5, "transform_on": "sample"}
    optimizers = [OPTIMIZER["adam"] | {"ayla": ayla | {"max_scale": bound}} for bound in (0.5, 50.0)]
    optimizers += [OPTIMIZER["adam"], OPTIMIZER["adam"] | {"ayla": {"n1": 1.5}}]
    recorder = run(preset("curve-a", optimizers=optimizers, budget={"steps": 6}))
    assert [recorder.outcomes[index].capped_steps for index in range(4)] == [6, 0, 0, 0]
    assert (recorder.trajectories[0]["scale"] <= 0.5).all()
    assert (recorder.trajectories[1]["scale"] > 0.5).all()
