"""Designs that draw: the points of each arm, made once when a job is submitted and stored with it.

The numbers of each group of axes come from a stream of their own, so another axis changes nothing of the rest.
"""

import hashlib
from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from ayla_spec.arms import ArmSpace, AxisGroup, arms_of, is_variant
from ayla_spec.axis_points import Floats, drawn, places
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.search import Search
from ayla_spec.shuffling import shuffled
from ayla_spec.sobol import sobol

LIBRARY = f"numpy {np.__version__}"
"""What draws the points."""

Points = dict[str, Floats]
"""The points of an arm: a column for each of its axes, by path."""

_Stream = Callable[[int], Floats]
"""The numbers from 0 to below 1 of a group of axes: the first n of them."""

_CANDIDATES = 8
"""How many times as many points as are needed are looked at for different ones."""


def plan_points(spec: ResolvedJobSpec, most: int | None = None) -> tuple[Points, ...]:
    """The points of each arm of a job; none of arms without axes, nor of a grid, which is listed.

    Args:
        spec: the job.
        most: settings of each arm that are enough; they are those that are drawn first.
    """
    search, nothing = spec.search, Points()
    arms = arms_of(spec.problem, spec.optimizers, search)
    if search is None or search.design == "grid":
        return tuple(nothing for _ in arms)
    return tuple(_of_arm(arm, search, min(arm.settings, most or arm.settings)) if arm.axes else nothing for arm in arms)


def _of_arm(arm: ArmSpace, search: Search, count: int) -> Points:
    streams = [_stream(arm, group, place, search) for place, group in enumerate(arm.groups)]
    units = _units(arm, streams, search, count)
    points = {
        path: drawn(arm.axes[path], unit) for group, unit in zip(arm.groups, units, strict=True) for path in group.paths
    }
    return _ordered({path: points[path] for path in arm.axes}, search, count)


def _units(arm: ArmSpace, streams: Sequence[_Stream], search: Search, count: int) -> list[Floats]:
    """The first ``count`` points of the streams; where each axis has a number of points, the first different ones.

    Axes that arms share are as they are drawn, as a point left out in one arm would part it from the others.
    """
    possible = prod(group.count or 0 for group in arm.groups)
    is_shared = any(path in search.share for path in arm.axes)
    if possible == 0 or is_shared or possible >= 2**62:
        return [stream(count) for stream in streams]
    counts = [group.count or 1 for group in arm.groups]
    candidates = np.zeros(_CANDIDATES * count, dtype=np.int64)
    for stream, size in zip(streams, counts, strict=True):
        candidates = candidates * size + places(stream(len(candidates)), size)
    chosen = np.unravel_index(_different(candidates, possible, count), counts)
    return [(place + 0.5) / size for place, size in zip(chosen, counts, strict=True)]


def _different(candidates: NDArray[np.int64], possible: int, count: int) -> NDArray[np.int64]:
    """The first different ones of some combinations, by their numbers; where they do not suffice, the first others."""
    _, first = np.unique(candidates, return_index=True)
    found = candidates[np.sort(first)[:count]]
    if len(found) == count:
        return found
    return np.concatenate([found, np.setdiff1d(np.arange(possible), found)[: count - len(found)]])


def _stream(arm: ArmSpace, group: AxisGroup, place: int, search: Search) -> _Stream:
    is_shared = group.paths[0] in search.share
    owner = "shared" if is_shared else f"arm {arm.entry}"
    digest = hashlib.sha256(f"{search.seed}\n{owner}\n{' '.join(sorted(group.paths))}".encode()).digest()
    if search.design == "random":
        words = np.frombuffer(digest, dtype="<u4").tolist()
        return lambda count: np.random.Generator(np.random.PCG64(np.random.SeedSequence(words))).random(count)
    # Shared axes have the same dimension in every arm; the others come after as many as can be shared.
    dimension = search.share.index(group.paths[0]) if is_shared else len(search.share) + place
    return lambda count: sobol(dimension, count, int.from_bytes(digest[:4], "little"))


def _ordered(points: Points, search: Search, count: int) -> Points:
    """The points in the order of the arm's settings: those of one problem stand together."""
    order = np.arange(count, dtype=np.int64)
    if search.order == "shuffled":
        order = shuffled(order, count, np.full(count, search.seed, dtype=np.uint64))
    variants = [points[path][order] for path in points if is_variant(path)]
    order = order[np.lexsort(variants[::-1])] if variants else order
    return {path: column[order] for path, column in points.items()}
