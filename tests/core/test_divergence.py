"""A trial that leaves the finite numbers ends as a result, and its neighbours never notice."""

import math
from typing import Any

import numpy as np
import pytest
from ayla_core import Engine, MemoryRecorder, TrialOutcome
from ayla_spec.networks import NormalInitialization
from ayla_spec.trials import plan_trials

from tests.core.batches import CPU, PARABOLA, QUARTIC, assert_same_columns, job, preset, run

pytestmark = pytest.mark.usefixtures("way")

STEADY = [
    {"name": "sgd", "learning_rate": 0.01},
    {"name": "adam", "learning_rate": 0.01},
    {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 0.9, "n2": 0.57}},
]
WILD = {"name": "sgd", "learning_rate": 1000.0}


def expression(text: str, **start: float) -> dict[str, Any]:
    return {"type": "expression", "expression": text, "start": start}


def only(recorder: MemoryRecorder) -> tuple[TrialOutcome, dict[str, Any]]:
    return recorder.outcomes[0], recorder.trajectories[0]


def test_a_huge_learning_rate_diverges_and_the_neighbours_are_untouched() -> None:
    alone = run(job(QUARTIC, STEADY, 50))
    together = run(job(QUARTIC, [WILD, *STEADY], 50))
    summary, columns = only(together)
    stop = summary.first_nonfinite_step
    assert summary.outcome == "diverged"
    assert stop is not None
    assert 0 < stop < 50
    assert summary.steps_done == stop
    assert summary.final_loss is None
    assert columns["step"].tolist() == list(range(stop + 1))
    assert np.isfinite(columns["loss"][:-1]).all()
    assert not np.isfinite([columns["loss"][-1], columns["param.x"][-1]]).all()
    for index in range(3):
        assert_same_columns(alone.trajectories[index], together.trajectories[index + 1])
        assert together.outcomes[index + 1].outcome == "completed"


def test_the_step_of_divergence_is_recorded_between_multiples_of_every() -> None:
    full, thin = (only(run(job(QUARTIC, [WILD], 50, record={"every": every}))) for every in (1, 1000))
    assert thin[0] == full[0]
    assert thin[1]["step"].tolist() == [0, full[0].first_nonfinite_step]


def test_a_batch_ends_early_when_every_trial_has_diverged() -> None:
    spec = job(QUARTIC, [WILD, WILD | {"learning_rate": 900.0}], 100_000)
    engine = Engine(spec, plan_trials(spec), CPU)
    block = engine.advance(20)
    assert block.finished
    assert engine.finished
    stops = [summary.first_nonfinite_step for summary in block.outcomes]
    assert block.last_step == engine.step == max(stop for stop in stops if stop is not None)


def test_a_trial_that_is_not_finite_after_its_last_update_has_diverged() -> None:
    stop = only(run(job(QUARTIC, [WILD], 50)))[0].first_nonfinite_step
    assert stop is not None
    summary, columns = only(run(job(QUARTIC, [WILD], stop)))
    assert (summary.outcome, summary.first_nonfinite_step, summary.final_loss) == ("diverged", stop, None)
    assert columns["step"][-1] == stop


def test_a_start_outside_the_domain_diverges_at_step_zero() -> None:
    summary, columns = only(run(job(expression("log(x)", x=-1.0), [STEADY[1]], 10)))
    assert (summary.first_nonfinite_step, summary.steps_done) == (0, 0)
    assert (summary.best_loss, summary.best_step) == (None, None)
    assert columns["step"].tolist() == [0]
    assert math.isnan(columns["loss"][0])
    assert columns["param.x"][0] == -1.0


def test_the_scale_of_a_loss_that_is_no_number_is_none_unless_both_exponents_are_1() -> None:
    pairs = [(1.0, 1.0), (2.0, 1.0), (1.0, 2.0)]
    optimizers = [STEADY[0] | {"ayla": {"n1": n1, "n2": n2}} for n1, n2 in pairs]
    recorder = run(job(expression("log(x)", x=-1.0), optimizers, 10))
    scales = [recorder.trajectories[index]["scale"][0] for index in range(3)]
    assert scales == pytest.approx([1.0, math.nan, math.nan], nan_ok=True)
    assert [summary.first_nonfinite_step for summary in recorder.outcomes.values()] == [0] * 3


def test_an_infinite_gradient_diverges_at_the_step_after() -> None:
    """The root has a value at 0 but no finite slope: the loss of step 0 counts, the parameters of step 1 do not."""
    summary, columns = only(run(job(expression("sqrt(x)", x=0.0), [STEADY[0]], 10)))
    assert summary.first_nonfinite_step == 1
    assert (summary.best_loss, summary.best_step) == (0.0, 0)
    assert columns["loss"][0] == 0.0
    assert columns["grad_norm"][0] == math.inf
    assert columns["param.x"][1] == -math.inf


