"""The parts of a job spec as plain dictionaries, with names that an editor completes.

What is left at None is not sent, so that the service's default holds. A plain dict works wherever one of these does.
"""

from collections.abc import Mapping
from typing import Any


def sgd(learning_rate: float, *, ayla: Mapping[str, Any] | None = None, label: str | None = None) -> dict[str, Any]:
    """Stochastic gradient descent; ``ayla=transform(...)`` puts AYLA on top.

    Args:
        learning_rate: step size, above 0.
        ayla: the transformation of the loss; None: the plain optimizer.
        label: name in tables and plots; default: made from the settings by the service.
    """
    return _given(name="sgd", learning_rate=learning_rate, ayla=ayla, label=label)


def adam(
    learning_rate: float,
    *,
    beta1: float | None = None,
    beta2: float | None = None,
    epsilon: float | None = None,
    ayla: Mapping[str, Any] | None = None,
    label: str | None = None,
) -> dict[str, Any]:
    """Adam; ``ayla=transform(...)`` puts AYLA on top.

    Args:
        learning_rate: step size, above 0.
        beta1: decay rate of the first moment; service default 0.9.
        beta2: decay rate of the second moment; service default 0.999.
        epsilon: added to the root of the second moment; service default 1e-8.
        ayla: the transformation of the loss; None: the plain optimizer.
        label: name in tables and plots; default: made from the settings by the service.
    """
    rates = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    return _given(name="adam", learning_rate=learning_rate, **rates, ayla=ayla, label=label)


def transform(
    n1: float = 1.0,
    n2: float = 1.0,
    *,
    transform_on: str | None = None,
    max_scale: float | None = None,
    cap_weights: bool | None = None,
) -> dict[str, Any]:
    """AYLA's transformation of the loss: L = sgn(l)·|l|^n (eq. 1).

    Args:
        n1: exponent where |loss| < 1; 1 leaves the loss as it is.
        n2: exponent where |loss| > 1; 1 leaves the loss as it is.
        transform_on: "loss" (the mean loss, service default) or "sample" (each sample; datasets only).
        max_scale: upper bound of the scale v; service default: none.
        cap_weights: keep the weights of the moving averages at or below 1; service default True.
    """
    return _given(n1=n1, n2=n2, transform_on=transform_on, max_scale=max_scale, cap_weights=cap_weights)


def expression(text: str, /, **start: float) -> dict[str, Any]:
    """Minimize an expression from a start point: ``expression("x**4 - 3*x**3 + 2", x=-1.0)``.

    Args:
        text: the objective in the service's expression language.
        start: the start value of each variable.
    """
    return {"type": "expression", "expression": text, "start": dict(start)}


def preset(name: str) -> dict[str, Any]:
    """A named experiment of the catalogue, such as ``poly-sgd``; the job's other fields override its own."""
    return {"type": "preset", "preset": name}


def _given(**fields: object) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
