"""What can be minimized: an expression, the loss of a model on a dataset, or a preset."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

from ayla._json import JSONObject, Settings, without_none
from ayla.builders.axes import WholeNumber

Start: TypeAlias = float | JSONObject
"""Start of one number: itself, a distribution that it is drawn from, or an axis of several starts."""


def expression(
    text: str,
    /,
    *,
    noise: float | None = None,
    start: Mapping[str, Start | Iterable[Start]] | Start | Iterable[Start] | None = None,
    **variables: Start | Iterable[Start],
) -> JSONObject:
    """Minimize an expression from a start point: ``expression("x**4 - 3*x**3 + 2", x=-1.0)``.

    Args:
        text: the objective in the service's expression language.
        noise: standard deviation of Gaussian noise in each component of the gradient, drawn with the seed of the
            trial; None: none. In an expression with a variable of that name it is the start of that variable.
        start: the start values as one mapping: ``start={"x": -1.0}``. In an expression with a variable of that name
            it is the start of that variable.
        variables: the start value of each variable, or the distribution that each trial draws it from with its seed:
            ``x=uniform(-5, 5)``, ``x=normal(0, 1)``. For a vector a distribution with a dimension, or a list or an
            array of numbers, distributions and axes, as in
            ``expression("sum(x[i]**2 for i in range(len(x)))", x=[3.0, -2.0, 1.0])``.

    Raises:
        TypeError: ``start`` is no mapping and no variable, or a variable has two starts.
    """
    starts: dict[str, object] = {}
    if noise is not None and _has_variable(text, "noise"):
        starts, noise = {"noise": noise}, None
    if start is not None:
        starts |= {"start": start} if _has_variable(text, "start") else _as_mapping(start)
    twice = starts.keys() & variables.keys()
    if twice:
        raise TypeError(f"expression() got the start of {', '.join(sorted(twice))} twice")
    return without_none(type="expression", expression=text, start=starts | variables, noise=noise)


def known_function(
    text: str,
    *,
    customary: Mapping[str, Any],
    domain: Mapping[str, tuple[float, float]],
    given: Mapping[str, Any],
    noise: float | None,
    random: bool,
    dimension: int | None = None,
    multiple: int = 1,
    same_domain: bool = True,
) -> JSONObject:
    """A test function as a problem.

    Args:
        text: its expression.
        customary: its customary start point.
        domain: the customary interval of each variable.
        given: starts that go before the customary ones; None for the customary one.
        noise: as of ``expression``.
        random: draw the starts from the domain, with each trial's seed.
        dimension: of the vector; None: that of the customary start.
        multiple: what divides every possible dimension.
        same_domain: whether the domain is the same in all dimensions.

    Raises:
        TypeError: the function does not have this dimension, or its start is given twice.
    """
    starts = {name: _start(value, dimension, multiple) for name, value in customary.items()}
    if random:
        if dimension is not None and not same_domain:
            raise TypeError(
                "the domain depends on the dimension; give the start, as in x=ayla.uniform(-4, 4, dimension=2)"
            )
        starts = {name: _drawn(domain[name], value) for name, value in starts.items()}
    own = without_none(**given)
    if own and (random or dimension is not None):
        raise TypeError(f"the start of {', '.join(own)} is given, and random or a dimension too")
    return expression(text, noise=noise, start=starts | own)


def _start(value: Any, dimension: int | None, multiple: int) -> Any:
    """The customary start, repeated to the dimension."""
    if dimension is None:
        return value
    if dimension < 1 or dimension % multiple:
        raise TypeError(f"the dimension is a multiple of {multiple}, not {dimension}")
    return [value[place % len(value)] for place in range(dimension)]


def _drawn(interval: tuple[float, float], value: Any) -> JSONObject:
    return uniform(*interval, dimension=len(value) if isinstance(value, list) else None)


def _has_variable(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _as_mapping(start: object) -> dict[str, Any]:
    if not isinstance(start, Mapping):
        raise TypeError(f'start names the variables, as in start={{"x": -1.0}}; {start!r} is none of that')
    return dict(start)


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


class StoredDataset(Protocol):
    """What ``client.datasets`` gives."""

    @property
    def id(self) -> str:
        """Of the dataset."""


def dataset(
    name: str | StoredDataset,
    /,
    *,
    model: Settings | None = None,
    loss: str | None = None,
    batch_size: WholeNumber | None = None,
    **settings: Any,
) -> JSONObject:
    """Fit a model to a dataset: ``dataset("mnist", model=mlp(128), batch_size=32)``.

    Args:
        name: "curve", "mnist", "fashion-mnist", "digits", "regression", "classification", "file" or "upload"; or a
            dataset that was uploaded, as ``client.datasets`` gives it.
        model: ``mlp(...)`` (service default), ``cnn(...)`` or ``linear()``.
        loss: "mse" or "huber" for numbers, "cross-entropy" or "mse-softmax" for classes; service default
            "cross-entropy" for classes, else "mse".
        batch_size: samples of one step, or an axis of several sizes; None: all of them.
        settings: of the dataset, such as ``samples=500`` or ``file="housing.csv", target="price"``.
    """
    named = {"name": name} if isinstance(name, str) else {"name": "upload", "dataset": name.id}
    described = {**named, **without_none(**settings)}
    return without_none(type="dataset", dataset=described, model=model, loss=loss, batch_size=batch_size)


def preset(name: str, *, start: Literal["random"] | None = None) -> JSONObject:
    """A named experiment of the catalogue, such as ``poly-sgd``; the job's other fields override its own.

    Args:
        name: of the experiment.
        start: "random" draws the start point of an expression with each trial's seed, from the preset's domain; None:
            the preset's own.
    """
    return without_none(type="preset", preset=name, start=start)
