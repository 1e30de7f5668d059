"""Axes, which stand in place of numbers that a job tries several of, and the designs that choose points of them.

``adam(log(1e-4, 0.1, 4), ayla=transform(n1=values(0.5, 1, 1.5)))`` is an optimizer with twelve settings.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias, overload

from ayla._json import JSONObject, Settings, without_none
from ayla.builders import models

Number: TypeAlias = float | JSONObject
"""A number, or an axis in its place."""

WholeNumber: TypeAlias = int | JSONObject
"""A whole number, or an axis in its place."""


def values(*points: float | Iterable[float]) -> JSONObject:
    """An axis whose points are listed: ``values(0.5, 1, 1.5)``, or a list or an array of them."""
    listed = [[point] if isinstance(point, int | float) else list(point) for point in points]
    return {"values": [point for part in listed for point in part]}


@overload
def linear(low: float, high: float, count: int | None = None) -> JSONObject: ...


@overload
def linear(*, initialization: str | Settings | None = None) -> JSONObject: ...


def linear(
    low: float | None = None,
    high: float | None = None,
    count: int | None = None,
    *,
    initialization: str | Settings | None = None,
) -> JSONObject:
    """An axis from ``low`` to ``high`` with points that are evenly apart; without any of them the linear model.

    Args:
        low: the least point.
        high: the largest point.
        count: of points, both ends among them; None: every number between, for the designs random and sobol.
        initialization: of the linear model, as for ``mlp``.
    """
    if low is None and high is None and count is None:
        return models.linear(initialization=initialization)
    if low is None or high is None or initialization is not None:
        raise TypeError("linear() takes low and high, and perhaps count; or, for the linear model, none of them")
    return _range(low, high, None, count)


def log(low: float, high: float, count: int | None = None) -> JSONObject:
    """An axis whose points are evenly apart in their logarithm: ``log(1e-4, 0.1, 4)`` is 0.0001, 0.001, 0.01, 0.1.

    Args:
        low: the least point, above 0.
        high: the largest point.
        count: as for ``linear``.
    """
    return _range(low, high, "log", count)


def reverse_log(low: float, high: float, count: int | None = None) -> JSONObject:
    """An axis that is denser towards 1: ``reverse_log(0.9, 0.999, 3)`` is 0.9, 0.99, 0.999.

    Args:
        low: the least point.
        high: the largest point, below 1.
        count: as for ``linear``.
    """
    return _range(low, high, "reverse-log", count)


def grid(
    *, together: Iterable[Sequence[str]] | None = None, shuffled: bool = False, seed: int | None = None
) -> JSONObject:
    """The design that takes every combination of the axes' points, which is that of a job that names none.

    Args:
        together: groups of axes that move as one, by their paths: ``[["ayla.n1", "ayla.n2"]]``.
        shuffled: compute the settings of an arm in a random order, so that any first part covers the whole grid.
        seed: of that order; service default 0.
    """
    return _design("grid", together=together, shuffled=shuffled, seed=seed)


def random(
    settings: int,
    *,
    seed: int | None = None,
    share: Iterable[str] | None = None,
    together: Iterable[Sequence[str]] | None = None,
) -> JSONObject:
    """The design that draws the settings of each arm independently.

    Args:
        settings: of each arm that has axes.
        seed: that they are drawn with; service default 0.
        share: paths of axes on which all arms get the same points.
        together: as for ``grid``.
    """
    return _design("random", settings=settings, seed=seed, share=share, together=together)


def sobol(
    settings: int,
    *,
    seed: int | None = None,
    share: Iterable[str] | None = None,
    together: Iterable[Sequence[str]] | None = None,
) -> JSONObject:
    """The design that draws scrambled Sobol points, which fill the space more evenly; arguments as for ``random``.

    Powers of two are the best numbers of settings.
    """
    return _design("sobol", settings=settings, seed=seed, share=share, together=together)


def _range(low: float, high: float, scale: str | None, count: int | None) -> JSONObject:
    return without_none(low=low, high=high, scale=scale, count=count)


def _design(
    name: str,
    *,
    together: Iterable[Sequence[str]] | None,
    share: Iterable[str] | None = None,
    shuffled: bool = False,
    settings: int | None = None,
    seed: int | None = None,
) -> JSONObject:
    return without_none(
        design=name,
        settings=settings,
        seed=seed,
        share=None if share is None else list(share),
        together=None if together is None else [list(group) for group in together],
        order="shuffled" if shuffled else None,
    )
