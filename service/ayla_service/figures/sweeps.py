"""The results of a job over two settings that vary: what each cell of a heat map says."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.errors import InvalidQuery
from ayla_service.figures.availability import JobFacts
from ayla_service.figures.data import Floats, Setting, TrialResult
from ayla_service.figures.geometry import drawable
from ayla_service.figures.options import CellValue, FigureOptions
from ayla_service.trials.quantiles import median
from ayla_service.trials.summaries import flat

_ENDED = frozenset({"completed", "diverged"})


@dataclass(frozen=True, slots=True)
class Sweep:
    """Cells over two settings.

    Attributes:
        axis_x: setting along the columns.
        axis_y: setting along the rows.
        xs: its values, in order; None where a setting lacks it.
        ys: likewise.
        cells: shape [ys, xs]; the median over seeds. Infinite where most diverged, NaN where nothing has ended.
        settings: how many settings have these values, shape [ys, xs]; of several the best counts.
    """

    axis_x: str
    axis_y: str
    xs: list[object]
    ys: list[object]
    cells: Floats
    settings: Floats


def axes_of(facts: JobFacts, options: FigureOptions) -> tuple[str, str]:
    """The two settings: those asked for, else those with the most values.

    Raises:
        InvalidQuery: if one that is asked for does not vary, or if both are the same.
    """
    varying = facts.varying
    for parameter, name in (("axis_x", options.axis_x), ("axis_y", options.axis_y)):
        if name is not None and name not in varying:
            known = ", ".join(list(varying)[:20])
            raise InvalidQuery(parameter, f"'{name[:64]}' does not vary between the job's optimizers; {known} do.")
    if options.axis_x is not None and options.axis_x == options.axis_y:
        raise InvalidQuery("axis_y", "Is the same as axis_x; name another setting.")
    by_count = sorted(varying, key=lambda name: -sum(value is not None for value in varying[name]))
    free = [name for name in by_count if name not in (options.axis_x, options.axis_y)]
    # In the order of the settings, so that the learning rate, which comes first, is along the columns.
    free[:2] = sorted(free[:2], key=list(varying).index) if options.axis_x is options.axis_y is None else free[:2]
    across = options.axis_x if options.axis_x is not None else free.pop(0)
    up = options.axis_y if options.axis_y is not None else free.pop(0)
    return across, up


def sweep_of(settings: Sequence[Setting], axis_x: str, axis_y: str, value: CellValue) -> Sweep:
    """The cells of these settings."""
    places: dict[tuple[object, object], list[float]] = defaultdict(list)
    for setting in settings:
        values = flat(setting.optimizer)
        places[_plain(values.get(axis_x)), _plain(values.get(axis_y))].append(_median(setting.results, value))
    xs = sorted({across for across, _ in places}, key=_order)
    ys = sorted({up for _, up in places}, key=_order)
    cells, counts = np.full((len(ys), len(xs)), np.nan), np.zeros((len(ys), len(xs)))
    for (across, up), found in places.items():
        place = ys.index(up), xs.index(across)
        known = [cell for cell in found if not np.isnan(cell)]
        cells[place] = min(known, default=np.nan)
        counts[place] = len(found)
    return Sweep(axis_x, axis_y, xs, ys, cells, counts)


def told(value: object) -> str:
    """A value of a setting for people."""
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _median(results: Sequence[TrialResult], value: CellValue) -> float:
    """Over the trials that have ended; one that diverged is worse than all others."""
    found = [_value(result, value) for result in results if result.state in _ENDED]
    return median(found) if found else np.nan


def _value(result: TrialResult, value: CellValue) -> float:
    if result.diverged:
        return np.inf
    found = result.best_step if value is CellValue.STEPS else getattr(result, value)
    return np.inf if found is None else float(drawable(np.array(float(found))))


def _order(value: object) -> tuple[int, float, str]:
    """None first, then numbers by size, then texts."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
