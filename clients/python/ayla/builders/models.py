"""The models that can be fitted to a dataset; their inputs and outputs are as wide as the dataset asks."""

from ayla._json import JSONObject, Settings, without_none


def mlp(
    *hidden: int | JSONObject, activation: str | None = None, initialization: str | Settings | None = None
) -> JSONObject:
    """A fully connected network: ``mlp(128)``, ``mlp(64, 64, activation="tanh")``.

    Args:
        hidden: widths of the hidden layers, or axes of them; service default one of 128.
        activation: "relu" (service default), "tanh", "gelu" or "sigmoid".
        initialization: "normal" (service default), "torch", "he" or "xavier", or one of them with its settings, as in
            ``{"name": "normal", "std": 0.1}``.
    """
    return without_none(
        name="mlp", hidden=list(hidden) or None, activation=activation, initialization=_with_name(initialization)
    )


def cnn(
    *channels: int | JSONObject, activation: str | None = None, initialization: str | Settings | None = None
) -> JSONObject:
    """A convolutional network for images: ``cnn(8, 16)``.

    Args:
        channels: filters of each convolution, or axes of them, which is followed by pooling; service default 8 and 16.
        activation: as for ``mlp``.
        initialization: as for ``mlp``.
    """
    return without_none(
        name="cnn", channels=list(channels) or None, activation=activation, initialization=_with_name(initialization)
    )


def linear(*, initialization: str | Settings | None = None) -> JSONObject:
    """Linear regression; for classes, logistic regression.

    Args:
        initialization: as for ``mlp``.
    """
    return without_none(name="linear", initialization=_with_name(initialization))


def _with_name(settings: str | Settings | None) -> Settings | None:
    """Settings as a mapping; a name alone becomes ``{"name": ...}``."""
    return {"name": settings} if isinstance(settings, str) else settings
