"""Figures to bytes. The one place where matplotlib is set up; one drawing at a time, as it is not made for threads."""

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ayla_service.figures.options import DEFAULT_DPI, FigureOptions, Form
from ayla_service.figures.style import PARAMETERS

Paint = Callable[[Figure], None]
"""Fills an empty figure."""

_drawing = threading.Lock()

# The defaults too: what the machine's matplotlibrc says, such as having texts set by LaTeX, does not count here.
_STYLE: list[str | dict[str, Any]] = ["default", PARAMETERS]

# Without dates the same figure is the same bytes.
_SAVED: dict[Form, tuple[Callable[[Figure], Any], dict[str, Any]]] = {
    Form.SVG: (FigureCanvasSVG, {"Date": None}),
    Form.PNG: (FigureCanvasAgg, {}),
    Form.PDF: (FigureCanvasPdf, {"CreationDate": None}),
}


@contextmanager
def styled() -> Iterator[None]:
    """Everything that makes or saves a figure happens within; others wait.

    What cannot be drawn well, such as a character that the font lacks, is drawn as it can, without a warning.
    """
    with _drawing, warnings.catch_warnings(), matplotlib.style.context(_STYLE), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def new_figure(options: FigureOptions) -> Figure:
    """An empty figure of the wanted size."""
    return Figure(figsize=(options.width, options.height), layout="constrained")


def rendered(paint: Paint, options: FigureOptions, form: Form) -> bytes:
    """A figure as a file; the same figure is always the same bytes."""
    canvas, metadata = _SAVED[form]
    with styled():
        figure = new_figure(options)
        canvas(figure)
        paint(figure)
        file = io.BytesIO()
        figure.savefig(file, format=form, dpi=options.dpi or DEFAULT_DPI, metadata=metadata)
    return file.getvalue()
