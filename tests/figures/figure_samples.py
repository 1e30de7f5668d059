"""Samples of the data of figures, and figures to look into."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from ayla_service.figures.data import FigureData, Floats, RecordedTrial, SettingData, TrialResult
from ayla_service.figures.drawing import Render, new_figure, styled
from ayla_service.figures.options import AxisScale, FigureOptions
from ayla_service.figures.renderers import lines
from ayla_service.figures.renderers.lines import LinePlot, Panel
from matplotlib.figure import Figure


def run(seed: int = 0, *, diverged: bool = False, **columns: Sequence[float]) -> RecordedTrial:
    """Columns by step, from 0; ``x`` and ``y`` are the parameters of these names."""
    named = {
        f"param.{name}" if name in "xy" else name: np.array(values, dtype=float) for name, values in columns.items()
    }
    rows = max(map(len, columns.values()), default=0)
    return RecordedTrial(seed, diverged, np.arange(rows), named)


def setting(
    index: int, *runs: RecordedTrial, label: str | None = None, final: float | None = None, **optimizer: Any
) -> SettingData:
    """A setting; each of its trials ended with the loss ``final``."""
    results = [
        TrialResult(place, index, one.seed, "diverged" if one.diverged else "completed", final, final, 1)
        for place, one in enumerate(runs or [run()])
    ]
    named = f"setting {index}" if label is None else label
    return SettingData(
        index, named, {"name": "sgd", "learning_rate": 0.1, "ayla": None} | optimizer, results, list(runs)
    )


def figure_data(*settings: SettingData) -> FigureData:
    """All seeds of a job."""
    seeds = max((len(one.trials) for one in settings), default=1)
    return FigureData(list(settings), seeds, seeds)


def drawn_figure(render: Callable[[Figure], None], **options: Any) -> Figure:
    """The figure that a renderer draws."""
    wanted = FigureOptions(**options)
    with styled(wanted):
        figure = new_figure(wanted)
        render(figure)
        return figure


def texts(figure: Figure) -> list[str]:
    """The names in the legend."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def note(figure: Figure) -> str:
    """What the legend says on how to read the figure."""
    return figure.legends[0].get_title().get_text()


def loss_lines(found: FigureData, scale: AxisScale = AxisScale.AUTO, name: str = "job") -> Render:
    """Lines of the loss by step."""
    return partial(
        lines.render, lines=LinePlot(name, [Panel("loss", "loss", worst=np.inf)], "step", scale=scale), data=found
    )


def noise(count: int, seed: int) -> Floats:
    """Numbers between -1 and 1 that look random."""
    drawn: Floats = 2 * (np.sin(np.arange(count) * 12.9898 + 78.233 * seed) * 43758.5453 % 1) - 1
    return drawn
