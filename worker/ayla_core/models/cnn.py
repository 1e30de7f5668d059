"""A small convolutional network for images."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from ayla_spec.networks import CnnModel
from torch import Tensor
from torch.nn import functional

from ayla_core.datasets.errors import DatasetError
from ayla_core.models.initialization import draw_layers
from ayla_core.models.layers import ACTIVATIONS, KERNEL, Floats, convolution, dense, split

_POOL = 2


class Cnn:
    """Convolutions of 3 x 3 (padding 1), each with activation and 2 x 2 max-pooling, then one fully connected layer.

    Pooling drops an odd last row or column. Images of the trials lie beside each other as channels of one image, so
    that one grouped convolution serves all trials.

    Args:
        settings: filters, activation and initialization.
        shape: of an image, [rows, columns] or [channels, rows, columns].
        outputs: width of the last layer.

    Raises:
        DatasetError: when the samples are not images, or too small to be halved by every pooling.
    """

    def __init__(self, settings: CnnModel, shape: Sequence[int], outputs: int) -> None:
        self._image = _image(shape)
        pooled = _pooled(self._image[1:], len(settings.channels))
        channels = [self._image[0], *settings.channels]
        features = channels[-1] * math.prod(pooled)
        self.layers = (
            *(convolution(*pair) for pair in itertools.pairwise(channels)),
            dense(features, outputs),
        )
        self.width = max(*_areas(self._image, channels), outputs)
        self._activate = ACTIVATIONS[settings.activation]
        self._initialization = settings.initialization

    def draw_parameters(self, generator: np.random.RandomState) -> Floats:
        """Initial parameters of one trial, shape [parameters]."""
        return draw_layers(self.layers, self._initialization, generator)

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """Filters [rows, filters, channels, 3, 3] and biases [rows, filters] of each convolution, then W and b."""
        return split(self.layers, parameters)

    def predict(self, weights: tuple[Tensor, ...], inputs: Tensor) -> Tensor:
        """Outputs for inputs [rows or 1, samples, pixels], shape [rows, samples, outputs]."""
        rows = len(weights[0])
        # [samples, trials * channels, height, width]; images that all trials share stand there once.
        values = inputs.transpose(0, 1).reshape(inputs.shape[1], -1, *self._image[1:])
        groups = len(inputs)
        for filters, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            values = functional.conv2d(
                values, filters.flatten(0, 1), bias.flatten(), padding=KERNEL // 2, groups=groups
            )
            values = functional.max_pool2d(self._activate(values), _POOL)
            groups = rows
        features = values.reshape(len(values), rows, -1).transpose(0, 1)
        return torch.baddbmm(weights[-1].unsqueeze(1), features, weights[-2])


def _image(shape: Sequence[int]) -> tuple[int, int, int]:
    match tuple(shape):
        case (height, width):
            return 1, height, width
        case (channels, height, width):
            return channels, height, width
    raise DatasetError(
        f"problem.model: a 'cnn' takes images, and a sample of this dataset has the shape {list(shape)}; "
        "use 'mlp' or 'linear'."
    )


def _pooled(size: tuple[int, int], times: int) -> tuple[int, int]:
    height, width = size
    if min(height, width) >> times == 0:
        most = min(height, width).bit_length() - 1
        raise DatasetError(
            f"problem.model.channels: {times} convolutions halve the {height} x {width} image to nothing; "
            f"use at most {most}."
        )
    return height >> times, width >> times


def _areas(image: tuple[int, int, int], channels: Sequence[int]) -> list[int]:
    """Numbers of one sample before each convolution and after the last, at the size before pooling."""
    _, height, width = image
    return [
        count * (height >> max(0, place - 1)) * (width >> max(0, place - 1)) for place, count in enumerate(channels)
    ]
