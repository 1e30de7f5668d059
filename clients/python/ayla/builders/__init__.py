"""The parts of a job spec as plain dictionaries, with names that an editor completes.

What is left at None is not sent, so that the service's default holds. A plain dict works wherever one of these does.
"""

from ayla.builders import functions, optimizers, schedules
from ayla.builders.axes import grid, linear, log, random, reverse_log, sobol, values
from ayla.builders.models import cnn, mlp
from ayla.builders.optimizers import *  # noqa: F403  # its __all__ is the list of the optimizers
from ayla.builders.problems import dataset, expression, normal, preset, uniform
from ayla.builders.protocols import protocol

__all__ = [
    "cnn",
    "dataset",
    "expression",
    "functions",
    "grid",
    "linear",
    "log",
    "mlp",
    "normal",
    "preset",
    "protocol",
    "random",
    "reverse_log",
    "schedules",
    "sobol",
    "uniform",
    "values",
]
__all__ += optimizers.__all__
