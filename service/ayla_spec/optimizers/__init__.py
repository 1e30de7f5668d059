"""The settings of every optimizer a job can name, and of AYLA on top of any of them.

To add an optimizer: a settings class in the module it belongs to and a line in ``registry``; its update rule goes into
``ayla_core.optimizers``.
"""

from ayla_spec.optimizers.adaptive import Adadelta, Adagrad, Adamax, RmsProp
from ayla_spec.optimizers.ayla import Ayla, TransformOn
from ayla_spec.optimizers.base import DecayRate, Exponent, Optimizer, PositiveFloat
from ayla_spec.optimizers.labels import automatic_label
from ayla_spec.optimizers.moments import Adam, AdamW, AmsGrad, Lion, NAdam, RAdam
from ayla_spec.optimizers.registry import OPTIMIZERS, AnyOptimizer, OptimizerSettings
from ayla_spec.optimizers.schedules import (
    AnySchedule,
    ConstantSchedule,
    CosineSchedule,
    LinearSchedule,
    Schedule,
    StepSchedule,
)
from ayla_spec.optimizers.sgd import Sgd

__all__ = [
    "OPTIMIZERS",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AmsGrad",
    "AnyOptimizer",
    "AnySchedule",
    "Ayla",
    "ConstantSchedule",
    "CosineSchedule",
    "DecayRate",
    "Exponent",
    "LinearSchedule",
    "Lion",
    "NAdam",
    "Optimizer",
    "OptimizerSettings",
    "PositiveFloat",
    "RAdam",
    "RmsProp",
    "Schedule",
    "Sgd",
    "StepSchedule",
    "TransformOn",
    "automatic_label",
]
