"""The parts of a job spec as plain dictionaries, with names that an editor completes.

What is left at None is not sent, so that the service's default holds. A plain dict works wherever one of these does.
"""

from ayla.builders import schedules
from ayla.builders.models import cnn, linear, mlp
from ayla.builders.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    lion,
    nadam,
    radam,
    rmsprop,
    sgd,
    transform,
)
from ayla.builders.problems import dataset, expression, preset

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "amsgrad",
    "cnn",
    "dataset",
    "expression",
    "linear",
    "lion",
    "mlp",
    "nadam",
    "preset",
    "radam",
    "rmsprop",
    "schedules",
    "sgd",
    "transform",
]
