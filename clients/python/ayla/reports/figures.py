"""Figures of a report as files. Needs the extra ``plot``."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

PARAMETERS: dict[Any, Any] = {
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.labelsize": 13,
    "legend.fontsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "axes.axisbelow": True,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "svg.hashsalt": "ayla",
}
"""The style of all figures: readable at half size."""

_COLOURS = 128


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure of a report.

    Attributes:
        stem: file name without its ending.
        section: what it belongs to: the preset of an experiment, the part of a study.
        title: number and subject.
        description: what it shows, for the report and for readers who cannot see it.
        size: inches.
        draw: draws it into an empty Matplotlib figure.
    """

    stem: str
    section: str
    title: str
    description: str
    size: tuple[float, float]
    draw: Callable[[Figure], None]


def save(figure: ReportFigure, folder: Path) -> list[Path]:
    """Write a figure as PNG, SVG and PDF; the same data gives the same files."""
    with matplotlib.rc_context(PARAMETERS):
        canvas = Figure(figsize=figure.size, layout="constrained")
        FigureCanvasAgg(canvas)
        figure.draw(canvas)
        paths = [folder / f"{figure.stem}.{ending}" for ending in ("png", "svg", "pdf")]
        _save_png(canvas, paths[0])
        canvas.savefig(paths[1], metadata={"Date": None})
        canvas.savefig(paths[2], metadata={"CreationDate": None})
    return paths


def _save_png(canvas: Figure, path: Path) -> None:
    """As a picture of few colours, which is a third of the size."""
    drawn = io.BytesIO()
    canvas.savefig(drawn, format="png", dpi=150)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
