"""The curve: data and weights of each seed, the paper's network, and both readings of AYLA on it."""

import numpy as np
import pytest
import torch
from ayla_core.datasets import DatasetError
from ayla_core.native.library import SWITCH
from ayla_core.objectives import NetworkObjective
from ayla_spec.problems import DatasetProblem

from tests.core.batches import FLOAT64, preset, run

PROBLEM = DatasetProblem.model_validate({"dataset": {"name": "curve"}, "model": {"name": "mlp"}, "loss": "mse"})


def curve(*seeds: int, batch_size: int | None = None) -> NetworkObjective:
    return NetworkObjective(PROBLEM.model_copy(update={"batch_size": batch_size}), None, seeds, FLOAT64)


@pytest.fixture(autouse=True)
def _with_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")


def test_data_and_weights_come_from_one_legacy_generator_in_the_papers_order() -> None:
    generator = np.random.RandomState(42)
    noise = generator.randn(100) * 0.2
    w1, w2 = generator.randn(1, 128) * 0.01, generator.randn(128, 1) * 0.01
    x = np.linspace(-1, 3, 100)
    truth = x**4 / 3 - 4 * x**3 / 3 + x**2 + 2 * x / 3 - 2 / 3
    objective = curve(7, 42)
    found = objective.predictions(objective.initial_parameters())
    assert found is not None
    assert list(found[1]) == ["x", "target", "truth", "prediction"]
    np.testing.assert_array_equal(found[1]["x"], x)
    np.testing.assert_allclose(found[1]["truth"], truth, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found[1]["target"], truth + noise, rtol=1e-12, atol=1e-14)
    expected = np.concatenate([w1.ravel(), np.zeros(128), w2.ravel(), np.zeros(1)])
    np.testing.assert_array_equal(objective.initial_parameters()[1].numpy(), expected)


def test_the_network_is_the_one_of_the_paper() -> None:
    generator = np.random.RandomState(3)
    w1, b1, w2, b2 = generator.randn(1, 128), generator.randn(128), generator.randn(128, 1), generator.randn(1)
    flat = torch.tensor(np.concatenate([w1.ravel(), b1, w2.ravel(), b2])).unsqueeze(0)
    found = curve(0).predictions(flat)
    assert found is not None
    expected = np.maximum(found[0]["x"].reshape(-1, 1) @ w1 + b1, 0) @ w2 + b2
    np.testing.assert_allclose(found[0]["prediction"], expected.ravel(), rtol=1e-12)


def test_the_whole_curve_is_evaluated_with_the_targets_of_each_seed() -> None:
    objective = curve(3, 42, 3)
    start = objective.initial_parameters()
    losses = objective.evaluate(start, None).loss.numpy()
    found = objective.metrics(start, ["full_train"])
    assert list(found) == ["train_loss", "full_train_loss"]
    np.testing.assert_allclose(found["full_train_loss"], losses, rtol=1e-14)
    np.testing.assert_allclose(found["train_loss"], losses, rtol=1e-14)
    assert losses[0] == losses[2] != losses[1]


def test_a_mini_batch_takes_the_targets_of_its_seed() -> None:
    objective = curve(3, 42, 3, batch_size=7)
    start = objective.initial_parameters()
    found = objective.predictions(start)
    assert found is not None
    evaluation = objective.evaluate(start, objective.batch(15))
    for row, seed in enumerate([3, 42, 3]):
        chosen = np.random.default_rng([seed, 1]).permutation(100)[:7]
        residual = (found[row]["prediction"] - found[row]["target"])[chosen]
        assert evaluation.loss[row].item() == pytest.approx((residual**2).mean(), rel=1e-12)


def test_a_curve_has_no_classes() -> None:
    with pytest.raises(DatasetError, match=r"problem\.loss: 'cross-entropy'"):
        NetworkObjective(PROBLEM.model_copy(update={"loss": "cross-entropy"}), None, [0], FLOAT64)


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_agree_with_differences(weighted: bool) -> None:
    objective = curve(42)
    start = objective.initial_parameters()
    factors = torch.tensor(np.random.RandomState(1).uniform(0.5, 2, (1, 100)) if weighted else np.ones((1, 100)))
    gradient = objective.evaluate(start, None).gradients(factors if weighted else None)[1]
    for place in (3, 200, 300, 384):
        losses = []
        for shift in (1e-6, -1e-6):
            moved = start.clone()
            moved[0, place] += shift
            magnitude = objective.evaluate(moved, None).magnitude
            losses.append((factors * magnitude.square()).mean().item())
        assert gradient[0, place].item() == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-8)


def test_the_sample_reading_follows_its_definition() -> None:
    ayla = {"n1": 1.5, "n2": 0.8, "transform_on": "sample"}
    optimizers = [{"name": "sgd", "learning_rate": 0.1, "ayla": ayla}, {"name": "sgd", "learning_rate": 0.1}]
    trajectories = run(
        preset("curve-a", optimizers=optimizers, budget={"steps": 1}, record={"predictions_at": [0]})
    ).trajectories
    objective = curve(42)
    evaluation = objective.evaluate(objective.initial_parameters(), None)
    magnitude = evaluation.magnitude
    exponent = 0.8 + 0.7 * (magnitude < 1).double()
    factors = exponent * magnitude ** (exponent - 1)
    plain, gradient = evaluation.gradients(factors)
    mine, other = trajectories[0], trajectories[1]
    assert mine["scale"][0] == pytest.approx(factors.mean().item(), rel=1e-13)
    assert mine["transformed_loss"][0] == pytest.approx((magnitude ** (2 * exponent)).mean().item(), rel=1e-13)
    assert mine["effective_lr"][0] == pytest.approx(0.1 * gradient.norm().item(), rel=1e-13)
    assert mine["grad_norm"][0] == other["grad_norm"][0] == pytest.approx(plain.norm().item(), rel=1e-13)
    assert mine["loss"][0] == other["loss"][0]
    assert mine["loss"][1] != other["loss"][1]


def test_both_readings_and_the_plain_optimizer_share_a_batch() -> None:
    adam = {"name": "adam", "learning_rate": 0.01}
    aylas = [None, {"n1": 1.5}, {"n1": 1.5, "transform_on": "sample"}]
    mixed = run(
        preset("curve-a", optimizers=[adam | {"ayla": ayla} for ayla in aylas], budget={"steps": 30})
    ).trajectories
    for index, ayla in enumerate(aylas):
        alone = run(preset("curve-a", optimizers=[adam | {"ayla": ayla}], budget={"steps": 30})).trajectories[0]
        for name in ("loss", "scale", "transformed_loss", "effective_lr", "grad_norm"):
            np.testing.assert_allclose(mixed[index][name], alone[name], rtol=1e-10, err_msg=name)
