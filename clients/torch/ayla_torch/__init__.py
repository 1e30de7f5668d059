"""AYLA around an optimizer of torch.optim: its steps follow a power-law transformation of the loss."""

from ayla_torch.optimizer import AYLA

__all__ = ["AYLA"]
