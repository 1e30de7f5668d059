"""How numbers and texts are written on a figure: one notation for an axis, fonts that every reader has."""

import re
from functools import partial

import numpy as np
import pytest
from ayla_service.figures.drawing import Render, styled, to_file
from ayla_service.figures.options import AxisScale, FigureOptions, Form
from ayla_service.figures.renderers import lines
from ayla_service.figures.renderers.lines import LinePlot, Panel
from ayla_service.figures.texts import number_format
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tests.figures.figure_samples import drawn_figure, figure_data, run, setting


def loss_lines(losses: list[float]) -> Render:
    drawn = LinePlot("job", [Panel("loss", "loss", worst=np.inf)], "step", scale=AxisScale.AUTO)
    return partial(lines.render, lines=drawn, data=figure_data(setting(0, run(loss=losses))))


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1000.0, 0.002], ["10³", "10²", "10¹", "10⁰", "10⁻¹", "10⁻²"]),
        ([1000.0, 3e-7], ["10²", "10⁰", "10⁻²", "10⁻⁴", "10⁻⁶"]),
        ([5e9, 2.0], ["10⁸", "10⁶", "10⁴", "10²", "10⁰"]),
    ],
)
def test_the_ticks_of_an_axis_have_one_notation(losses: list[float], expected: list[str]) -> None:
    figure = drawn_figure(loss_lines(losses))
    with styled(FigureOptions()):
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        labels = [text.get_text() for text in figure.axes[0].get_yticklabels() if text.get_text()]
    assert set(expected) <= set(labels)
    assert len({"e" in label for label in labels}) == 1


def test_levels_have_one_notation_too() -> None:
    assert [*map(number_format([0.0, -2e-9, 50.0]), (0.0, -2e-9, 50.0))] == ["0", "−2×10⁻⁹", "5×10¹"]
    assert [*map(number_format([0.0, -2.0, 5000.0]), (0.0, -2.0, 5000.0))] == ["0", "−2", "5000"]


def test_a_pdf_embeds_truetype_and_an_svg_names_fonts_that_stand_in() -> None:
    render = loss_lines([20.0, 1.0])
    pdf = to_file(render, FigureOptions(), Form.PDF)
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf.replace(b" ", b"")
    svg = to_file(render, FigureOptions(), Form.SVG).decode()
    families = set(re.findall(r"font-family: ([^;\"]+)", svg))
    assert families
    assert all(found.startswith("'DejaVu Sans'") and found.endswith("sans-serif") for found in families), families
