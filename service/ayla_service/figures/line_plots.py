"""Line plots of a job: which panels a kind has, of which columns, and over what."""

import numpy as np
from ayla_spec.metrics import METRICS as WHOLE_PARTS
from ayla_spec.metrics import WholePartMetric

from ayla_service.comparison.metrics import in_words, is_whole_part
from ayla_service.figures.availability import FigureJob
from ayla_service.figures.data import FigureData
from ayla_service.figures.options import Across, AxisScale, FigureOptions, Kind
from ayla_service.figures.renderers.lines import LinePlot, Panel
from ayla_service.trials.series import METRICS

_SIDE_BY_SIDE, _PANEL_INCHES = 3, 1.6

_BATCHES = "training batches (mean since the row before)"
"""What a training column is that was not evaluated on the whole part."""


def line_plot(job: FigureJob, kind: Kind, title: str, options: FigureOptions, data: FigureData) -> LinePlot:
    """The line plot of a kind."""
    series = options.series(kind)
    across = job.across(series, options.across)
    panels = _panels(job, kind, options, data)
    is_linear = kind in (Kind.ACCURACY, Kind.PARAMETERS)
    return LinePlot(
        title=title,
        panels=panels,
        across=across,
        per_unit=(job.steps_per_epoch or 1) if across is Across.EPOCH and series is not METRICS else 1,
        scale=options.scale or (AxisScale.LINEAR if is_linear else AxisScale.AUTO),
        columns=max(1, min(len(panels), _SIDE_BY_SIDE, int(options.inches[0] / _PANEL_INCHES))),
        same_values=kind in (Kind.ACCURACY, Kind.EPOCHS),
        smooth=options.smooth,
    )


def _panels(job: FigureJob, kind: Kind, options: FigureOptions, data: FigureData) -> list[Panel]:
    match kind:
        case Kind.LOSS if options.metric is not None and is_whole_part(options.metric):
            return [_of_metric(options.metric)]
        case Kind.LOSS:
            return [Panel("loss", "loss", worst=np.inf)]
        case Kind.ACCURACY:
            return _of_parts("accuracy", data)
        case Kind.EPOCHS:
            return _of_parts("loss", data)
        case Kind.EFFECTIVE_LR:
            return [Panel("effective_lr", "effective learning rate")]
        case _:
            return [Panel(f"param.{name}", name) for name in job.parameters]


def _of_metric(metric: WholePartMetric) -> Panel:
    worst = -np.inf if WHOLE_PARTS[metric].more_is_better else np.inf
    return Panel(metric, in_words(metric), worst=worst)


def _of_parts(value: str, data: FigureData) -> list[Panel]:
    """The whole training part beside the test part; of the training batches what was recorded, where it was not."""
    worst = -np.inf if value == "accuracy" else np.inf
    panels = []
    if data.has(f"full_train_{value}"):
        panels.append(Panel(f"full_train_{value}", value, worst=worst, heading="whole training part"))
    elif data.has(f"train_{value}"):
        panels.append(Panel(f"train_{value}", value, worst=worst, heading=_BATCHES))
    if data.has(f"test_{value}") or not panels:
        panels.append(Panel(f"test_{value}", value, worst=worst, heading="test part"))
    return panels
