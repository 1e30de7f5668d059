"""The learning rates of every update, against torch.optim.lr_scheduler and against the reference."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from ayla_core.optimizers.reference import learning_rate
from ayla_core.optimizers.schedules import factors
from ayla_spec.optimizers import ConstantSchedule, CosineSchedule, LinearSchedule, Schedule, Sgd, StepSchedule
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

UPDATES = 80
Make = Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]


def warmed(steps: int, after: Make) -> Make:
    """A linear warm-up, then another schedule."""

    def make(optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        # Update k takes (k + 1)/steps, so that the last of them takes all of it.
        first = lr_scheduler.LinearLR(optimizer, start_factor=1 / steps, end_factor=1.0, total_iters=steps - 1)
        return lr_scheduler.SequentialLR(optimizer, [first, after(optimizer)], milestones=[steps])

    return make


PAIRS: dict[str, tuple[Schedule, Make]] = {
    "step": (StepSchedule(every=7, factor=0.6), lambda o: lr_scheduler.StepLR(o, 7, 0.6)),
    "cosine": (
        CosineSchedule(steps=UPDATES, final_factor=0.1),
        lambda o: lr_scheduler.CosineAnnealingLR(o, UPDATES, eta_min=0.1 * 0.3),
    ),
    "cosine to the budget": (CosineSchedule(), lambda o: lr_scheduler.CosineAnnealingLR(o, UPDATES)),
    "linear, then constant": (
        LinearSchedule(steps=50, final_factor=0.2),
        lambda o: lr_scheduler.LinearLR(o, 1.0, 0.2, total_iters=50),
    ),
    "linear to the budget": (LinearSchedule(), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, total_iters=UPDATES)),
    "warm-up": (
        ConstantSchedule(warmup_steps=9),
        warmed(9, lambda o: lr_scheduler.ConstantLR(o, factor=1.0, total_iters=0)),
    ),
    "warm-up, step": (StepSchedule(warmup_steps=5, every=9), warmed(5, lambda o: lr_scheduler.StepLR(o, 9, 0.1))),
    "warm-up, cosine": (
        CosineSchedule(warmup_steps=10),
        warmed(10, lambda o: lr_scheduler.CosineAnnealingLR(o, UPDATES - 10)),
    ),
}


def by_torch(make: Make) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = make(optimizer)
    rates = []
    for _ in range(UPDATES):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def by_rule(settings: Sgd, updates: int, budget: int) -> list[float]:
    return [float(rate) for rate in settings.learning_rate * factors(settings, np.arange(1, updates + 1), budget)]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")  # from inside SequentialLR
def test_a_schedule_is_that_of_torch(name: str) -> None:
    schedule, make = PAIRS[name]
    rates = by_rule(Sgd(learning_rate=0.3, schedule=schedule), UPDATES, UPDATES)
    assert len(set(rates)) > 1
    np.testing.assert_allclose(rates, by_torch(make), rtol=1e-11, atol=1e-15)


warmups = st.integers(0, 20)
fractions = st.floats(0, 1)
lengths = st.none() | st.integers(1, 60)
schedules: st.SearchStrategy[Schedule | None] = st.one_of(
    st.none(),
    st.builds(ConstantSchedule, warmup_steps=warmups),
    st.builds(StepSchedule, warmup_steps=warmups, every=st.integers(1, 30), factor=st.floats(0.01, 1.5)),
    st.builds(CosineSchedule, warmup_steps=warmups, steps=lengths, final_factor=fractions),
    st.builds(LinearSchedule, warmup_steps=warmups, steps=lengths, final_factor=fractions),
)


@given(schedules, st.integers(1, 60))
def test_a_schedule_agrees_with_its_reference(schedule: Schedule | None, budget: int) -> None:
    settings = Sgd(learning_rate=0.7, schedule=schedule)
    expected = [learning_rate(settings, t, budget) for t in range(1, 61)]
    np.testing.assert_allclose(by_rule(settings, 60, budget), expected, rtol=1e-13, atol=1e-16)


@given(schedules, st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_a_rate_does_not_depend_on_which_others_are_asked_for(schedule: Schedule | None, asked: list[int]) -> None:
    settings = Sgd(learning_rate=0.7, schedule=schedule)
    whole = factors(settings, np.arange(1, 1001), 1000)
    np.testing.assert_array_equal(factors(settings, np.array(asked), 1000), whole[np.array(asked) - 1])


def test_a_schedule_that_ends_with_the_budget_asks_for_it() -> None:
    with pytest.raises(ValueError, match="budget"):
        learning_rate(Sgd(learning_rate=0.7, schedule=CosineSchedule()), 3)
