"""Metrics at the ends of epochs, by every way of computing."""

from typing import Any

import numpy as np
import pytest
from ayla_core import Engine, MemoryRecorder, checkpoint
from ayla_core.native.library import SWITCH
from ayla_core.objectives import network
from ayla_core.progress import ComputationProgress, ComputationStopped, reporting_to
from ayla_core.recorder import MetricOutcome
from ayla_spec.metrics import WHOLE_PART_METRICS
from ayla_spec.trials import plan_trials

from tests.core.batches import CPU, assert_same, every_trial, job, needs_a_compiler, run

pytestmark = pytest.mark.usefixtures("way")

CLASSES: dict[str, Any] = {"name": "classification", "samples": 50, "feature_count": 4, "class_count": 3}


@pytest.mark.parametrize("batch_size", [None, 7, 20])
def test_training_metrics_are_means_over_the_batches_trained_on(batch_size: int | None) -> None:
    """The evaluation after the last update is of a batch that nothing was learned from."""
    problem = {"type": "dataset", "dataset": CLASSES, "batch_size": batch_size}
    spec = job(problem, [{"name": "adam", "learning_rate": 0.01}], 13, record={"metrics_every": 2})
    recorder = run(spec, blocks=[3, 1, 4])
    losses, metrics = recorder.trajectories[0]["loss"], recorder.metrics[0]
    size = batch_size or 40
    steps_per_epoch = -(-40 // size)
    sizes = np.array([min(size, 40 - (step % steps_per_epoch) * size) for step in range(13)])
    before = 0
    for row, step in enumerate(metrics["step"].tolist()):
        part = slice(before, step)
        assert metrics["train_loss"][row] == pytest.approx(np.average(losses[part], weights=sizes[part]), rel=1e-12)
        before = step
    assert before == 13
    assert metrics["epoch"].tolist() == [-(-step // steps_per_epoch) for step in metrics["step"].tolist()]


def test_metrics_tell_how_many_are_right() -> None:
    problem = {"type": "dataset", "dataset": CLASSES | {"separation": 50.0}, "batch_size": 10}
    metrics = run(job(problem, [{"name": "adam", "learning_rate": 0.01}], 200)).metrics[0]
    assert metrics["train_accuracy"][0] < 1
    assert metrics["train_accuracy"][-1] == metrics["test_accuracy"][-1] == 1
    assert metrics["test_loss"][-1] < 1e-3


WHOLE: dict[str, dict[str, Any]] = {
    "classes": {"type": "dataset", "dataset": CLASSES | {"test_fraction": 0}},
    "curve": {"type": "dataset", "dataset": {"name": "curve", "samples": 300}, "model": {"name": "mlp", "hidden": [4]}},
    "numbers": {"type": "dataset", "dataset": {"name": "regression", "samples": 300, "test_fraction": 0}},
}
ADAM = {"name": "adam", "learning_rate": 0.02}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_whole_training_part_is_that_of_the_model_after_the_step(name: str, dtype: str) -> None:
    """With full batches it is the loss that the trajectory has of the same step, of each seed's own targets."""
    record = {"metrics_every": 3}
    recorder = run(job(WHOLE[name], [ADAM], 10, seeds=[1, 2], record=record, dtype=dtype), blocks=[4, 1])
    for index, outcome in recorder.outcomes.items():
        metrics, losses = recorder.metrics[index], recorder.trajectories[index]["loss"]
        assert metrics["step"].tolist() == [3, 6, 9, 10]
        expected = losses[metrics["step"]]
        np.testing.assert_allclose(metrics["full_train_loss"], expected, rtol=1e-13 if dtype == "float64" else 1e-6)
        found = outcome.metrics["full_train_loss"]
        assert found.final == pytest.approx(outcome.final_loss, rel=1e-6)
        assert "test_loss" not in outcome.metrics
    finals = [recorder.outcomes[index].metrics["full_train_loss"].final for index in (0, 1)]
    assert finals[0] != finals[1]


def test_the_other_part_is_evaluated_at_the_last_step_only() -> None:
    problem = {"type": "dataset", "dataset": CLASSES, "batch_size": 20}
    last = [False, False, True]
    cases: tuple[tuple[dict[str, Any], list[bool], list[bool]], ...] = (
        ({}, [True] * 3, last),
        ({"evaluate": ["test"]}, [True] * 3, last),
        ({"evaluate": ["full_train"]}, last, [True] * 3),
        ({"evaluate": ["full_train", "test"]}, [True] * 3, [True] * 3),
    )
    for record, test, full_train in cases:
        metrics = run(job(problem, [ADAM], 6, record=record)).metrics[0]
        assert list(metrics) == ["step", "epoch", "train_loss", "train_accuracy", *WHOLE_PART_METRICS]
        evaluated = [np.isfinite(metrics[name]).tolist() for name in WHOLE_PART_METRICS]
        assert evaluated == [test, test, full_train, full_train], record


def test_the_best_value_of_the_rows_and_its_epoch_are_known() -> None:
    problem = {"type": "dataset", "dataset": CLASSES, "batch_size": 20}
    optimizers = [{"name": "sgd", "learning_rate": rate} for rate in (0.05, 30.0)]
    spec = job(problem, optimizers, 40, record={"evaluate": ["test", "full_train"]})
    recorder = run(spec, blocks=[1, 5, 3])
    for index, outcome in recorder.outcomes.items():
        metrics = recorder.metrics[index]
        assert list(outcome.metrics) == list(WHOLE_PART_METRICS)
        for name, found in outcome.metrics.items():
            values = metrics[name]
            place = values.argmax() if name.endswith("accuracy") else values.argmin()
            assert found == MetricOutcome(values[-1], values[place], metrics["epoch"][place]), name
    assert recorder.outcomes[1].metrics["test_loss"].best_epoch != 20, "not every best value is the last"


def test_a_trial_that_diverges_has_no_final_metrics() -> None:
    problem = {"type": "dataset", "dataset": {"name": "regression", "samples": 60}, "batch_size": 12}
    recorder = run(job(problem, [{"name": "sgd", "learning_rate": 4.0}, ADAM], 400))
    diverged, sound = recorder.outcomes[0], recorder.outcomes[1]
    assert (diverged.outcome, sound.outcome) == ("diverged", "completed")
    values = recorder.metrics[0]["test_loss"]
    assert diverged.metrics == {"test_loss": MetricOutcome(None, np.nanmin(values), 1 + int(np.nanargmin(values)))}
    assert sound.metrics["test_loss"].final is not None


@pytest.mark.parametrize("stop", [3, 4, 5])
def test_metrics_go_on_from_a_checkpoint_bit_for_bit(stop: int) -> None:
    problem = {"type": "dataset", "dataset": CLASSES, "batch_size": 20}
    spec = job(problem, [ADAM, {"name": "sgd", "learning_rate": 0.5}], 9, seeds=[0, 1])
    whole = run(spec, blocks=[stop])
    first, second = (Engine(spec, plan_trials(spec), CPU) for _ in range(2))
    parts = MemoryRecorder()
    parts.write(first.advance(stop), first.checkpoint)
    second.restore(first.checkpoint())
    parts.write(second.advance(100), second.checkpoint)
    assert_same(parts, whole)


def test_of_a_checkpoint_of_an_earlier_version_the_best_value_is_unknown() -> None:
    """Its rows are not looked at again; the value after the last step is known all the same."""
    for problem in ({"type": "dataset", "dataset": CLASSES, "batch_size": 20}, WHOLE["curve"]):
        spec = job(problem, [ADAM], 6)
        old = spec.model_copy(update={"record": spec.record.model_copy(update={"evaluate": None})})
        first, second = Engine(spec, plan_trials(spec), CPU), Engine(old, plan_trials(old), CPU)
        first.advance(2)
        state = {name: tensor for name, tensor in first._state().items() if not name.startswith("metrics.")}
        if problem is WHOLE["curve"]:
            state = {name: tensor for name, tensor in state.items() if name not in {"stepper.seen", "stepper.loss_sum"}}
        owner = checkpoint.fingerprint(spec, every_trial(spec))
        second.restore(checkpoint.pack(state, step=2, finished=False, owner=owner))
        recorder = MemoryRecorder()
        recorder.write(second.advance(100), second.checkpoint)
        found = recorder.outcomes[0].metrics["full_train_loss"]
        assert (found.best, found.best_epoch) == (None, None)
        assert found.final == recorder.metrics[0]["full_train_loss"][-1]


@needs_a_compiler
@pytest.mark.parametrize("name", [*WHOLE, "mini-batches"])
def test_kernels_and_pytorch_have_the_same_metrics(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = WHOLE.get(name) or {"type": "dataset", "dataset": CLASSES | {"samples": 700}, "batch_size": 64}
    spec = job(problem, [ADAM], 12, seeds=[3, 4], record={"metrics_every": 1})
    found = []
    for switch in "10":
        monkeypatch.setenv(SWITCH, switch)
        found.append(run(spec).metrics)
    for index, columns in found[0].items():
        assert list(columns) == list(found[1][index])
        for column, values in columns.items():
            np.testing.assert_allclose(values, found[1][index][column], rtol=1e-9, err_msg=column)


def test_a_long_evaluation_reports_its_progress_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "NUMBERS_AT_ONCE", 256 * 128)
    problem = {"type": "dataset", "dataset": CLASSES | {"samples": 5000}, "batch_size": 20}
    spec = job(problem, [ADAM], 6)
    progress = ComputationProgress()
    with reporting_to(progress):
        stepper = Engine(spec, plan_trials(spec), CPU)._stepper
        before = progress.count
        stepper.metrics(["full_train"])
        assert progress.count - before >= 4000 // 256, "one for each piece at least"
        progress.stop()
        with pytest.raises(ComputationStopped):
            stepper.metrics(["full_train"])


def test_data_that_turn_out_to_have_no_test_part_are_evaluated_on_the_training_part() -> None:
    """As a small file can, whose settings leave room for one."""
    spec = job(WHOLE["numbers"], [ADAM], 4, record={"metrics_every": 1})
    expecting = spec.model_copy(update={"record": spec.record.model_copy(update={"evaluate": ["test"]})})
    metrics = run(expecting).metrics[0]
    assert list(metrics) == ["step", "epoch", "train_loss", "full_train_loss"]
    assert np.isfinite(metrics["full_train_loss"]).all()
