"""Formulas over lists of tensors: written down once for a step, then run over pieces that fit the processor's cache."""

from ayla_torch.foreach.lists import ForeachList
from ayla_torch.foreach.numbers import DeviceNumber, FunctionOfScale
from ayla_torch.foreach.program import Program

__all__ = ["DeviceNumber", "ForeachList", "FunctionOfScale", "Program"]
