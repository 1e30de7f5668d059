"""The same networks and losses, written with PyTorch's own modules."""

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}


def twin(model: dict[str, Any], shape: Sequence[int], outputs: int) -> nn.Sequential:
    """A module of the same layers in float64, for inputs [samples, *shape]."""
    make = ACTIVATIONS[model.get("activation", "relu")]
    layers = _cnn(model, shape, outputs, make) if model["name"] == "cnn" else _mlp(model, shape, outputs, make)
    return nn.Sequential(*layers).double()


def _mlp(model: dict[str, Any], shape: Sequence[int], outputs: int, make: type[nn.Module]) -> list[nn.Module]:
    widths = [torch.Size(shape).numel(), *model.get("hidden", [])]
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), make()]
    return [*layers, nn.Linear(widths[-1], outputs)]


def _cnn(model: dict[str, Any], shape: Sequence[int], outputs: int, make: type[nn.Module]) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.Unflatten(1, (1, shape[0]))]
    channels = [1, *model["channels"]]
    for before, after in itertools.pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, padding=1), make(), nn.MaxPool2d(2)]
    side = shape[0] >> len(model["channels"])
    return [*layers, nn.Flatten(), nn.Linear(channels[-1] * side * side, outputs)]


def load(module: nn.Sequential, flat: Tensor) -> None:
    """Write a trial's flat parameters into the module; its linear layers hold their matrices transposed."""
    place = 0
    with torch.no_grad():
        for layer, parameter in _parameters(module):
            values = flat[place : place + parameter.numel()]
            place += parameter.numel()
            is_matrix = isinstance(layer, nn.Linear) and parameter.ndim == 2
            parameter.copy_(values.view(parameter.shape[::-1]).t() if is_matrix else values.view(parameter.shape))
    assert place == len(flat)


def flat(module: nn.Sequential, *, gradient: bool = False) -> Tensor:
    """The module's parameters, or their gradient, in the order of a trial."""
    parts = []
    for layer, parameter in _parameters(module):
        values = parameter.grad if gradient else parameter.detach()
        assert values is not None
        parts.append((values.t() if isinstance(layer, nn.Linear) and values.ndim == 2 else values).flatten())
    return torch.cat(parts)


def _parameters(module: nn.Sequential) -> list[tuple[nn.Module, nn.Parameter]]:
    return [(layer, parameter) for layer in module for parameter in layer.parameters()]


def element_losses(name: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of each element, by PyTorch's own functions."""
    match name:
        case "mse":
            return functional.mse_loss(outputs, targets, reduction="none")
        case "huber":
            return functional.huber_loss(outputs, targets, reduction="none")
        case "cross-entropy":
            return functional.cross_entropy(outputs, targets, reduction="none")
        case _:
            one_hot = functional.one_hot(targets, outputs.shape[1]).double()
            return functional.mse_loss(outputs.softmax(1), one_hot, reduction="none")


def magnitudes(name: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """What AYLA transforms per sample, by its definition."""
    if name == "cross-entropy":
        return -torch.log(outputs.exp().gather(1, targets.unsqueeze(1)).squeeze(1) / outputs.exp().sum(1))
    if name == "mse-softmax":
        return (outputs.softmax(1) - torch.eye(outputs.shape[1], dtype=torch.float64)[targets]).abs()
    return (outputs - targets).abs()
