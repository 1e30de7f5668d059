"""Formulas as straight-line programs: how they are written down, differentiated and run."""

from ayla_core.program.gradient import gradient
from ayla_core.program.graph import Graph, Value
from ayla_core.program.objective import ObjectiveProgram, compile_objective
from ayla_core.program.symbols import Symbol
from ayla_core.program.tensors import TensorProgram

__all__ = ["Graph", "ObjectiveProgram", "Symbol", "TensorProgram", "Value", "compile_objective", "gradient"]
