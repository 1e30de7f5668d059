"""Eq. 1 in the engine, by every way of computing: signs, zeros, ones and the ends of the range."""

import math

import pytest
from ayla_core import transform_reference
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.cases import each
from tests.core.batches import job, run

pytestmark = pytest.mark.usefixtures("way")

LOSSES = [0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 1e-12, -1e-12, 1e12, 1 - 1e-16, 1 + 2.3e-16, 5e-324, 1e-300, 1e300]
EXPONENTS = [(1e-17, 1e-9), (1.0, 1.0), (1.5, 1.0), (0.5, 0.57), (2.0, 3.0), (0.1, 1.9)]


def constant(loss: float) -> dict[str, object]:
    """A problem with that loss everywhere; the slope is 1."""
    return {"type": "expression", "expression": f"x + {loss!r}", "start": {"x": 0.0}}


def check(loss: float, n1: float, n2: float, max_scale: float | None) -> None:
    ayla = {"n1": n1, "n2": n2, "max_scale": max_scale, "cap_weights": False}
    recorder = run(job(constant(loss), [{"name": "sgd", "learning_rate": 1e-300, "ayla": ayla}], 1))
    columns = recorder.trajectories[0]
    try:
        v = transform_reference.scale(loss, n1, n2, max_scale)
        transformed = transform_reference.transformed_loss(loss, n1, n2)
    except OverflowError:
        return
    assert columns["loss"][0] == loss
    assert columns["scale"][0] == pytest.approx(v, rel=1e-13, abs=1e-320)
    assert columns["transformed_loss"][0] == pytest.approx(transformed, rel=1e-12, abs=1e-320)
    assert columns["effective_lr"][0] == pytest.approx(1e-300 * v, rel=1e-12, abs=1e-320)
    limited = max_scale is not None and transform_reference.scale(loss, n1, n2) > max_scale
    assert recorder.outcomes[0].capped_steps == int(limited)


@each("exponents", EXPONENTS, ids=str)
@each("loss", LOSSES)
def test_scale_and_transformed_loss(loss: float, exponents: tuple[float, float]) -> None:
    check(loss, *exponents, None)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.floats(-1e6, 1e6),
    st.floats(0.01, 5),
    st.floats(0.01, 5),
    st.none() | st.floats(0.01, 10),
)
@example(loss=0.0, n1=1.0, n2=1.0, max_scale=0.5)
@example(loss=1.0, n1=2.0, n2=3.0, max_scale=0.5)
@example(loss=-1.0, n1=2.0, n2=3.0, max_scale=0.5)
@example(loss=0.0, n1=2.0, n2=3.0, max_scale=2.0)
@example(loss=0.3, n1=1.0, n2=3.0, max_scale=0.25)
def test_any_loss_with_any_exponents(loss: float, n1: float, n2: float, max_scale: float | None) -> None:
    check(loss, n1, n2, max_scale)


@pytest.mark.parametrize("n1", [0.3, 0.5, 0.9])
def test_an_exponent_below_one_near_zero_never_gives_nan(n1: float) -> None:
    """v goes to infinity as l goes to 0: the trial goes on, or ends as diverged with its trajectory up to that step."""
    optimizers = [
        {"name": name, "learning_rate": 0.01, "ayla": {"n1": n1, "cap_weights": cap, "max_scale": bound}}
        for name in ("sgd", "adam", "adagrad", "lion")
        for cap in (True, False)
        for bound in (None, 10.0)
    ]
    recorder = run(job({"type": "expression", "expression": "x**2", "start": {"x": 0.3}}, optimizers, 300))
    for index, summary in recorder.outcomes.items():
        losses = recorder.trajectories[index]["loss"]
        if summary.outcome == "completed":
            assert all(map(math.isfinite, losses))
        else:
            assert all(map(math.isfinite, losses[:-1]))
            assert summary.first_nonfinite_step == recorder.trajectories[index]["step"][-1]


def test_a_bound_on_the_scale_keeps_it_bounded() -> None:
    ayla = {"n1": 0.3, "max_scale": 2.0}
    recorder = run(
        job(
            {"type": "expression", "expression": "x**2", "start": {"x": 0.3}},
            [{"name": "sgd", "learning_rate": 0.01, "ayla": ayla}],
            300,
        )
    )
    assert recorder.trajectories[0]["scale"].max() == 2.0
    assert recorder.outcomes[0].capped_steps > 0


def test_a_gradient_beyond_the_norms_range_is_clipped_by_value_all_the_same() -> None:
    problem = {"type": "expression", "expression": "(x*1e15)**2 + y**2", "start": {"x": 1.0, "y": 1.0}}
    sgd = {"name": "sgd", "learning_rate": 0.1, "clip_value": 1.0}
    recorder = run(job(problem, [sgd], 3, dtype="float32"))
    assert recorder.outcomes[0].outcome == "completed"
    assert recorder.trajectories[0]["param.x"] == pytest.approx([1.0, 0.9, 0.8, 0.7], rel=1e-6)
