"""Curve data, the network, and the two readings of AYLA on a mean over samples."""

import numpy as np
import pytest
import torch
from ayla_core.models.mlp import Mlp
from ayla_core.objectives.regression import RegressionObjective
from ayla_spec.problems import CurveDataset, DatasetProblem, MlpModel

from tests.core.batches import FLOAT64, preset, run

PROBLEM = DatasetProblem(dataset=CurveDataset(), model=MlpModel())


def test_data_and_weights_come_from_one_legacy_generator_in_the_papers_order() -> None:
    generator = np.random.RandomState(42)
    noise = generator.randn(100) * 0.2
    w1, w2 = generator.randn(1, 128) * 0.01, generator.randn(128, 1) * 0.01
    x = np.linspace(-1, 3, 100)
    truth = x**4 / 3 - 4 * x**3 / 3 + x**2 + 2 * x / 3 - 2 / 3
    objective = RegressionObjective(PROBLEM, [7, 42], FLOAT64)
    columns = objective.columns(1)
    np.testing.assert_array_equal(columns["x"], x)
    np.testing.assert_allclose(columns["truth"], truth, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(columns["target"], truth + noise, rtol=1e-12, atol=1e-14)
    expected = np.concatenate([w1.ravel(), np.zeros(128), w2.ravel(), np.zeros(1)])
    np.testing.assert_array_equal(objective.initial_parameters()[1].numpy(), expected)


def test_the_network_is_the_one_of_the_paper() -> None:
    generator = np.random.RandomState(3)
    w1, b1, w2, b2 = generator.randn(1, 128), generator.randn(128), generator.randn(128, 1), generator.randn(1)
    objective = RegressionObjective(PROBLEM, [0], FLOAT64)
    flat = torch.tensor(np.concatenate([w1.ravel(), b1, w2.ravel(), b2])).unsqueeze(0)
    inputs = objective.columns(0)["x"].reshape(-1, 1)
    expected = np.maximum(inputs @ w1 + b1, 0) @ w2 + b2
    np.testing.assert_allclose(objective.predictions(flat)[0].numpy(), expected.ravel(), rtol=1e-12)


def test_a_deeper_network_has_a_layer_of_each_width() -> None:
    model = Mlp(MlpModel(layers=[1, 4, 3, 1]))
    flat = model.draw_parameters(np.random.RandomState(0))
    shapes = [tuple(part.shape[1:]) for part in model.split(torch.tensor(flat).unsqueeze(0))]
    assert shapes == [(1, 4), (4,), (4, 3), (3,), (3, 1), (1,)]
    weights = np.random.RandomState(0).randn(4 + 12 + 3) * 0.01
    np.testing.assert_array_equal(flat[[*range(4), *range(8, 20), *range(23, 26)]], weights)


def test_a_network_of_several_outputs_is_refused() -> None:
    with pytest.raises(ValueError, match="1 wide, not 2"):
        Mlp(MlpModel(layers=[1, 8, 2]))


def numerical_gradient(weights: np.ndarray[tuple[int], np.dtype[np.float64]] | None) -> list[float]:
    """Differences of mean(c r²) with c held constant, for some parameters."""
    objective = RegressionObjective(PROBLEM, [42], FLOAT64)
    start = objective.initial_parameters()
    factors = torch.ones(1, 100, dtype=torch.float64) if weights is None else torch.tensor(weights).unsqueeze(0)
    slopes = []
    for place in (3, 200, 300, 384):
        losses = []
        for shift in (1e-6, -1e-6):
            moved = start.clone()
            moved[0, place] += shift
            residual = objective.evaluate(moved).residual
            losses.append((factors * residual.square()).mean().item())
        slopes.append((losses[0] - losses[1]) / 2e-6)
    return slopes


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_agree_with_differences(weighted: bool) -> None:
    weights = np.random.RandomState(1).uniform(0.5, 2, 100) if weighted else None
    objective = RegressionObjective(PROBLEM, [42], FLOAT64)
    evaluation = objective.evaluate(objective.initial_parameters())
    factors = None if weights is None else torch.tensor(weights).unsqueeze(0)
    gradient = evaluation.gradients(factors)[1][0, [3, 200, 300, 384]]
    assert gradient.tolist() == pytest.approx(numerical_gradient(weights), rel=1e-5, abs=1e-8)


def test_the_sample_reading_follows_its_definition() -> None:
    ayla = {"n1": 1.5, "n2": 0.8, "transform_on": "sample"}
    optimizers = [{"name": "sgd", "learning_rate": 0.1, "ayla": ayla}, {"name": "sgd", "learning_rate": 0.1}]
    trajectories = run(
        preset("curve-a", optimizers=optimizers, budget={"steps": 1}, record={"predictions_at": [0]})
    ).trajectories
    objective = RegressionObjective(PROBLEM, [42], FLOAT64)
    evaluation = objective.evaluate(objective.initial_parameters())
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
