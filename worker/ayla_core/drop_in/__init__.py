"""AYLA in a training loop of one's own, under the name it had before it was a package: ``ayla_torch``."""

from ayla_torch import AYLA

__all__ = ["AYLA"]
