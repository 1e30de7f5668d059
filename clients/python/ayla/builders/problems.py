"""What can be minimized: an expression, the loss of a model on a dataset, or a preset."""

from collections.abc import Iterable
from typing import Any

from ayla._json import JSONObject, Settings, without_none


def expression(text: str, /, **start: float | Iterable[float]) -> JSONObject:
    """Minimize an expression from a start point: ``expression("x**4 - 3*x**3 + 2", x=-1.0)``.

    Args:
        text: the objective in the service's expression language.
        start: the start value of each variable; a list or an array for a vector, as in
            ``expression("sum(x[i]**2 for i in range(len(x)))", x=[3.0, -2.0, 1.0])``.
    """
    return {"type": "expression", "expression": text, "start": dict(start)}


def dataset(
    name: str,
    /,
    *,
    model: Settings | None = None,
    loss: str | None = None,
    batch_size: int | None = None,
    **settings: Any,
) -> JSONObject:
    """Fit a model to a dataset: ``dataset("mnist", model=mlp(128), batch_size=32)``.

    Args:
        name: "curve", "mnist", "fashion-mnist", "digits", "regression", "classification", "file" or "upload".
        model: ``mlp(...)`` (service default), ``cnn(...)`` or ``linear()``.
        loss: "mse" or "huber" for numbers, "cross-entropy" or "mse-softmax" for classes; service default
            "cross-entropy" for classes, else "mse".
        batch_size: samples of one step; None: all of them.
        settings: of the dataset, such as ``samples=500`` or ``file="housing.csv", target="price"``.
    """
    described = {"name": name, **without_none(**settings)}
    return without_none(type="dataset", dataset=described, model=model, loss=loss, batch_size=batch_size)


def preset(name: str) -> JSONObject:
    """A named experiment of the catalogue, such as ``poly-sgd``; the job's other fields override its own."""
    return {"type": "preset", "preset": name}
