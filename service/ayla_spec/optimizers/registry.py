"""Every optimizer a job can name. Adding one adds its class to both lines here."""

from typing import Annotated

from pydantic import Field

from ayla_spec.optimizers.adaptive import Adadelta, Adagrad, Adamax, RmsProp
from ayla_spec.optimizers.base import Optimizer
from ayla_spec.optimizers.moments import Adam, AdamW, AmsGrad, Lion, NAdam, RAdam
from ayla_spec.optimizers.sgd import Sgd

AnyOptimizer = Sgd | Adam | AdamW | AmsGrad | NAdam | RAdam | RmsProp | Adagrad | Adadelta | Adamax | Lion
OptimizerSettings = Annotated[AnyOptimizer, Field(discriminator="name")]

OPTIMIZERS: tuple[type[Optimizer], ...] = AnyOptimizer.__args__
