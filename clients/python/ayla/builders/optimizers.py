"""The optimizers, and AYLA on top of any of them. Generated from openapi.json by `make client`.

All take the settings of ``CommonSettings`` beside their own. In place of any number an axis can stand:
``adam(log(1e-4, 0.1, 4))``. As in torch the learning rate may be called ``lr``, and two decay rates be ``betas``.

``ayla`` and ``ayla.builders`` offer what ``__all__`` names here.
"""

from typing import Unpack

from ayla._json import JSONObject
from ayla.builders.axes import Number
from ayla.builders.habits import Betas, two_betas
from ayla.builders.settings import CommonSettings, optimizer, transform

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


def adadelta(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    epsilon: Number | None = None,
    rho: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Divides by the root of averaged squared gradients, multiplies by that of averaged squared updates.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        epsilon: added to both averages before the root; service default 1e-6.
        rho: decay rate of both averages; service default 0.9.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer("adadelta", learning_rate, lr, {"epsilon": epsilon, "rho": rho}, common)


def adagrad(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    epsilon: Number | None = None,
    initial_accumulator: Number | None = None,
    learning_rate_decay: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Divides by the root of the sum of all squared gradients.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        epsilon: added to the root; service default 1e-10.
        initial_accumulator: the sum of squares before the first update; service default 0.
        learning_rate_decay: update t takes lr / (1 + (t - 1)·learning_rate_decay); service default 0.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "adagrad",
        learning_rate,
        lr,
        {"epsilon": epsilon, "initial_accumulator": initial_accumulator, "learning_rate_decay": learning_rate_decay},
        common,
    )


def adam(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer("adam", learning_rate, lr, {**two_betas("adam", beta1, beta2, betas), "epsilon": epsilon}, common)


def adamax(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam with a decaying maximum of |∇l| in place of the second moment.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the maximum; service default 0.999.
        epsilon: added to |∇l|; service default 1e-8.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "adamax", learning_rate, lr, {**two_betas("adamax", beta1, beta2, betas), "epsilon": epsilon}, common
    )


def adamw(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam with decoupled weight decay.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "adamw", learning_rate, lr, {**two_betas("adamw", beta1, beta2, betas), "epsilon": epsilon}, common
    )


def amsgrad(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam that divides by the root of the largest second moment so far.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "amsgrad", learning_rate, lr, {**two_betas("amsgrad", beta1, beta2, betas), "epsilon": epsilon}, common
    )


def lion(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Moves each parameter by lr in the direction of the sign of an averaged gradient.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the average whose sign is taken; service default 0.9.
        beta2: decay rate of the average that is remembered; service default 0.99.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer("lion", learning_rate, lr, {**two_betas("lion", beta1, beta2, betas)}, common)


def nadam(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    momentum_decay: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam with Nesterov momentum, whose weight grows with the update number.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        momentum_decay: ψ in μ_t = β1·(1 - 0.96^(ψ·t)/2), the momentum of update t; service default 0.004.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "nadam",
        learning_rate,
        lr,
        {**two_betas("nadam", beta1, beta2, betas), "epsilon": epsilon, "momentum_decay": momentum_decay},
        common,
    )


def radam(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    beta1: Number | None = None,
    beta2: Number | None = None,
    epsilon: Number | None = None,
    betas: Betas | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Adam that corrects for the variance of its early second moments, and leaves them out while they say little.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        betas: beta1 and beta2 as a pair, as torch has them.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "radam", learning_rate, lr, {**two_betas("radam", beta1, beta2, betas), "epsilon": epsilon}, common
    )


def rmsprop(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    alpha: Number | None = None,
    centered: bool | None = None,
    epsilon: Number | None = None,
    momentum: Number | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Divides by the root of a moving average of squared gradients; optionally centered, with momentum.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        alpha: decay rate of the average of squared gradients; service default 0.99.
        centered: subtract the square of the averaged gradient: a variance. With AYLA the two averages follow the
            gradient at different paces and the difference can fall to 0: choose a larger epsilon; service default
            False.
        epsilon: added to the root; service default 1e-8.
        momentum: weight of the earlier updates; service default 0.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "rmsprop",
        learning_rate,
        lr,
        {"alpha": alpha, "centered": centered, "epsilon": epsilon, "momentum": momentum},
        common,
    )


def sgd(
    learning_rate: Number | None = None,
    *,
    lr: Number | None = None,
    dampening: Number | None = None,
    momentum: Number | None = None,
    nesterov: bool | None = None,
    **common: Unpack[CommonSettings],
) -> JSONObject:
    """Stochastic gradient descent: x ← x - lr·v·∇l (AYLA.md section 2; v = 1 without AYLA), with momentum.

    Args:
        learning_rate: step size, above 0; for each update.
        lr: the same, as torch calls it.
        dampening: g counts 1 - dampening in the momentum, from the second update on; service default 0.
        momentum: weight of the earlier updates: b ← momentum·b + G; service default 0.
        nesterov: look ahead: update by G + momentum·b. Needs momentum, no dampening; service default False.
        common: see ``CommonSettings``.

    Raises:
        TypeError: there is no learning rate, or a setting that this optimizer does not have.
    """
    return optimizer(
        "sgd", learning_rate, lr, {"dampening": dampening, "momentum": momentum, "nesterov": nesterov}, common
    )
