"""The models that can be fitted to a dataset. Inputs and outputs are as wide as the dataset asks.

To add one: a settings class here, which counts its parameters, and its name in ``AnyModel`` at the end; its computation
goes into ``ayla_core.models``.
"""

from abc import abstractmethod
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from ayla_spec.axes import OR_AXIS
from ayla_spec.limits import MAX_LAYERS, MAX_WIDTH
from ayla_spec.model import PositiveFloat, SpecModel

Activation = Literal["relu", "tanh", "gelu", "sigmoid"]
Loss = Literal["mse", "cross-entropy", "mse-softmax", "huber"]
LOSSES_OF_NUMBERS: dict[Loss, str] = {
    "mse": "Mean squared error.",
    "huber": "Half the squared error up to an error of 1, beyond it the absolute error less a half.",
}
"""Losses for targets that are numbers, each with one line for the catalogue."""

LOSSES_OF_CLASSES: dict[Loss, str] = {
    "cross-entropy": "Negative logarithm of the softmax's probability of the right class.",
    "mse-softmax": "Mean squared error between the softmax and the one-hot class.",
}
"""Losses for targets that are classes."""

_KERNEL = 9
"""Weights of a 3 x 3 convolution for one channel."""


def usual_loss(*, has_classes: bool) -> Loss:
    """The loss of a problem that names none."""
    return "cross-entropy" if has_classes else "mse"


Width = Annotated[int, Field(ge=1, le=MAX_WIDTH), OR_AXIS]
Channels = Annotated[int, Field(ge=1, le=256), OR_AXIS]


class NormalInitialization(SpecModel):
    """Weights N(0, 1)·std, drawn layer by layer; biases 0."""

    name: Literal["normal"] = "normal"
    std: PositiveFloat = Field(0.01, description="Standard deviation of every weight.")


class TorchInitialization(SpecModel):
    """Weights and biases uniform within ±1/√fan_in, as PyTorch's layers start."""

    name: Literal["torch"] = "torch"


class HeInitialization(SpecModel):
    """Weights N(0, 2/fan_in), biases 0."""

    name: Literal["he"] = "he"


class XavierInitialization(SpecModel):
    """Weights uniform within ±√(6/(fan_in + fan_out)), biases 0."""

    name: Literal["xavier"] = "xavier"


AnyInitialization = NormalInitialization | TorchInitialization | HeInitialization | XavierInitialization
Initialization = Annotated[AnyInitialization, Field(discriminator="name")]


class _Model(SpecModel):
    """What every model has. Draws come from ``numpy.random.RandomState(seed)`` with the seed of the trial."""

    initialization: Initialization = Field(
        default_factory=NormalInitialization, description="How the weights start; by default 'normal' with its std."
    )

    @abstractmethod
    def parameters(self, inputs: int, outputs: int, image_side: int | None) -> int:
        """Weights and biases of the model.

        Args:
            inputs: numbers in one sample.
            outputs: numbers that it answers for one sample.
            image_side: height and width of a sample; None where it is no image.
        """


class MlpModel(_Model):
    """A fully connected network with one hidden layer or more."""

    name: Literal["mlp"] = "mlp"
    hidden: list[Width] = Field([128], min_length=1, max_length=MAX_LAYERS, description="Widths of the hidden layers.")
    activation: Activation = Field("relu", description="What follows each hidden layer.")

    def parameters(self, inputs: int, outputs: int, image_side: int | None) -> int:
        """Of each layer."""
        del image_side
        return _fully_connected([inputs, *self.hidden, outputs])


class LinearModel(_Model):
    """Linear regression; with cross-entropy, logistic regression."""

    name: Literal["linear"] = "linear"

    def parameters(self, inputs: int, outputs: int, image_side: int | None) -> int:
        """Of the one layer."""
        del image_side
        return _fully_connected([inputs, outputs])


class CnnModel(_Model):
    """For images: 3 x 3 convolutions, each with activation and 2 x 2 max-pooling, then one fully connected layer."""

    name: Literal["cnn"] = "cnn"
    channels: list[Channels] = Field([8, 16], min_length=1, max_length=4, description="Filters of each convolution.")
    activation: Activation = Field("relu", description="What follows each hidden layer.")

    def parameters(self, inputs: int, outputs: int, image_side: int | None) -> int:
        """Of the convolutions, and of the last layer for what is left of the image; 0 pixels of what is no image."""
        del inputs
        filters = sum((before * _KERNEL + 1) * after for before, after in pairwise([1, *self.channels]))
        side = (image_side or 0) >> len(self.channels)
        return filters + _fully_connected([side * side * self.channels[-1], outputs])


def _fully_connected(widths: list[int]) -> int:
    return sum((before + 1) * after for before, after in pairwise(widths))


AnyModel = MlpModel | LinearModel | CnnModel
ModelSettings = Annotated[AnyModel, Field(discriminator="name")]
