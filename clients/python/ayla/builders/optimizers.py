"""The optimizers, and AYLA on top of any of them. All take the settings of ``CommonSettings`` beside their own.

In place of any number an axis can stand: ``adam(log(1e-4, 0.1, 4))``.

``ayla`` and ``ayla.builders`` offer what ``__all__`` names here.
"""

from typing import TypedDict, Unpack

from ayla._json import JSONObject, Settings, without_none
from ayla.builders.axes import Number

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "amsgrad",
    "lion",
    "nadam",
    "radam",
    "rmsprop",
    "sgd",
    "transform",
]


class CommonSettings(TypedDict, total=False):
    """Settings that every optimizer takes; None leaves the service's default.

    Attributes:
        weight_decay: L2 penalty added to the gradient; for ``adamw`` and ``lion`` decoupled from it. Service default
            0, for ``adamw`` 0.01.
        clip_norm: largest norm of the gradient; longer ones are scaled down.
        clip_value: largest size of each component of the gradient.
        schedule: how the learning rate changes, from ``ayla.schedules``.
        ayla: ``transform(...)`` puts AYLA on top; None: the plain optimizer.
        label: name in tables and plots; default: made from the settings by the service.
        arm: name shared by the settings of which a comparison selects the best; default: each is an arm of its own.
    """

    weight_decay: Number | None
    clip_norm: Number | None
    clip_value: Number | None
    schedule: Settings | None
    ayla: Settings | None
    label: str | None
    arm: str | None


def sgd(
    learning_rate: Number,
    *,
    momentum: Number | None = None,
    dampening: Number | None = None,
    nesterov: bool | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Stochastic gradient descent.

    Args:
        learning_rate: step size, above 0.
        momentum: weight of the earlier updates; service default 0.
        dampening: how much less than 1 a new gradient counts in the momentum; service default 0.
        nesterov: look ahead by the momentum; service default False.
        common: see ``CommonSettings``.
    """
    own = without_none(momentum=momentum, dampening=dampening, nesterov=nesterov)
    return _optimizer("sgd", learning_rate, own, common)


def adam(
    learning_rate: Number,
    *,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam.

    Args:
        learning_rate: step size, above 0.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        common: see ``CommonSettings``.
    """
    return _optimizer("adam", learning_rate, without_none(beta1=beta1, beta2=beta2, epsilon=epsilon), common)


def adamw(
    learning_rate: Number,
    *,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam with decoupled weight decay; settings as for ``adam``."""
    return _optimizer("adamw", learning_rate, without_none(beta1=beta1, beta2=beta2, epsilon=epsilon), common)


def amsgrad(
    learning_rate: Number,
    *,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam that divides by the root of the largest second moment so far; settings as for ``adam``."""
    return _optimizer("amsgrad", learning_rate, without_none(beta1=beta1, beta2=beta2, epsilon=epsilon), common)


def nadam(
    learning_rate: Number,
    *,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    momentum_decay: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam with Nesterov momentum; settings as for ``adam``, and ``momentum_decay`` (service default 4e-3)."""
    own = without_none(beta1=beta1, beta2=beta2, epsilon=epsilon, momentum_decay=momentum_decay)
    return _optimizer("nadam", learning_rate, own, common)


def radam(
    learning_rate: Number,
    *,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam that corrects for the variance of its early second moments; settings as for ``adam``."""
    return _optimizer("radam", learning_rate, without_none(beta1=beta1, beta2=beta2, epsilon=epsilon), common)


def rmsprop(
    learning_rate: Number,
    *,
    alpha: Number | None = None,
    epsilon: Number | None = None,
    momentum: Number | None = None,
    centered: bool | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """RMSProp.

    Args:
        learning_rate: step size, above 0.
        alpha: decay rate of the average of squared gradients; service default 0.99.
        epsilon: added to its root; service default 1e-8.
        momentum: weight of the earlier updates; service default 0.
        centered: divide by a variance; service default False.
        common: see ``CommonSettings``.
    """
    own = without_none(alpha=alpha, epsilon=epsilon, momentum=momentum, centered=centered)
    return _optimizer("rmsprop", learning_rate, own, common)


def adagrad(
    learning_rate: Number,
    *,
    learning_rate_decay: Number | None = None,
    initial_accumulator: Number | None = None,
    epsilon: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adagrad.

    Args:
        learning_rate: step size, above 0.
        learning_rate_decay: how fast the learning rate falls with the update number; service default 0.
        initial_accumulator: the sum of squared gradients before the first update; service default 0.
        epsilon: added to its root; service default 1e-10.
        common: see ``CommonSettings``.
    """
    own = without_none(
        learning_rate_decay=learning_rate_decay, initial_accumulator=initial_accumulator, epsilon=epsilon
    )
    return _optimizer("adagrad", learning_rate, own, common)


def adadelta(
    learning_rate: Number, *, rho: Number | None = None, epsilon: Number | None = None, **common: Unpack[CommonSettings]
) -> JSONObject:
    """Adadelta.

    Args:
        learning_rate: factor of each update, above 0; 1 is usual.
        rho: decay rate of both averages; service default 0.9.
        epsilon: added to both averages; service default 1e-6.
        common: see ``CommonSettings``.
    """
    return _optimizer("adadelta", learning_rate, without_none(rho=rho, epsilon=epsilon), common)


def adamax(
    learning_rate: Number,
    *,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam with a decaying maximum in place of the second moment; settings as for ``adam``."""
    return _optimizer("adamax", learning_rate, without_none(beta1=beta1, beta2=beta2, epsilon=epsilon), common)


def lion(
    learning_rate: Number, *, beta1: Number | None = None, beta2: Number | None = None, **common: Unpack[CommonSettings]
) -> JSONObject:
    """Lion: each parameter moves by the learning rate in the direction of a sign.

    Args:
        learning_rate: step size, above 0.
        beta1: decay rate of the average whose sign is taken; service default 0.9.
        beta2: decay rate of the average that is remembered; service default 0.99.
        common: see ``CommonSettings``.
    """
    return _optimizer("lion", learning_rate, without_none(beta1=beta1, beta2=beta2), common)


def transform(
    n1: Number = 1.0,
    n2: Number = 1.0,
    *,
    transform_on: str | None = None,
    max_scale: Number | None = None,
    cap_weights: bool | None = None,
) -> JSONObject:
    """AYLA's transformation of the loss: L = sgn(l)·|l|^n (eq. 1).

    Args:
        n1: exponent where |loss| < 1; 1 leaves the loss as it is.
        n2: exponent where |loss| > 1; 1 leaves the loss as it is.
        transform_on: "loss" (the mean loss, service default) or "sample" (each sample; datasets only).
        max_scale: upper bound of the scale v at every loss, also where v is 1; service default: none.
        cap_weights: keep the weights of the moving averages at or below 1; service default True.
    """
    return without_none(n1=n1, n2=n2, transform_on=transform_on, max_scale=max_scale, cap_weights=cap_weights)


def _optimizer(name: str, learning_rate: Number, own: JSONObject, common: CommonSettings) -> JSONObject:
    unknown = [key for key in common if key not in CommonSettings.__annotations__]
    if unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument '{unknown[0]}'")
    return {"name": name, "learning_rate": learning_rate, **own, **without_none(**common)}
