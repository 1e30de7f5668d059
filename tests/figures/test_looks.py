"""Looks of optimizers, legends that say what differs, marks, smoothing, and sizes by the width."""

from functools import partial

import numpy as np
import pytest
from ayla_service.figures.data import MOST_NAMED
from ayla_service.figures.looks import COLOURS, LOOKS, look_of, styles_of
from ayla_service.figures.options import Style
from ayla_service.figures.renderers import lines
from ayla_service.figures.renderers.lines import LinePlot, Panel

from tests.figures.figure_samples import drawn_figure, figure_data, loss_lines, note, run, setting, texts


def test_a_few_settings_all_look_different() -> None:
    styles = styles_of([setting(index) for index in range(MOST_NAMED)]).values()
    assert all(style.named for style in styles)
    assert len({(style.colour, str(style.look.dashes)) for style in styles}) == MOST_NAMED > len(COLOURS)


def test_a_hundred_looks_differ_in_lines_and_in_marks() -> None:
    looks = [look_of(place) for place in range(LOOKS)]
    assert LOOKS >= 100
    assert len({(look.colour, look.marker, look.hollow) for look in looks}) == LOOKS
    lines_ = {(look.colour, str(look.dashes), look.always_marked and (look.marker, look.hollow)) for look in looks}
    assert len(lines_) == LOOKS


def test_an_optimizer_keeps_its_look_whatever_is_drawn_beside_it() -> None:
    some = [setting(index) for index in range(10)]
    everything, few = styles_of(some), styles_of([some[3], some[9]])
    assert {index: few[index].look for index in few} == {index: everything[index].look for index in few}
    named = styles_of([setting(index) for index in (0, LOOKS, 2 * LOOKS)]).values()
    assert len({style.look for style in named}) == 3


def test_a_legend_says_only_what_differs() -> None:
    labels = ["SGD lr=0.1 momentum=0.9", "AYLA-SGD lr=0.1 momentum=0.9 N1=1 N2=1.4", "Adam lr=0.1 momentum=0.9"]
    some = [setting(place, run(loss=[2.0, 1.0]), label=label) for place, label in enumerate(labels)]
    figure = drawn_figure(loss_lines(figure_data(*some)))
    assert texts(figure) == ["SGD", "AYLA-SGD N1=1 N2=1.4", "Adam"]
    assert note(figure) == "all with lr=0.1 momentum=0.9"
    alike = [setting(place, label=label) for place, label in enumerate(["a=1", "a=1 b=2"])]
    figure = drawn_figure(loss_lines(figure_data(*alike)))
    assert (texts(figure), note(figure)) == (["a=1", "a=1 b=2"], "")


def test_points_of_a_sparse_record_are_marked() -> None:
    for count, is_marked in ((2, True), (40, True), (400, False)):
        figure = drawn_figure(loss_lines(figure_data(setting(0, run(loss=[1.0] * count)))))
        assert (figure.axes[0].lines[0].get_marker() == "o") == is_marked
        assert (figure.legends[0].get_lines()[0].get_marker() == "o") == is_marked


def test_smoothing_is_said_at_the_axis_and_keeps_ends_and_gaps() -> None:
    found = figure_data(setting(0, run(loss=[5.0, 1.0, 9.0, 2.0, 3.0])))
    panel = Panel("loss", "loss", worst=np.inf)
    figure = drawn_figure(partial(lines.render, lines=LinePlot("job", [panel], "step", smooth=3), data=found))
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [3.0, 5.0, 2.0, 3.0, 2.5])
    assert axes.get_ylabel().replace("\n", " ") == "loss, running median of 3 points"
    assert note(figure) == "points 1 step apart"
    plain = drawn_figure(loss_lines(found))
    assert plain.axes[0].get_ylabel() == "loss"


def test_texts_and_lines_grow_with_the_figure() -> None:
    found = loss_lines(figure_data(setting(0, run(loss=[2.0, 1.0]))))
    sizes = []
    for width in (3.3, 8.0, 16.0):
        axes = drawn_figure(found, width=width).axes[0]
        sizes.append((float(axes.xaxis.label.get_fontsize()), axes.lines[0].get_linewidth()))
    assert sizes == sorted(sizes)
    assert sizes[1][0] == pytest.approx(11)
    assert 7 < sizes[0][0] < 8.5 < 11 < sizes[2][0] < 16


def test_paper_has_no_grid_and_one_column() -> None:
    figure = drawn_figure(loss_lines(figure_data(setting(0, run(loss=[2.0, 1.0])))), style=Style.PAPER)
    assert figure.get_size_inches()[0] == pytest.approx(3.3)
    assert not any(line.get_visible() for line in figure.axes[0].get_xgridlines())
