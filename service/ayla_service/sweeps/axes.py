"""Axes of a sweep, and the places along one that values are put into: its own values, or bins."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ayla_service.sweeps.groups import Floats, Integers

Scale = Literal["linear", "log", "reverse-log"]

MOST_PLACES = 1000
"""Along one axis."""

_SAME = 1e-9
"""Values whose relative difference is less are one: grids of two jobs differ in their last bits."""


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """Axis of a sweep.

    Attributes:
        path: where the number stands in an optimizer or problem, such as ``ayla.n1``.
        scale: on which its values are evenly spread.
        is_drawn: whether they were drawn, so that hardly two settings have the same.
    """

    path: str
    scale: Scale = "linear"
    is_drawn: bool = False


def united(one: SweepAxis, other: SweepAxis) -> SweepAxis:
    """An axis of two arms or jobs: drawn if it is in one of them, and not linear if it is not in one of them."""
    return SweepAxis(one.path, other.scale if one.scale == "linear" else one.scale, one.is_drawn or other.is_drawn)


@dataclass(frozen=True, slots=True)
class Places:
    """Places along an axis: one for each value, or bins of equal width on its scale.

    Attributes:
        axis: the axis.
        centres: the values, or the middles of the bins; growing, shape [places].
        edges: of the bins, shape [places + 1]; None where places are values.
    """

    axis: SweepAxis
    centres: Floats
    edges: Floats | None = None

    def of(self, values: Floats) -> Integers:
        """The place of each value; -1 for NaN, of settings that lack the axis."""
        if not len(self.centres):
            return np.full(len(values), -1)
        found = self._nearest(values) if self.edges is None else self._bins(self.edges, values)
        return np.where(np.isnan(values), -1, found)

    def _nearest(self, values: Floats) -> Integers:
        """Values that are one stand at the first of them, a little below the others."""
        slack = _SAME * np.abs(values)
        return np.clip(np.searchsorted(self.centres, values + slack, side="right") - 1, 0, len(self.centres) - 1)

    def _bins(self, edges: Floats, values: Floats) -> Integers:
        """A value on an edge is in the bin above it, the highest in the last."""
        return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(self.centres) - 1)


def places_along(axis: SweepAxis, values: Floats, axes: int, bins: int | None = None) -> Places:
    """The places along an axis.

    Values are places of their own where they were listed. Drawn ones, more than ``MOST_PLACES``, and those that bins
    are asked for go into bins of equal width on the axis's scale; without a number there are as many as the square
    root of the settings along one axis, and as the cube root along each of two.

    Args:
        axis: the axis.
        values: of all settings; NaN where one lacks the axis.
        axes: along how many axes places are made, 1 or 2.
        bins: how many bins; None for the rule.
    """
    known = values[~np.isnan(values)]
    levels = _levels(known)
    if len(levels) < 2 or (bins is None and not axis.is_drawn and len(levels) <= MOST_PLACES):
        return Places(axis, levels)
    return _binned(axis, levels, bins or _bins_by_rule(len(known), axes))


def _bins_by_rule(settings: int, axes: int) -> int:
    return int(np.clip(round(settings ** (1 / (axes + 1))), 2, MOST_PLACES))


def _levels(values: Floats) -> Floats:
    found: Floats = np.unique(values)
    if not len(found):
        return found
    gaps = np.diff(found) > _SAME * np.maximum(np.abs(found[1:]), np.abs(found[:-1]))
    return np.extract(np.concatenate([[True], gaps]), found)


def _binned(axis: SweepAxis, levels: Floats, bins: int) -> Places:
    scale = scale_for(axis.scale, levels)
    ends = forward(scale, levels[[0, -1]])
    edges = backward(scale, np.linspace(ends[0], ends[1], bins + 1))
    edges[[0, -1]] = levels[[0, -1]]
    middles = backward(scale, np.linspace(ends[0], ends[1], 2 * bins + 1)[1::2])
    return Places(SweepAxis(axis.path, scale, axis.is_drawn), middles, edges)


def scale_for(scale: Scale, levels: Floats) -> Scale:
    """The scale, or linear where these values have no place on it."""
    if scale == "log" and not (levels > 0).all():
        return "linear"
    return "linear" if scale == "reverse-log" and not (levels < 1).all() else scale


def forward(scale: Scale, values: Floats) -> Floats:
    """Positions on a scale; growing with the values. Reverse-log is the logarithm of the distance from 1."""
    if scale == "log":
        return np.log10(values)
    return -np.log10(1 - values) if scale == "reverse-log" else values


def backward(scale: Scale, positions: Floats) -> Floats:
    """The values at these positions."""
    if scale == "log":
        return np.power(10.0, positions)
    return 1 - np.power(10.0, -positions) if scale == "reverse-log" else positions
