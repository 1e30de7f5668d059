"""Settings of every optimizer with its variants, and the class of torch.optim that does the same."""

from collections.abc import Callable
from typing import Any

import torch
from ayla_spec import optimizers as spec
from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

Make = Callable[[list[Tensor]], TorchOptimizer]
LR = 0.003

MOMENTS: dict[str, Any] = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6}
TORCH_MOMENTS: dict[str, Any] = {"betas": (0.8, 0.95), "eps": 1e-6}


def _sgd(**more: Any) -> tuple[spec.Sgd, Make]:
    return spec.Sgd(learning_rate=LR / 10, **more), lambda p: torch.optim.SGD(p, lr=LR / 10, **more)


def _rmsprop(**more: Any) -> tuple[spec.RmsProp, Make]:
    renamed = {"eps" if name == "epsilon" else name: value for name, value in more.items()}
    return spec.RmsProp(learning_rate=LR, **more), lambda p: torch.optim.RMSprop(p, lr=LR, **renamed)


def _moments(
    kind: type[spec.Optimizer], torch_kind: Callable[..., TorchOptimizer], fields: dict[str, Any], **extra: Any
) -> tuple[spec.Optimizer, Make]:
    names = {"weight_decay", "momentum_decay"} & fields.keys()
    renamed = TORCH_MOMENTS if "beta1" in fields else {}
    same = {name: fields[name] for name in names}
    settings = kind.model_validate({"learning_rate": LR, **fields})
    return settings, lambda p: torch_kind(p, lr=LR, **renamed, **same, **extra)


CASES: dict[str, tuple[spec.Optimizer, Make]] = {
    "sgd": _sgd(),
    "sgd, weight decay": _sgd(weight_decay=0.1),
    "sgd, momentum": _sgd(momentum=0.9),
    "sgd, dampening": _sgd(momentum=0.8, dampening=0.3, weight_decay=0.01),
    "sgd, nesterov": _sgd(momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": _moments(spec.Adam, torch.optim.Adam, {}),
    "adam, other settings": _moments(spec.Adam, torch.optim.Adam, {**MOMENTS, "weight_decay": 0.1}),
    "adamw": _moments(spec.AdamW, torch.optim.AdamW, {}),
    "adamw, other settings": _moments(spec.AdamW, torch.optim.AdamW, {**MOMENTS, "weight_decay": 0.3}),
    "amsgrad": _moments(spec.AmsGrad, torch.optim.Adam, {}, amsgrad=True),
    "amsgrad, other settings": _moments(spec.AmsGrad, torch.optim.Adam, {**MOMENTS, "weight_decay": 0.1}, amsgrad=True),
    "nadam": _moments(spec.NAdam, torch.optim.NAdam, {}),
    "nadam, other settings": _moments(
        spec.NAdam, torch.optim.NAdam, {**MOMENTS, "weight_decay": 0.1, "momentum_decay": 0.02}
    ),
    "radam": _moments(spec.RAdam, torch.optim.RAdam, {}),
    "radam, other settings": _moments(spec.RAdam, torch.optim.RAdam, {**MOMENTS, "weight_decay": 0.1}),
    "rmsprop": _rmsprop(),
    "rmsprop, weight decay": _rmsprop(alpha=0.9, epsilon=1e-5, weight_decay=0.1),
    "rmsprop, momentum": _rmsprop(momentum=0.7),
    "rmsprop, centered": _rmsprop(centered=True, alpha=0.95),
    "rmsprop, all": _rmsprop(centered=True, momentum=0.5, weight_decay=0.02),
    "adagrad": (spec.Adagrad(learning_rate=LR), lambda p: torch.optim.Adagrad(p, lr=LR)),
    "adagrad, other settings": (
        spec.Adagrad(
            learning_rate=0.05, learning_rate_decay=0.01, initial_accumulator=0.2, epsilon=1e-6, weight_decay=0.1
        ),
        lambda p: torch.optim.Adagrad(
            p, lr=0.05, lr_decay=0.01, initial_accumulator_value=0.2, eps=1e-6, weight_decay=0.1
        ),
    ),
    "adadelta": (spec.Adadelta(learning_rate=1.0), lambda p: torch.optim.Adadelta(p, lr=1.0)),
    "adadelta, other settings": (
        spec.Adadelta(learning_rate=0.4, rho=0.8, epsilon=1e-5, weight_decay=0.1),
        lambda p: torch.optim.Adadelta(p, lr=0.4, rho=0.8, eps=1e-5, weight_decay=0.1),
    ),
    "adamax": _moments(spec.Adamax, torch.optim.Adamax, {}),
    "adamax, other settings": _moments(spec.Adamax, torch.optim.Adamax, {**MOMENTS, "weight_decay": 0.1}),
}
"""By name: settings of the contract, and the same optimizer of torch.optim. Lion has no class there."""

SETTINGS: dict[str, spec.Optimizer] = {name: settings for name, (settings, _) in CASES.items()} | {
    "lion": spec.Lion(learning_rate=LR),
    "lion, other settings": spec.Lion(learning_rate=LR, beta1=0.7, beta2=0.9, weight_decay=0.2),
}
