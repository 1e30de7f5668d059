"""What stands between two layers."""

from collections.abc import Callable

import torch
from ayla_spec.networks import Activation
from torch import Tensor
from torch.nn import functional

ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "sigmoid": torch.sigmoid,
}
"""By name; gelu is x·Φ(x) with the normal distribution Φ itself, not an approximation of it."""
