"""Models: functions of an input with parameters to fit, each trial with its own."""

from collections.abc import Sequence

from ayla_spec.networks import AnyModel, CnnModel, MlpModel

from ayla_core.models.base import Model
from ayla_core.models.cnn import Cnn
from ayla_core.models.mlp import Mlp

__all__ = ["Cnn", "Mlp", "Model", "build_model"]


def build_model(settings: AnyModel, shape: Sequence[int], outputs: int) -> Model:
    """The model of some settings, as wide as the data ask.

    Args:
        settings: a model of the job spec.
        shape: of one sample's inputs, such as (28, 28) or (10,).
        outputs: numbers it answers for one sample.

    Raises:
        ayla_core.datasets.DatasetError: when the model cannot take inputs of this shape.
    """
    if isinstance(settings, CnnModel):
        return Cnn(settings, shape, outputs)
    if isinstance(settings, MlpModel):
        return Mlp(shape, settings.hidden, outputs, settings.activation, settings.initialization)
    return Mlp(shape, [], outputs, "relu", settings.initialization)
