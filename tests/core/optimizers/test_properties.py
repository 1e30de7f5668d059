"""What holds for every rule, whatever the numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core.optimizers import IMPLEMENTATIONS, every_rule, rule_of
from ayla_spec.optimizers import OPTIMIZERS, Ayla, Optimizer
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.core.optimizers.cases import SETTINGS
from tests.core.optimizers.driving import Driver

WIDTH = 2
few = settings(max_examples=12)  # of each of some thirty optimizers
names = pytest.mark.parametrize("name", SETTINGS)
moderate = st.floats(-1e3, 1e3)
scales = st.floats(1e-6, 1e3)
Step = tuple[list[float], float]
steps = st.lists(st.tuples(st.lists(moderate, min_size=WIDTH, max_size=WIDTH), scales), min_size=1, max_size=8)


def after(rows: Sequence[Optimizer], starts: list[list[float]], updates_of_rows: Sequence[Sequence[Step]]) -> Driver:
    """Drive rows through gradients and scales of their own."""
    driver = Driver(rows, torch.tensor(starts, dtype=torch.float64))
    for step in zip(*updates_of_rows, strict=True):
        driver.step(torch.tensor([u for u, _ in step], dtype=torch.float64), [v for _, v in step])
    return driver


def without_penalty(fields: Optimizer, **more: Any) -> Optimizer:
    plain = {"weight_decay": 0.0} if hasattr(fields, "weight_decay") else {}
    return fields.model_copy(update=plain | more)


def everything(driver: Driver, row: int) -> list[Tensor]:
    return [driver.x[row], *(value[row] for value in driver.memory.values())]


def test_every_optimizer_has_a_rule_and_a_reference() -> None:
    assert set(IMPLEMENTATIONS) == set(OPTIMIZERS)
    assert {type(one) for one in SETTINGS.values()} == set(OPTIMIZERS)


def test_the_cases_cover_every_variant_of_a_rule() -> None:
    assert {rule_of(one).name for one in SETTINGS.values()} == {rule.name for rule in every_rule()}


@names
@few
@given(updates=steps)
def test_with_scale_1_ayla_changes_no_bit(name: str, updates: list[Step]) -> None:
    plain = [(u, 1.0) for u, _ in updates]
    rows = [SETTINGS[name].model_copy(update={"ayla": ayla}) for ayla in (None, Ayla(), Ayla(cap_weights=False))]
    driver = after(rows, [[0.5, -2.0]] * 3, [plain] * 3)
    for row in (1, 2):
        assert all(map(torch.equal, everything(driver, 0), everything(driver, row)))


@names
@few
@given(updates=steps, others=st.data())
def test_a_row_does_not_depend_on_the_others(name: str, updates: list[Step], others: st.DataObject) -> None:
    neighbours = st.lists(st.tuples(st.lists(moderate, min_size=2, max_size=2), scales), min_size=len(updates))
    rows = others.draw(st.lists(neighbours.map(lambda some: some[: len(updates)]), min_size=1, max_size=5))
    mine = SETTINGS[name].model_copy(update={"ayla": Ayla()})
    theirs = SETTINGS[name].model_copy(update={"ayla": Ayla(cap_weights=False), "learning_rate": 0.7})
    alone = after([mine], [[0.5, -2.0]], [updates])
    place = len(rows) // 2
    together = after(
        [*[theirs] * place, mine, *[theirs] * (len(rows) - place)],
        [[0.5, -2.0]] * (len(rows) + 1),
        [*rows[:place], updates, *rows[place:]],
    )
    assert all(map(torch.equal, everything(alone, 0), everything(together, place)))


@names
@few
@given(v=st.lists(scales, min_size=1, max_size=8))
def test_no_gradient_moves_nothing(name: str, v: list[float]) -> None:
    row = without_penalty(SETTINGS[name], ayla=Ayla())
    driver = after([row], [[0.5, -2.0]], [[([0.0, 0.0], one) for one in v]])
    assert driver.x.tolist() == [[0.5, -2.0]]


@names
@few
@given(updates=steps)
def test_numbers_stay_finite(name: str, updates: list[Step]) -> None:
    """With the cap; the gradients and scales are as large as training makes them."""
    driver = after([SETTINGS[name].model_copy(update={"ayla": Ayla()})], [[0.5, -2.0]], [updates])
    assert all(bool(one.isfinite().all()) for one in everything(driver, 0))


@names
@few
@given(u=st.lists(moderate, min_size=2, max_size=2), v=scales)
def test_the_first_step_does_not_go_uphill(name: str, u: list[float], v: float) -> None:
    """From no memory every optimizer follows -∇l, in each component."""
    driver = after([without_penalty(SETTINGS[name], ayla=Ayla())], [[0.0, 0.0]], [[(u, v)]])
    assert (driver.x * torch.tensor([u], dtype=torch.float64) <= 0).all()


@pytest.mark.parametrize("name", [name for name in SETTINGS if "m" in rule_of(SETTINGS[name]).memory])
@few
@given(updates=steps)
def test_a_capped_average_stays_between_its_values(name: str, updates: list[Step]) -> None:
    driver = after([without_penalty(SETTINGS[name], ayla=Ayla())], [[0.5, -2.0]], [updates])
    values = np.array([[0.0, 0.0], *(u for u, _ in updates)])
    slack = 1e-12 * np.abs(values).max()
    average = driver.memory["m"][0].numpy()
    assert (average >= values.min(axis=0) - slack).all()
    assert (average <= values.max(axis=0) + slack).all()


@names
@few
@given(updates=steps, data=st.data())
def test_parameters_do_not_depend_on_each_other(name: str, updates: list[Step], data: st.DataObject) -> None:
    """Apart from clip_norm, which no case sets."""
    row = SETTINGS[name].model_copy(update={"ayla": Ayla()})
    other = data.draw(moderate)
    changed = [([u[0], other], v) for u, v in updates]
    left, right = (after([row], [[0.5, -2.0]], [one]) for one in (updates, changed))
    for mine, theirs in zip(everything(left, 0), everything(right, 0), strict=True):
        assert torch.equal(mine[0], theirs[0])
