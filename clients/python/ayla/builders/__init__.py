"""The parts of a job spec as plain dictionaries, with names that an editor completes.

What is left at None is not sent, so that the service's default holds. A plain dict works wherever one of these does.
"""

from ayla.builders import optimizers, schedules
from ayla.builders.models import cnn, linear, mlp
from ayla.builders.optimizers import *  # noqa: F403  # its __all__ is the list of the optimizers
from ayla.builders.problems import dataset, expression, normal, preset, uniform
from ayla.builders.protocols import protocol

__all__ = [
    "cnn",
    "dataset",
    "expression",
    "linear",
    "mlp",
    "normal",
    "preset",
    "protocol",
    "schedules",
    "uniform",
]
__all__ += optimizers.__all__
