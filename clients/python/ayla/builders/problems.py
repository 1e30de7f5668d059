"""What can be minimized: an expression, the loss of a model on a dataset, or a preset."""

import re
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from ayla._json import JSONObject, Settings, without_none
from ayla.builders.axes import WholeNumber

Start: TypeAlias = float | JSONObject
"""Start of one number: itself, a distribution that it is drawn from, or an axis of several starts."""


def expression(text: str, /, *, noise: float | None = None, **start: Start | Iterable[Start]) -> JSONObject:
    """Minimize an expression from a start point: ``expression("x**4 - 3*x**3 + 2", x=-1.0)``.

    Args:
        text: the objective in the service's expression language.
        noise: standard deviation of Gaussian noise in each component of the gradient, drawn with the seed of the
            trial; None: none. In an expression with a variable of that name it is the start of that variable.
        start: the start value of each variable, or the distribution that each trial draws it from with its seed:
            ``x=uniform(-5, 5)``, ``x=normal(0, 1)``. For a vector a distribution with a dimension, or a list or an
            array of numbers, distributions and axes, as in
            ``expression("sum(x[i]**2 for i in range(len(x)))", x=[3.0, -2.0, 1.0])``.
    """
    if noise is not None and re.search(r"\bnoise\b", text):
        start, noise = {"noise": noise, **start}, None
    return without_none(type="expression", expression=text, start=dict(start), noise=noise)


def uniform(low: float, high: float, *, dimension: int | None = None) -> JSONObject:
    """A start value that each trial draws with its seed, evenly from an interval.

    Args:
        low: lower end.
        high: upper end, above it.
        dimension: length of a vector whose elements are all drawn; None: one number.
    """
    return without_none(uniform=[low, high], dimension=dimension)


def normal(mean: float, std: float, *, dimension: int | None = None) -> JSONObject:
    """A start value that each trial draws with its seed, from a normal distribution.

    Args:
        mean: its mean.
        std: its standard deviation, above 0.
        dimension: length of a vector whose elements are all drawn; None: one number.
    """
    return without_none(normal=[mean, std], dimension=dimension)


def dataset(
    name: str,
    /,
    *,
    model: Settings | None = None,
    loss: str | None = None,
    batch_size: WholeNumber | None = None,
    **settings: Any,
) -> JSONObject:
    """Fit a model to a dataset: ``dataset("mnist", model=mlp(128), batch_size=32)``.

    Args:
        name: "curve", "mnist", "fashion-mnist", "digits", "regression", "classification", "file" or "upload".
        model: ``mlp(...)`` (service default), ``cnn(...)`` or ``linear()``.
        loss: "mse" or "huber" for numbers, "cross-entropy" or "mse-softmax" for classes; service default
            "cross-entropy" for classes, else "mse".
        batch_size: samples of one step, or an axis of several sizes; None: all of them.
        settings: of the dataset, such as ``samples=500`` or ``file="housing.csv", target="price"``.
    """
    described = {"name": name, **without_none(**settings)}
    return without_none(type="dataset", dataset=described, model=model, loss=loss, batch_size=batch_size)


def preset(name: str, *, start: Literal["random"] | None = None) -> JSONObject:
    """A named experiment of the catalogue, such as ``poly-sgd``; the job's other fields override its own.

    Args:
        name: of the experiment.
        start: "random" draws the start point of an expression with each trial's seed, from the preset's domain; None:
            the preset's own.
    """
    return without_none(type="preset", preset=name, start=start)
