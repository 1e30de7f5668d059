"""What a network tells beside its gradient: metrics, predictions, errors, and what seeds and neighbours do."""

from typing import Any

import numpy as np
import pytest
import torch
from ayla_core.datasets import DatasetError, LoadedDataset
from ayla_core.layout import Layout
from ayla_core.objectives import NetworkObjective
from ayla_core.objectives import network as module
from ayla_spec.metrics import PARTS, WHOLE_PART_METRICS
from torch import Tensor

from tests.core.batches import CPU, FLOAT64
from tests.core.networks.samples import CLASSES, images, objective, problem, tensors
from tests.core.networks.twins import element_losses, load, twin

MLP: dict[str, Any] = {"name": "mlp", "hidden": [6]}
CNN: dict[str, Any] = {"name": "cnn", "channels": [3]}


def outputs_of(model: dict[str, Any], flat: Tensor, inputs: Tensor, outputs: int = CLASSES) -> Tensor:
    network = twin(model, inputs.shape[1:], outputs)
    load(network, flat)
    with torch.no_grad():
        answer: Tensor = network(inputs)
    return answer


def trained(mine: NetworkObjective, steps: int, *, first: int = 0, start: Tensor | None = None) -> list[Tensor]:
    """The parameters before each of some steps of gradient descent, and after them."""
    path = [mine.initial_parameters() if start is None else start]
    for step in range(first, first + steps):
        path.append(path[-1] - 0.1 * mine.evaluate(path[-1], mine.batch(step)).gradients(None)[0])
    return path


