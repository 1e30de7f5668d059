"""Points of a problem: scalars and vectors by name, and the flat list of scalars that they stand for."""

from collections.abc import Mapping
from typing import TypeVar

Point = dict[str, float | list[float]]
"""A value for each variable: a number for a scalar, a list for a vector."""

T = TypeVar("T")


def shape_of(point: Mapping[str, T | list[T]]) -> dict[str, int | None]:
    """For each variable None if it is a scalar, else its length."""
    return {name: len(value) if isinstance(value, list) else None for name, value in point.items()}


def element(name: str, index: int) -> str:
    """The name of one scalar of a vector: ``x[0]``."""
    return f"{name}[{index}]"


def flattened(point: Mapping[str, T | list[T]]) -> dict[str, T]:
    """The scalars of a point in order: ``{"x": [1.0, 2.0], "y": 3.0}`` is x[0], x[1], y."""
    flat: dict[str, T] = {}
    for name, value in point.items():
        if isinstance(value, list):
            flat |= {element(name, index): item for index, item in enumerate(value)}
        else:
            flat[name] = value
    return flat
