"""Convolutions on a GPU that repeat themselves and compute in the type they are given."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.backends import cudnn


def exact(device: torch.device) -> AbstractContextManager[None]:
    """A context for prediction and gradient in which cuDNN neither shortens float32 nor picks algorithms by chance.

    The gradient is taken by threads of PyTorch's own, but the settings are the process's, so they hold there too.
    """
    if device.type != "cuda":
        return nullcontext()
    context: AbstractContextManager[None] = cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return context
