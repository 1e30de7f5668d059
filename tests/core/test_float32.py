"""float32 follows float64 where the scale v is far from 1, as it does where |l|^n is."""

import pytest

from tests.core.batches import job, run

PARABOLA = {"type": "expression", "expression": "x**2", "start": {"x": 0.5}}


@pytest.mark.parametrize("n1", [3.0, 5.0, 6.0])
def test_a_vanishing_scale_neither_freezes_nor_ends_a_trial(n1: float) -> None:
    """Dividing by v² made such a trial stand still, and its loss look a million times better than it was."""
    adam = {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": n1}}
    finals = []
    for dtype in ("float32", "float64"):
        (summary,) = run(job(PARABOLA, [adam], 2000, dtype=dtype)).outcomes.values()
        assert summary.outcome == "completed"
        finals.append(summary.final_loss)
    assert finals[0] == pytest.approx(finals[1], rel=0.05)


def test_an_overflowing_scale_is_capped_like_a_large_one() -> None:
    adam = {"name": "adam", "learning_rate": 0.01, "ayla": {"n2": 20.0}}
    problem = PARABOLA | {"start": {"x": 3.2}}
    (summary,) = run(job(problem, [adam], 50, dtype="float32")).outcomes.values()
    assert (summary.outcome, summary.capped_steps) == ("completed", 50)


def test_a_scale_that_underflows_to_zero_is_not_taken_for_divergence() -> None:
    adam = {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 100.0}}
    problem = PARABOLA | {"start": {"x": 0.01}}
    (summary,) = run(job(problem, [adam], 5)).outcomes.values()
    assert summary.outcome == "completed"
