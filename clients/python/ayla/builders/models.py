"""The models that can be fitted to a dataset; their inputs and outputs are as wide as the dataset asks."""

from ayla.builders._given import Given, Settings, given, named


def mlp(*hidden: int, activation: str | None = None, initialization: str | Given | None = None) -> Settings:
    """A fully connected network: ``mlp(128)``, ``mlp(64, 64, activation="tanh")``.

    Args:
        hidden: widths of the hidden layers; service default one of 128.
        activation: "relu" (service default), "tanh", "gelu" or "sigmoid".
        initialization: "normal" (service default), "torch", "he" or "xavier", or one of them with its settings, as in
            ``{"name": "normal", "std": 0.1}``.
    """
    return given(name="mlp", hidden=list(hidden) or None, activation=activation, initialization=named(initialization))


def cnn(*channels: int, activation: str | None = None, initialization: str | Given | None = None) -> Settings:
    """A convolutional network for images: ``cnn(8, 16)``.

    Args:
        channels: filters of each convolution, which is followed by pooling; service default 8 and 16.
        activation: as for ``mlp``.
        initialization: as for ``mlp``.
    """
    return given(
        name="cnn", channels=list(channels) or None, activation=activation, initialization=named(initialization)
    )


def linear(*, initialization: str | Given | None = None) -> Settings:
    """Linear regression; for classes, logistic regression.

    Args:
        initialization: as for ``mlp``.
    """
    return given(name="linear", initialization=named(initialization))
