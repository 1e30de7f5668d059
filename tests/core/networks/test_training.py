"""Whole trainings by the engine against plain PyTorch loops, in mini-batches of every kind of model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core import Engine, MemoryRecorder
from ayla_core.datasets import DataSource, load_dataset
from ayla_core.models import build_model
from ayla_core.native.library import SWITCH
from ayla_spec.datasets import DigitsDataset
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem
from ayla_spec.trials import plan_trials
from torch import Tensor

from tests.core.batches import CPU, assert_same, assert_same_columns, job, run
from tests.core.networks.samples import TORCH, tensors
from tests.core.networks.twins import element_losses, load, magnitudes, twin

DIGITS = {"name": "digits"}
STEPS, BATCH, RATE = 50, 100, 0.1  # 1438 samples: epochs of 15 steps, the last one of 38 samples
MODELS: dict[str, dict[str, Any]] = {
    "mlp": {"name": "mlp", "hidden": [20, 12], "activation": "tanh"},
    "linear": {"name": "linear"},
    "cnn": {"name": "cnn", "channels": [4, 6], "activation": "gelu"},
}


@pytest.fixture(autouse=True)
def _with_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")


def digits_job(model: str, *, steps: int = STEPS, aylas: tuple[Any, ...] = (None,), **more: Any) -> ResolvedJobSpec:
    problem = {
        "type": "dataset",
        "dataset": DIGITS,
        "model": {**MODELS[model], "initialization": TORCH},
        "batch_size": BATCH,
        **more,
    }
    optimizers = [{"name": "sgd", "learning_rate": RATE, "ayla": ayla} for ayla in aylas]
    return job(problem, optimizers, steps, seeds=[3, 8], dtype="float64")


def sgd_losses(
    spec: ResolvedJobSpec, seed: int, exponent: float | None = None
) -> tuple[list[float], Tensor, list[float]]:
    """A plain loop: losses before each update and after the last, the test outputs then, and the sizes of all elements.

    The sizes are |r| or the sample's loss, of every update. With an exponent each sample's loss is weighted by the
    coefficient of eq. 1 with n1 = n2.
    """
    assert isinstance(spec.problem, DatasetProblem)
    dataset = load_dataset(spec.problem.dataset, DataSource(Path("unused")))
    inputs, labels = tensors(dataset)
    network = twin(spec.problem.model.model_dump(), (8, 8), 10)
    load(network, initial(spec.problem, seed))
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    losses, seen, epoch = [], [], -(-len(inputs) // BATCH)
    for step in range(STEPS + 1):
        order = np.random.default_rng([seed, step // epoch]).permutation(len(inputs))
        chosen = order[step % epoch * BATCH :][:BATCH]
        outputs = network(inputs[chosen])
        elements = element_losses(spec.problem.loss or "", outputs, labels[chosen])
        losses.append(elements.mean().item())
        if step < STEPS:
            sizes = magnitudes(spec.problem.loss or "", outputs.detach(), labels[chosen]).view_as(elements)
            seen += sizes.flatten().tolist()
            weights = torch.ones_like(sizes) if exponent is None else exponent * sizes ** (exponent - 1)
            optimizer.zero_grad()
            torch.autograd.backward((weights * elements).mean())
            optimizer.step()
    with torch.no_grad():
        return losses, network(tensors(dataset, test=True)[0]), seen


def initial(problem: DatasetProblem, seed: int) -> Tensor:
    """The start of a seed's trial."""
    return torch.tensor(build_model(problem.model, (8, 8), 10).draw_parameters(np.random.RandomState(seed)))


@pytest.mark.parametrize("model", list(MODELS))
def test_sgd_is_pytorchs_own(model: str) -> None:
    spec = digits_job(model)
    recorder = run(spec)
    test = load_dataset(DigitsDataset(), DataSource(Path("unused")))
    labels = tensors(test, test=True)[1]
    for trial in plan_trials(spec):
        losses, answers, _ = sgd_losses(spec, trial.seed)
        np.testing.assert_allclose(recorder.trajectories[trial.index]["loss"], losses, rtol=1e-10)
        metrics = recorder.metrics[trial.index]
        assert metrics["step"].tolist() == [15, 30, 45, 50]
        assert metrics["epoch"].tolist() == [1, 2, 3, 4]
        expected = element_losses("cross-entropy", answers, labels).mean().item()
        assert metrics["test_loss"][-1] == pytest.approx(expected, rel=1e-10)
        assert metrics["test_accuracy"][-1] == (answers.argmax(1) == labels).double().mean().item()
        sizes = np.array([BATCH] * 14 + [38])
        assert metrics["train_loss"][1] == pytest.approx(np.average(losses[15:30], weights=sizes), rel=1e-10)


@pytest.mark.parametrize("loss", ["cross-entropy", "mse-softmax"])
def test_the_sample_reading_weights_each_element(loss: str) -> None:
    ayla = {"n1": 1.3, "n2": 1.3, "transform_on": "sample", "max_scale": None}
    spec = digits_job("mlp", aylas=(ayla,), loss=loss)
    recorder = run(spec)
    for trial in plan_trials(spec):
        losses, _, sizes = sgd_losses(spec, trial.seed, exponent=1.3)
        np.testing.assert_allclose(recorder.trajectories[trial.index]["loss"], losses, rtol=1e-10)
        summary = recorder.outcomes[trial.index]
        assert summary.losses_below_one == sum(0 < size < 1 for size in sizes)
        assert summary.losses_above_one == sum(size > 1 for size in sizes)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_a_checkpoint_in_the_middle_of_an_epoch_goes_on_bit_for_bit(model: str) -> None:
    ayla = {"n1": 1.5, "n2": 0.9}
    spec = digits_job(model, steps=40, aylas=(None, ayla, ayla | {"transform_on": "sample"}))
    whole, parts = run(spec), MemoryRecorder()
    engine = Engine(spec, plan_trials(spec), CPU)
    for size in (22, 1, 1000):
        parts.write(engine.advance(size), engine.checkpoint)
        saved = engine.checkpoint()
        engine = Engine(spec, plan_trials(spec), CPU)
        engine.restore(saved)
    assert parts.finished
    assert_same(whole, parts)
    assert whole.metrics.keys() == parts.metrics.keys() == set(range(6))
    for index, columns in whole.metrics.items():
        assert_same_columns(columns, parts.metrics[index])


def test_the_same_job_gives_the_same_numbers_and_a_trial_alone_the_same_to_rounding() -> None:
    spec = digits_job("cnn", steps=20)
    first, again = run(spec), run(spec)
    assert_same(first, again)
    for trial in plan_trials(spec):
        alone = run(spec, [trial])
        np.testing.assert_allclose(
            first.trajectories[trial.index]["loss"], alone.trajectories[trial.index]["loss"], rtol=1e-12
        )
        np.testing.assert_allclose(
            first.metrics[trial.index]["test_loss"], alone.metrics[trial.index]["test_loss"], rtol=1e-12
        )
