"""Settings that all optimizers have in common, and AYLA's own."""

from typing import TypedDict

from ayla._json import JSONObject, Settings, without_none
from ayla.builders.axes import Number
from ayla.builders.habits import one_learning_rate, unexpected


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


def optimizer(
    name: str, learning_rate: Number | None, lr: Number | None, own: JSONObject, common: CommonSettings
) -> JSONObject:
    """An optimizer as a part of a job spec; what is None is left out.

    Raises:
        TypeError: there is no learning rate, or a setting that there is not.
    """
    unexpected(name, common, CommonSettings.__annotations__)
    rate = one_learning_rate(name, learning_rate, lr)
    return {"name": name, "learning_rate": rate, **without_none(**own), **without_none(**common)}
