"""Loss, magnitudes and gradients of every model, loss and activation against PyTorch's own modules."""

from typing import Any

import pytest
import torch

from tests.cases import each
from tests.core.networks.samples import CLASSES, images, objective, tensors
from tests.core.networks.twins import ACTIVATIONS, element_losses, flat, load, magnitudes, twin

LOSSES = ["mse", "huber", "cross-entropy", "mse-softmax"]
MODELS: list[dict[str, Any]] = [
    {"name": "linear"},
    *({"name": "mlp", "hidden": [6, 5], "activation": name} for name in ACTIVATIONS),
    *({"name": "cnn", "channels": [3, 4], "activation": name} for name in ACTIVATIONS),
]


def label(model: dict[str, Any]) -> str:
    return f"{model['name']}-{model.get('activation', '')}"


@each("loss", LOSSES)
@each("model", MODELS, ids=label)
def test_every_model_and_loss_agrees_with_pytorchs_own(model: dict[str, Any], loss: str) -> None:
    dataset = images(classes=loss in ("cross-entropy", "mse-softmax"))
    inputs, targets = tensors(dataset)
    mine = objective(model, dataset, [1, 2, 1], loss=loss)
    start = mine.initial_parameters()
    evaluation = mine.evaluate(start, None)
    factors = torch.rand(evaluation.magnitude.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    plain, weighted = evaluation.gradients(factors)
    for row in range(3):
        module = twin(model, (8, 8), CLASSES)
        load(module, start[row])
        outputs = module(inputs)
        losses = element_losses(loss, outputs, targets)
        torch.testing.assert_close(evaluation.loss[row], losses.mean(), rtol=1e-12, atol=0)
        torch.testing.assert_close(
            evaluation.magnitude[row], magnitudes(loss, outputs.detach(), targets).flatten(), rtol=1e-11, atol=1e-14
        )
        torch.autograd.backward(losses.mean(), retain_graph=True)
        torch.testing.assert_close(plain[row], flat(module, gradient=True), rtol=1e-10, atol=1e-14)
        module.zero_grad()
        torch.autograd.backward((losses * factors[row].view_as(losses)).mean())
        torch.testing.assert_close(weighted[row], flat(module, gradient=True), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_agree_with_differences(loss: str) -> None:
    dataset = images(classes=loss in ("cross-entropy", "mse-softmax"))
    mine = objective({"name": "cnn", "channels": [2], "activation": "tanh"}, dataset, [4], loss=loss)
    start = mine.initial_parameters()
    gradient, same = mine.evaluate(start, None).gradients(None)
    assert same is gradient
    for place in range(0, start.shape[1], 7):
        step = torch.zeros_like(start)
        step[0, place] = 1e-6
        difference = (mine.evaluate(start + step, None).loss - mine.evaluate(start - step, None).loss) / 2e-6
        assert gradient[0, place].item() == pytest.approx(difference.item(), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_of_its_own_magnitudes_is_the_loss(loss: str) -> None:
    mine = objective({"name": "linear"}, images(classes=loss in ("cross-entropy", "mse-softmax")), [4, 5], loss=loss)
    evaluation = mine.evaluate(mine.initial_parameters(), None)
    torch.testing.assert_close(mine.samples.mean_loss(evaluation.magnitude), evaluation.loss, rtol=1e-14, atol=0)


def test_a_certain_answer_that_is_wrong_stays_finite() -> None:
    mine = objective({"name": "linear"}, images(classes=True), loss="cross-entropy")
    evaluation = mine.evaluate(mine.initial_parameters() * 1e6, None)
    plain, _ = evaluation.gradients(None)
    assert torch.isfinite(evaluation.loss).all()
    assert torch.isfinite(plain).all()
