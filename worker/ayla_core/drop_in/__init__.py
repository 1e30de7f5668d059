"""AYLA in a training loop of one's own: around an optimizer of torch.optim, with the update rules of the engine."""

from ayla_core.drop_in.optimizer import AYLA

__all__ = ["AYLA"]