def test_one_parameter_of_several_is_enough_to_diverge() -> None:
    """y is thrown to infinity by its slope, x stays where it is, and the loss tells nothing of either."""
    problem = expression("atan(x) + atan(1e200*y)", x=1.0, y=0.0)
    summary, columns = only(run(job(problem, [{"name": "sgd", "learning_rate": 1e150}], 10)))
    assert summary.first_nonfinite_step == 1
    assert np.isfinite([columns["loss"][1], columns["param.x"][1]]).all()
    assert columns["param.y"][1] == -math.inf


def test_a_non_finite_scale_alone_is_not_divergence() -> None:
    """At a stationary point with |l| = 1e-320 the scale overflows; SGD then takes inf·0 and only that diverges."""
    problem = expression("x**2 + 1e-320", x=0.0)
    optimizers = [STEADY[0] | {"ayla": {"n1": 0.01}}, STEADY[0] | {"ayla": {"n1": 0.01, "max_scale": 10.0}}]
    recorder = run(job(problem, optimizers, 5))
    assert recorder.outcomes[0].first_nonfinite_step == 1
    assert recorder.trajectories[0]["scale"][0] == math.inf
    assert recorder.outcomes[1].outcome == "completed"


def test_a_dataset_trial_diverges_without_its_neighbours() -> None:
    adam = {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.5, "transform_on": "sample"}}
    calm = preset("curve-a", optimizers=[WILD | {"learning_rate": 1e-3}, adam], budget={"steps": 20})
    wild = preset(
        "curve-a",
        optimizers=[WILD | {"learning_rate": 1e9}, adam],
        budget={"steps": 20},
        record={"predictions_at": [0, 20]},
    )
    recorder = run(wild)
    summary, columns = only(recorder)
    assert summary.outcome == "diverged"
    assert len(columns["step"]) == summary.steps_done + 1
    assert [(rows.index, rows.step) for rows in recorder.predictions] == [(0, 0), (1, 0), (1, 20)]
    assert_same_columns(run(calm).trajectories[1], recorder.trajectories[1])


def test_a_residual_of_zero_leaves_the_sample_reading_finite() -> None:
    """|r|^(n-1) has a pole at r = 0 for n < 1; there the coefficient is 1."""
    optimizers = [{"name": "sgd", "learning_rate": 0.01, "ayla": {"n1": 0.5, "transform_on": "sample"}}]
    spec = preset("curve-a", optimizers=optimizers, budget={"steps": 3})
    silent = spec.problem.model_copy(
        update={"dataset": spec.problem.dataset.model_copy(update={"noise": 0.0, "coefficients": [0.0]})}  # type: ignore[union-attr]
    )
    model = silent.model.model_copy(update={"initialization": NormalInitialization(std=1e-300)})  # type: ignore[union-attr]
    recorder = run(spec.model_copy(update={"problem": silent.model_copy(update={"model": model})}))
    summary, columns = only(recorder)
    assert summary.outcome == "completed"
    assert columns["scale"].tolist() == [1.0] * 4


def test_best_is_found_on_steps_that_are_not_recorded_and_is_the_earliest() -> None:
    full = run(job(QUARTIC, STEADY, 200))
    thin = run(job(QUARTIC, STEADY, 200, record={"every": 150}), blocks=[3, 50])
    for index in range(3):
        losses = full.trajectories[index]["loss"]
        assert thin.outcomes[index] == full.outcomes[index]
        assert thin.outcomes[index].best_step == int(losses.argmin())
        assert thin.outcomes[index].best_loss == losses.min()
        assert thin.outcomes[index].final_loss == losses[-1]


def test_the_earliest_of_equal_losses_is_the_best() -> None:
    """A learning rate of 1 throws the parabola's x from 3 to -3 and back."""
    summary, _ = only(
        run(
            job(PARABOLA, [{"name": "sgd", "learning_rate": 1.0}], 10),
        )
    )
    assert (summary.best_loss, summary.best_step) == (9.0, 0)


@pytest.mark.parametrize("blocks", [[], [2, 2], [7]])
def test_a_running_trial_says_how_far_it_is(blocks: list[int]) -> None:
    spec = job(QUARTIC, STEADY, 20)
    engine = Engine(spec, plan_trials(spec), CPU)
    summaries = [summary for size in blocks for summary in engine.advance(size).outcomes]
    assert {summary.outcome for summary in summaries} <= {"running"}
    assert [summary.steps_done for summary in summaries[-3:]] == [sum(blocks)] * len(summaries[-3:])
