"""Eq. 1: the batched transformation against plain Python."""

import math
from collections.abc import Sequence

import pytest
import torch
from ayla_core import transform_reference
from ayla_core.layout import Layout
from ayla_core.transform import PowerTransform
from ayla_core.trial_settings import TrialSettings
from ayla_spec.batch import TrialBatch
from ayla_spec.optimizers import Ayla, Sgd
from ayla_spec.problems import ExpressionProblem
from ayla_spec.trials import TrialPlan
from ayla_torch import AYLA
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.batches import FLOAT64


def transform_of(aylas: Sequence[Ayla | None], layout: Layout, *, per_sample: bool = False) -> PowerTransform:
    """The transformation of trials with these settings."""
    plans = [TrialPlan(place, place, Sgd(learning_rate=1.0, ayla=ayla), 0) for place, ayla in enumerate(aylas)]
    batch = TrialBatch.of(ExpressionProblem(expression="x", start={"x": 1.0}), plans)
    return PowerTransform(TrialSettings(batch).ayla, layout, per_sample=per_sample)


losses = st.floats(-1e3, 1e3).filter(lambda loss: loss == 0 or abs(loss) > 1e-12)
exponents = st.floats(0.1, 4.0)


@settings(deadline=None)
@given(st.lists(st.tuples(losses, exponents, exponents), min_size=1, max_size=40))
def test_batch_agrees_with_plain_python(cases: list[tuple[float, float, float]]) -> None:
    transform = transform_of([Ayla(n1=n1, n2=n2) for _, n1, n2 in cases], FLOAT64)
    loss = FLOAT64.vector([case[0] for case in cases])
    factors = transform.factors(loss.abs())
    for case, v, transformed in zip(cases, factors.scale.tolist(), (loss * factors.power).tolist(), strict=True):
        assert v == pytest.approx(transform_reference.scale(*case), rel=1e-13)
        assert transformed == pytest.approx(transform_reference.transformed_loss(*case), rel=1e-13)


@pytest.mark.parametrize("loss", [0.0, 1.0, -1.0])
@pytest.mark.parametrize("exponent", [0.3, 2.5])
def test_there_is_no_scaling_at_zero_and_one(loss: float, exponent: float) -> None:
    factors = transform_of([Ayla(n1=exponent, n2=exponent)], FLOAT64).factors(FLOAT64.vector([abs(loss)]))
    assert factors.scale.item() == 1.0
    assert loss * factors.power.item() == loss


@settings(deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_exponent_one_gives_scale_one_exactly(loss: float) -> None:
    factors = transform_of([None], FLOAT64).factors(FLOAT64.vector([abs(loss)]))
    assert factors.scale.item() == 1.0
    assert factors.power.item() == 1.0


def test_max_scale_bounds_the_scale_only() -> None:
    transform = transform_of([Ayla(n1=0.5, max_scale=3.0), Ayla(n1=0.5)], FLOAT64)
    factors = transform.factors(FLOAT64.vector([1e-4, 1e-4]))
    assert factors.scale.tolist() == pytest.approx([3.0, 50.0])
    assert factors.power.tolist() == pytest.approx([100.0, 100.0])
    assert factors.limited is not None
    assert factors.limited.tolist() == [True, False]


@pytest.mark.parametrize("loss", [0.0, 1.0, -1.0, 0.25, 4.0, math.nan])
@pytest.mark.parametrize("most", [0.5, 1.0, 1.5])
def test_the_bound_holds_where_nothing_is_scaled(loss: float, most: float) -> None:
    """In the engine, the reference and the drop-in: with exponents 1 the scale is 1, or the bound below it."""
    ayla = Ayla(max_scale=most)
    factors = transform_of([ayla], FLOAT64).factors(FLOAT64.vector([abs(loss)]))
    optimizer = AYLA(torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1), max_scale=most)
    optimizer.step(loss)
    assert optimizer.scale is not None
    scales = factors.scale.item(), optimizer.scale.item(), transform_reference.scale(loss, 1.0, 1.0, most)
    assert scales == (min(1.0, most),) * 3
    assert factors.limited is not None
    assert (factors.limited.item(), optimizer.capped_steps.item()) == (most < 1, most < 1)


@pytest.mark.parametrize("per_sample", [False, True])
def test_of_a_loss_that_is_no_number_nothing_is_known(per_sample: bool) -> None:
    pairs = [(1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (0.5, 0.5)]
    transform = transform_of([Ayla(n1=n1, n2=n2, max_scale=3.0) for n1, n2 in pairs], FLOAT64, per_sample=per_sample)
    magnitude = FLOAT64.vector([math.nan] * 4)
    factors = transform.factors(magnitude.unsqueeze(1) if per_sample else magnitude)
    reference = [transform_reference.scale(math.nan, n1, n2, 3.0) for n1, n2 in pairs]
    for scales in (factors.scale.flatten().tolist(), factors.power.flatten().tolist(), reference):
        assert scales == pytest.approx([1.0, math.nan, math.nan, math.nan], nan_ok=True)


@pytest.mark.parametrize("count", [1, 31, 45])
@pytest.mark.parametrize("per_sample", [False, True])
def test_a_power_does_not_depend_on_its_place_in_the_batch(count: int, per_sample: bool) -> None:
    """The leftover elements of a vectorised loop once took another routine, with another last bit in one of 50."""
    values = torch.linspace(0.11, 7.3, 1024, dtype=torch.float64)
    exponents = [Ayla(n1=0.57, n2=1.43)]
    whole = transform_of(exponents * 1024, FLOAT64).factors(values).scale
    for first in range(0, 1024, count):
        part = values[first : first + count].clone()
        if per_sample:
            scale = transform_of(exponents, FLOAT64, per_sample=True).factors(part.unsqueeze(0)).scale.squeeze(0)
        else:
            scale = transform_of(exponents * len(part), FLOAT64).factors(part).scale
        assert torch.equal(scale, whole[first : first + count])


def test_transformed_loss_is_continuous_and_odd() -> None:
    below, above = (transform_reference.transformed_loss(1 + shift, 0.5, 3.0) for shift in (-1e-9, 1e-9))
    assert math.isclose(below, above, abs_tol=1e-8)
    assert transform_reference.transformed_loss(-2.0, 1.0, 2.0) == -4.0