@pytest.mark.parametrize("model", [MLP, CNN], ids=["mlp", "cnn"])
def test_metrics_are_means_over_samples(model: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NUMBERS_AT_ONCE", 3000)  # so that the samples come in pieces
    dataset = images(classes=True, samples=11, test=9)
    mine = objective(model, dataset, [1, 2], batch_size=4)
    path = trained(mine, 3)
    found = mine.metrics(path[-1], PARTS)
    assert list(found) == ["train_loss", "train_accuracy", *WHOLE_PART_METRICS]
    inputs, labels = tensors(dataset)
    test_inputs, test_labels = tensors(dataset, test=True)
    for row, seed in enumerate([1, 2]):
        order = np.random.default_rng([seed, 0]).permutation(11)
        seen = [
            (outputs_of(model, path[step][row], inputs[chosen]), labels[chosen])
            for step, chosen in enumerate((order[:4], order[4:8], order[8:]))
        ]
        losses = torch.cat([element_losses("cross-entropy", answer, wanted) for answer, wanted in seen])
        right = torch.cat([answer.argmax(1) == wanted for answer, wanted in seen])
        assert found["train_loss"][row] == pytest.approx(losses.mean().item(), rel=1e-12)
        assert found["train_accuracy"][row] == right.double().mean().item()
        for part, whole, wanted in (("test", test_inputs, test_labels), ("full_train", inputs, labels)):
            answer = outputs_of(model, path[-1][row], whole)
            loss = element_losses("cross-entropy", answer, wanted).mean().item()
            assert found[f"{part}_loss"][row] == pytest.approx(loss, rel=1e-12)
            assert found[f"{part}_accuracy"][row] == (answer.argmax(1) == wanted).double().mean().item()


def test_metrics_begin_anew_once_they_are_read() -> None:
    mine = objective(MLP, images(classes=True, test=5), [1, 2])
    path = trained(mine, 1)
    first = mine.metrics(path[-1], ["test"])
    again = mine.metrics(path[-1], ["test"])
    assert np.isnan(again["train_loss"]).all()
    assert np.isnan(again["train_accuracy"]).all()
    np.testing.assert_array_equal(first["test_loss"], again["test_loss"])
    second = mine.evaluate(path[-1], None)
    np.testing.assert_allclose(mine.metrics(path[-1], ["test"])["train_loss"], second.loss.numpy(), rtol=1e-15)


def test_numbers_have_losses_but_no_accuracy() -> None:
    mine = objective(MLP, images(classes=False, test=5))
    path = trained(mine, 1)
    assert list(mine.metrics(path[-1], PARTS)) == ["train_loss", "test_loss", "full_train_loss"]


def test_a_part_that_is_not_asked_for_is_not_evaluated() -> None:
    mine = objective(MLP, images(classes=True, test=5))
    start, evaluated = mine.initial_parameters(), dict[str, list[str]]()
    for asked in PARTS:
        found = mine.metrics(start, [asked])
        evaluated[asked] = [name for name in WHOLE_PART_METRICS if not np.isnan(found[name]).any()]
        assert list(found) == ["train_loss", "train_accuracy", *WHOLE_PART_METRICS]
    assert evaluated == {part: [f"{part}_loss", f"{part}_accuracy"] for part in PARTS}


@pytest.mark.parametrize("classes", [True, False])
def test_without_test_samples_the_training_samples_are_evaluated(classes: bool) -> None:
    mine = objective(MLP, images(classes=classes))
    found = mine.metrics(trained(mine, 1)[-1], ["test"])
    kinds = ["loss", "accuracy"] if classes else ["loss"]
    assert list(found) == [f"{part}_{kind}" for part in ("train", "full_train") for kind in kinds]
    assert np.isfinite(found["full_train_loss"]).all()


def test_the_sums_are_part_of_the_state() -> None:
    dataset = images(classes=True, test=5)
    mine, other = (objective(MLP, dataset, [1, 2], batch_size=4) for _ in range(2))
    path = trained(mine, 2)
    for name, tensor in other.state().items():
        tensor.copy_(mine.state()[name])
    ends = [trained(item, 2, first=2, start=path[-1])[-1] for item in (mine, other)]
    assert torch.equal(ends[0], ends[1])
    left, right = mine.metrics(ends[0], PARTS), other.metrics(ends[1], PARTS)
    for name, values in left.items():
        np.testing.assert_array_equal(values, right[name], err_msg=name)
    assert all(tensor.dtype == torch.float64 and tensor.shape == (2,) for tensor in mine.state().values())


def line(samples: int = 20) -> LoadedDataset:
    x = np.linspace(-3, 5, samples)[:, None]
    return LoadedDataset(x, 2 * x, None, None, None)


def test_one_number_from_one_is_predicted_on_a_grid() -> None:
    mine = objective(MLP, line(), [1, 2, 1])
    start = mine.initial_parameters()
    found = mine.predictions(start)
    assert found is not None
    for row, columns in enumerate(found):
        assert list(columns) == ["x", "prediction"]
        np.testing.assert_array_equal(columns["x"], np.linspace(-3, 5, 256))
        expected = outputs_of(MLP, start[row], torch.tensor(columns["x"]).unsqueeze(1), 1)
        np.testing.assert_allclose(columns["prediction"], expected.squeeze(1).numpy(), rtol=1e-12, atol=1e-15)


def test_there_are_no_predictions_of_several_numbers_or_classes() -> None:
    for dataset in (images(classes=True), images(classes=False, outputs=1)):
        mine = objective(MLP, dataset)
        assert mine.predictions(mine.initial_parameters()) is None


@pytest.mark.parametrize(
    ("classes", "loss", "fix"),
    [
        (True, "mse", "are classes; use 'cross-entropy' or 'mse-softmax'"),
        (False, "cross-entropy", "are numbers; use 'mse' or 'huber'"),
    ],
)
def test_a_loss_must_fit_the_targets(classes: bool, loss: str, fix: str) -> None:
    with pytest.raises(DatasetError, match=rf"problem\.loss: '{loss}' .* {fix}"):
        objective(MLP, images(classes=classes), loss=loss)


def test_images_are_needed_for_convolutions() -> None:
    with pytest.raises(DatasetError, match=r"problem\.model: a 'cnn' takes images"):
        objective(CNN, line())


def test_a_dataset_is_needed_unless_the_problem_is_a_curve() -> None:
    with pytest.raises(ValueError, match="every other problem needs its own"):
        NetworkObjective(problem(MLP), None, [0], FLOAT64)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize("model", [MLP, CNN, {"name": "linear"}], ids=["mlp", "cnn", "linear"])
def test_a_trial_does_not_notice_its_neighbours(
    model: dict[str, Any], batch_size: int | None, dtype: torch.dtype
) -> None:
    dataset, layout, seeds = images(classes=True), Layout(dtype, CPU), [4, 9, 4, 5]
    together = trained(objective(model, dataset, seeds, batch_size=batch_size, layout=layout), 20)[-1]
    again = trained(objective(model, dataset, seeds, batch_size=batch_size, layout=layout), 20)[-1]
    assert torch.equal(together, again)
    tolerance = 1e-14 if dtype == torch.float64 else 1e-6
    for row, seed in enumerate(seeds):
        alone = trained(objective(model, dataset, [seed], batch_size=batch_size, layout=layout), 20)[-1][0]
        torch.testing.assert_close(together[row], alone, rtol=0, atol=tolerance)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


@pytest.mark.parametrize("model", [MLP, CNN], ids=["mlp", "cnn"])
def test_a_trial_that_diverges_leaves_its_neighbours_alone(model: dict[str, Any]) -> None:
    mine = objective(model, images(classes=True), [4, 9])
    start = mine.initial_parameters()
    sound, _ = mine.evaluate(start, None).gradients(None)
    start[1] = torch.nan
    evaluation = mine.evaluate(start, None)
    assert torch.equal(evaluation.gradients(None)[0][0], sound[0])
    assert torch.isnan(evaluation.loss[1])


def test_the_samples_are_uploaded_once() -> None:
    dataset = images(classes=True)
    one, other = objective(MLP, dataset, [1]), objective(MLP, dataset, [2])
    batches = [item._train.inputs.data_ptr() for item in (one, other)]
    assert batches[0] == batches[1]
