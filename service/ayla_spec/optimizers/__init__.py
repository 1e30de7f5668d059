"""The settings of every optimizer a job can name, and of AYLA on top of any of them.

Re-exports every class of ``settings``, where an optimizer is added.
"""

from ayla_spec.optimizers import settings
from ayla_spec.optimizers.ayla import Ayla, TransformOn
from ayla_spec.optimizers.base import Optimizer, WithWeightDecay
from ayla_spec.optimizers.schedules import (
    AnySchedule,
    ConstantSchedule,
    CosineSchedule,
    LinearSchedule,
    Schedule,
    StepSchedule,
)
from ayla_spec.optimizers.settings import *  # noqa: F403  # its __all__ is the list of the optimizers

__all__ = [
    "AnySchedule",
    "Ayla",
    "ConstantSchedule",
    "CosineSchedule",
    "LinearSchedule",
    "Optimizer",
    "Schedule",
    "StepSchedule",
    "TransformOn",
    "WithWeightDecay",
]
__all__ += settings.__all__
