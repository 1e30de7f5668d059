"""The gradient an optimizer sees: the reference against PyTorch's own clipping."""

import pytest
import torch
from ayla_core.optimizers.reference import seen_gradient
from ayla_spec.optimizers import AdamW, Lion, Optimizer, Sgd
from hypothesis import given
from hypothesis import strategies as st

from tests.core.optimizers.driving import seen

points = st.lists(st.floats(-50, 50), min_size=1, max_size=6)
bounds = st.none() | st.floats(1e-3, 100)


@given(points, bounds, bounds, st.floats(0, 1))
def test_clipping_is_that_of_torch(slope: list[float], norm: float | None, value: float | None, decay: float) -> None:
    settings = Sgd(learning_rate=1.0, clip_norm=norm, clip_value=value, weight_decay=decay)
    x = [0.5 * u - 1 for u in slope]
    expected = seen([settings], torch.tensor([x], dtype=torch.float64), torch.tensor([slope], dtype=torch.float64))
    assert seen_gradient(settings, x, slope) == pytest.approx(expected[0].tolist(), rel=1e-13, abs=1e-15)


def test_the_order_is_norm_value_penalty() -> None:
    settings = Sgd(learning_rate=1.0, clip_norm=5.0, clip_value=3.5, weight_decay=0.1)
    seen_one = seen_gradient(settings, [10.0, 20.0], [6.0, -8.0])
    assert seen_one == pytest.approx([3.0 + 1.0, -3.5 + 2.0], rel=1e-6)


@pytest.mark.parametrize("settings", [AdamW(learning_rate=1.0), Lion(learning_rate=1.0, weight_decay=0.5)])
def test_decoupled_weight_decay_is_no_part_of_the_gradient(settings: Optimizer) -> None:
    assert seen_gradient(settings, [10.0], [6.0]) == [6.0]
