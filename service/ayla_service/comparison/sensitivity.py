"""Sensitivity: what an optimizer reaches at each value of one setting, and how many settings diverge."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ayla_service.comparison.sensitivity_schemas import Divergence, SensitivityPoint, SensitivitySeries
from ayla_service.trials.quantiles import median


def sensitivity(at: Sequence[float], values: Sequence[float], groups: Sequence[str]) -> list[SensitivitySeries]:
    """The best and the median value at every value of one setting, group by group.

    The three sequences have one entry for each optimizer setting.

    Args:
        at: the value of the setting that is looked at, such as the learning rate.
        values: the setting's result (its median over the seeds), of which less is better; infinite if it diverged.
        groups: what is shown side by side, such as "SGD" and "AYLA-SGD"; in order of appearance.

    Raises:
        ValueError: if the sequences differ in length.
    """
    found: dict[str, dict[float, list[int]]] = {}
    for place, (where, _, group) in enumerate(zip(at, values, groups, strict=True)):
        found.setdefault(group, defaultdict(list))[where].append(place)
    return [
        SensitivitySeries(
            name=group, points=[_point(where, places, values) for where, places in sorted(points.items())]
        )
        for group, points in found.items()
    ]


def _point(at: float, places: Sequence[int], values: Sequence[float]) -> SensitivityPoint:
    here = [values[place] for place in places]
    best = min(places, key=values.__getitem__)
    return SensitivityPoint(
        at=at,
        settings=len(here),
        finite=int(np.isfinite(here).sum()),
        best=values[best],
        median=median(here),
        best_place=best,
    )


def divergence(diverged: Sequence[int], runs: Sequence[int]) -> Divergence:
    """How many settings diverge; settings without a run are left out.

    Args:
        diverged: of every setting, how many of its runs diverged.
        runs: of every setting, how many there are.
    """
    counts = [(bad, total) for bad, total in zip(diverged, runs, strict=True) if total]
    most = sum(2 * bad >= total for bad, total in counts)
    return Divergence(
        settings=len(counts),
        some=sum(bad > 0 for bad, _ in counts),
        most=most,
        share=most / len(counts) if counts else None,
    )
