"""A process that imports PyTorch and does nothing."""

import torch


def version() -> str:
    """Of PyTorch."""
    return str(torch.__version__)
