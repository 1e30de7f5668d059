"""How models are built, start and lie in a trial's flat vector."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core.datasets import DatasetError
from ayla_core.models import BatchedModel, build_model
from ayla_spec.networks import ModelSettings
from pydantic import TypeAdapter

ADAPTER: TypeAdapter[Any] = TypeAdapter(ModelSettings)


def build(settings: dict[str, Any], shape: tuple[int, ...], outputs: int) -> BatchedModel:
    return build_model(ADAPTER.validate_python(settings), shape, outputs)


def shapes(model: BatchedModel) -> list[tuple[int, ...]]:
    flat = torch.tensor(model.draw_parameters(np.random.RandomState(0)))
    return [tuple(part.shape) for part in model.split(flat.repeat(2, 1))]


def test_a_fully_connected_network_has_a_layer_of_each_width() -> None:
    model = build({"name": "mlp", "hidden": [4, 3]}, (2, 5), 6)
    assert shapes(model) == [(2, 10, 4), (2, 4), (2, 4, 3), (2, 3), (2, 3, 6), (2, 6)]
    assert model.width == 10


def test_a_linear_model_is_one_layer() -> None:
    assert shapes(build({"name": "linear"}, (7,), 2)) == [(2, 7, 2), (2, 2)]


def test_a_convolutional_network_halves_the_image_after_each_convolution() -> None:
    model = build({"name": "cnn", "channels": [4, 5, 6]}, (28, 28), 10)
    assert shapes(model) == [
        (2, 4, 1, 3, 3), (2, 4), (2, 5, 4, 3, 3), (2, 5), (2, 6, 5, 3, 3), (2, 6), (2, 6 * 3 * 3, 10), (2, 10),
    ]  # fmt: skip
    assert model.width == 4 * 28 * 28


def test_a_convolution_needs_images() -> None:
    with pytest.raises(DatasetError, match=r"problem\.model: a 'cnn' takes images.*\[10\]; use 'mlp' or 'linear'"):
        build({"name": "cnn"}, (10,), 2)


def test_an_image_cannot_be_halved_for_ever() -> None:
    build({"name": "cnn", "channels": [2, 2, 2]}, (8, 8), 2)
    with pytest.raises(DatasetError, match=r"problem\.model\.channels: 4 convolutions .* 8 x 8 .* at most 3"):
        build({"name": "cnn", "channels": [2, 2, 2, 2]}, (8, 8), 2)


LAYERS: dict[str, tuple[dict[str, Any], tuple[int, ...], list[tuple[int, int, int, int]]]] = {
    # weights, biases, fan_in, fan_out of each layer
    "mlp": ({"name": "mlp", "hidden": [4]}, (6,), [(24, 4, 6, 4), (12, 3, 4, 3)]),
    "cnn": ({"name": "cnn", "channels": [2]}, (8, 8), [(18, 2, 9, 18), (96, 3, 32, 3)]),
}


@pytest.mark.parametrize("name", ["normal", "he", "xavier", "torch"])
@pytest.mark.parametrize("layers", list(LAYERS))
def test_weights_are_drawn_layer_by_layer(name: str, layers: str) -> None:
    settings, shape, sizes = LAYERS[layers]
    generator, parts = np.random.RandomState(11), []
    for weights, biases, fan_in, fan_out in sizes:
        bound = math.sqrt(6 / (fan_in + fan_out)) if name == "xavier" else 1 / math.sqrt(fan_in)
        if name in ("normal", "he"):
            parts.append(generator.randn(weights) * (0.01 if name == "normal" else math.sqrt(2 / fan_in)))
        else:
            parts.append(generator.uniform(-bound, bound, weights))
        parts.append(generator.uniform(-bound, bound, biases) if name == "torch" else np.zeros(biases))
    model = build({**settings, "initialization": {"name": name}}, shape, 3)
    np.testing.assert_array_equal(model.draw_parameters(np.random.RandomState(11)), np.concatenate(parts))
