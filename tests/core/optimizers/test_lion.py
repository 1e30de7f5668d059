"""Lion by hand: its first steps, without and with AYLA."""

import pytest
import torch
from ayla_spec.optimizers import Ayla, Lion

from tests.core.optimizers.driving import Driver

# With decay rates that are sums of powers of two every number below is exact.
SETTINGS = Lion(learning_rate=0.125, beta1=0.5, beta2=0.75)


def trajectory(settings: Lion, slopes: list[float], scales: list[float]) -> list[tuple[float, float]]:
    """Parameter and memory after each step, from x = 1."""
    driver = Driver([settings], torch.ones(1, 1, dtype=torch.float64))
    pairs = []
    for slope, v in zip(slopes, scales, strict=True):
        driver.step(torch.tensor([[slope]], dtype=torch.float64), [v])
        pairs.append((driver.x.item(), driver.memory["m"].item()))
    return pairs


def test_first_steps() -> None:
    # c = 2, m = 1; c = (1 - 1)/2 = 0, so x stays; m = 0.75·1 - 0.25 = 0.5; c = (0.5 - 3)/2 < 0, m = 0.375 - 0.75.
    assert trajectory(SETTINGS, [4.0, -1.0, -3.0], [1.0] * 3) == [(0.875, 1.0), (0.875, 0.5), (1.0, -0.375)]


def test_first_steps_with_weight_decay() -> None:
    settings = SETTINGS.model_copy(update={"weight_decay": 0.5})
    # x ← x·(1 - 0.125·0.5) - 0.125.
    assert trajectory(settings, [4.0, 4.0], [1.0] * 2) == [(0.8125, 1.0), (0.63671875, 1.75)]


def test_first_steps_with_scales() -> None:
    settings = SETTINGS.model_copy(update={"ayla": Ayla()})
    # v = 1.5: weights 0.75 and 0.375, so m = 1.5. v = 0.5: weights 0.25 and 0.125, so c = 1.125 - 1.5 < 0 and
    # m = 1.3125 - 0.75. v = 8: both weights, 4 and 2, are cut to 1: c = m = 0.25.
    expected = [(0.875, 1.5), (1.0, 0.5625), (0.875, 0.25)]
    assert trajectory(settings, [4.0, -6.0, 0.25], [1.5, 0.5, 8.0]) == expected


def test_without_the_cap_an_average_overshoots() -> None:
    settings = SETTINGS.model_copy(update={"ayla": Ayla(cap_weights=False)})
    # v = 8: m = (1 - 2)·0 + 2·3 = 6, then c = (1 - 4)·6 + 4·4 = -2: against both gradients.
    assert trajectory(settings, [3.0, 4.0], [8.0, 8.0]) == [(0.875, 6.0), (1.0, pytest.approx(2.0))]
