"""What is on a figure: how many lines, bands, marks and cells, and on which scale. Nothing about pixels."""

import re
import threading
from dataclasses import replace
from functools import partial
from typing import Any

import matplotlib
import numpy as np
import pytest
from ayla_service.figures.data import FEW_NAMED, FittedCurves, drawable
from ayla_service.figures.drawing import to_file
from ayla_service.figures.legends import NOTHING
from ayla_service.figures.looks import styles_of
from ayla_service.figures.options import AxisScale, FigureOptions, Form
from ayla_service.figures.renderers import curve, landscape, lines
from ayla_service.figures.renderers.lines import LinePlot, Panel
from ayla_service.figures.texts import plain_number, shortened
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from tests.figures.figure_samples import drawn_figure, figure_data, loss_lines, note, run, setting, texts

HOSTILE = [
    "$x$ $\\frac{1",
    "</svg><script>alert(1)</script>",
    "_hidden",
    "a\x00b\x1b[0m",
    "\u202eabc",
    "%s{0}",
    "w" * 250,
]


def bands(axes: Axes) -> list[PolyCollection]:
    return [one for one in axes.collections if isinstance(one, PolyCollection)]


def test_every_setting_has_a_line_and_over_seeds_a_band() -> None:
    two = [run(seed, loss=[4.0 - seed, 2.0, 1.0]) for seed in (0, 1)]
    figure = drawn_figure(loss_lines(figure_data(setting(0, *two), setting(1, *two))))
    (axes,) = figure.axes
    assert len(axes.lines) == 2
    assert len(bands(axes)) == 2
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0, 3.5], [1, 2.0], [2, 1.0]])
    assert texts(figure) == ["setting 0", "setting 1"]
    assert note(figure) == "median and quartiles over 2 seeds"


def test_one_seed_has_no_band() -> None:
    figure = drawn_figure(loss_lines(figure_data(setting(0, run(loss=[2.0, 1.0])))))
    assert bands(figure.axes[0]) == []
    assert note(figure) == ""


@pytest.mark.parametrize(
    ("loss", "scale", "expected"),
    [
        ([10.0, 1.0], AxisScale.AUTO, "log"),
        ([9.0, 1.0], AxisScale.AUTO, "linear"),
        ([10.0, 0.0], AxisScale.AUTO, "linear"),
        ([10.0, -1.0], AxisScale.AUTO, "linear"),
        ([10.0, 1.0], AxisScale.LINEAR, "linear"),
        ([2.0, 1.0], AxisScale.LOG, "log"),
        ([2.0, -1.0], AxisScale.LOG, "log"),
        ([-2.0, -1.0], AxisScale.LOG, "linear"),
    ],
)
def test_the_scale_is_logarithmic_where_that_shows_something(
    loss: list[float], scale: AxisScale, expected: str
) -> None:
    figure = drawn_figure(loss_lines(figure_data(setting(0, run(loss=loss))), scale))
    assert figure.axes[0].get_yscale() == expected


def test_steps_become_epochs() -> None:
    drawn = LinePlot("job", [Panel("loss", "loss")], "epoch", per_unit=4.0)
    figure = drawn_figure(partial(lines.render, lines=drawn, data=figure_data(setting(0, run(loss=[3.0, 2.0, 1.0])))))
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.0, 0.25, 0.5]  # type: ignore[union-attr]
    assert figure.axes[0].get_xlabel() == "epoch"


def test_a_diverged_trial_ends_with_a_mark_that_is_in_view() -> None:
    found = figure_data(
        setting(0, run(loss=[4.0, 2.0, -1.0])), setting(1, run(loss=[4.0, 1e90, np.inf], diverged=True))
    )
    figure = drawn_figure(loss_lines(found))
    (axes,) = figure.axes
    (mark,) = [line for line in axes.lines if line.get_marker() == "X"]
    (step, height), (_, top) = np.asarray(mark.get_xydata())[0], axes.get_ylim()
    assert step == 1
    assert height == pytest.approx(top)
    assert top < 20
    assert "diverged" in note(figure)


def test_before_anything_is_recorded_a_figure_says_so() -> None:
    figure = drawn_figure(loss_lines(figure_data(setting(0, run()), setting(1))))
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == [NOTHING]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    assert texts(figure) == ["setting 0", "setting 1"]


def test_panels_of_parameters_each_have_their_own_axis() -> None:
    panels = [Panel(f"param.{name}", name) for name in "xyzuv"]
    drawn = LinePlot("job", panels, "step", columns=3)
    figure = drawn_figure(partial(lines.render, lines=drawn, data=figure_data(setting(0, run(x=[1.0, 2.0])))))
    assert len(figure.axes) == 6
    assert [axes.get_ylabel() for axes in figure.axes[:5]] == list("xyzuv")
    assert not figure.axes[5].axison
    assert [bool(axes.get_xlabel()) for axes in figure.axes[:5]] == [False, False, True, True, True]


def test_of_many_settings_the_best_are_named_and_the_others_grey() -> None:
    many = [setting(index, run(loss=[9.0, 5.0]), final=float(100 - index)) for index in range(100)]
    styles = styles_of(many)
    assert {index for index, style in styles.items() if style.named} == set(range(100 - FEW_NAMED, 100))
    figure = drawn_figure(loss_lines(figure_data(*many)))
    assert len(figure.axes[0].lines) == 100
    assert len(texts(figure)) == FEW_NAMED + 1
    assert texts(figure)[-1] == f"{100 - FEW_NAMED} others"


def test_settings_without_a_result_are_the_worst() -> None:
    many = [setting(index, run(loss=[1.0]), final=None if index < 10 else 5.0) for index in range(20)]
    assert [index for index, style in styles_of(many).items() if style.named] == list(range(10, 10 + FEW_NAMED))


def test_a_legend_keeps_to_its_part_of_a_small_figure() -> None:
    some = [setting(index, run(loss=[2.0, 1.0]), label=f"{index} " + "w" * 100) for index in range(12)]
    figure = drawn_figure(loss_lines(figure_data(*some)), width=3.0, height=3.0)
    assert len(texts(figure)) < 8
    assert texts(figure)[-1].startswith("and ")
    assert max(map(len, texts(figure))) < 40


def line_landscape(**changes: Any) -> landscape.ObjectiveLine:
    places = np.linspace(-2.0, 3.0, 50)
    return landscape.ObjectiveLine(
        **{"title": "job", "parameter": "x", "places": places, "heights": places**2} | changes
    )


def test_an_objective_has_the_steps_on_it_and_beside_it_the_transformed_loss() -> None:
    plain = setting(0, run(x=[-1.0, 2.0], loss=[1.0, 4.0]))
    ayla = setting(1, run(x=[-1.0, 3.0], loss=[1.0, 9.0]), ayla={"n1": 1.0, "n2": 0.5})
    other = setting(2, run(x=[-1.0, 3.0], loss=[1.0, 9.0]), ayla={"n1": 1.0, "n2": 0.7})
    figure = drawn_figure(partial(landscape.render_line, line=line_landscape(), data=figure_data(plain, ayla, other)))
    left, right = figure.axes
    assert len(left.lines) == 1 + 3 * 2  # curve; steps and last step of each setting
    assert len(right.lines) == 1 + 2 * 2  # without the one that sees another curve
    assert right.get_title() == "transformed, N1=1, N2=0.5"
    places = line_landscape().places
    expected = np.where(places**2 < 1, places**2, np.abs(places))
    np.testing.assert_allclose(np.asarray(right.lines[0].get_ydata(), dtype=float), expected)
    np.testing.assert_allclose(np.asarray(right.lines[3].get_xydata(), dtype=float), [[-1.0, 1.0], [3.0, 3.0]])


def test_without_ayla_there_is_one_curve() -> None:
    found = figure_data(setting(0, run(x=[0.0], loss=[0.0])))
    assert len(drawn_figure(partial(landscape.render_line, line=line_landscape(), data=found)).axes) == 1


def test_many_settings_do_not_cover_the_curve_with_marks() -> None:
    course = run(x=np.linspace(-1, 1, 500).tolist(), loss=np.linspace(-1, 1, 500).tolist())
    found = figure_data(*(setting(index, course) for index in range(100)))
    (axes,) = drawn_figure(partial(landscape.render_line, line=line_landscape(), data=found)).axes
    assert sum(len(np.asarray(line.get_xdata())) for line in axes.lines[1:]) < 1500


def flat_plane(heights: np.ndarray) -> landscape.ObjectivePlane:
    up, across = (np.linspace(-1.0, 1.0, count) for count in heights.shape)
    return landscape.ObjectivePlane("job", ("x", "y"), across, up, heights)


def test_a_plane_has_contours_and_a_path_for_each_setting() -> None:
    grid = np.add.outer(np.linspace(-1, 1, 20) ** 2, np.linspace(-1, 1, 30) ** 2)
    course = run(x=[0.5, 0.1, 0.0], y=[0.5, 0.2, 0.1])
    found = figure_data(setting(0, course), setting(1, course))
    figure = drawn_figure(partial(landscape.render_plane, plane=flat_plane(grid), data=found))
    axes, bar = figure.axes
    assert len(axes.collections) == 1
    assert len(axes.lines) == 2 * 3  # path, last step, start
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("x", "y", "loss")


@pytest.mark.parametrize("heights", [np.full((4, 4), np.nan), np.full((4, 4), 3.0)], ids=["nowhere", "flat"])
def test_a_plane_without_heights_is_drawn_without_contours(heights: np.ndarray) -> None:
    figure = drawn_figure(
        partial(landscape.render_plane, plane=flat_plane(heights), data=figure_data(setting(0, run())))
    )
    assert len(figure.axes) == 1
    assert figure.axes[0].texts[0].get_text() == NOTHING


def test_levels_grow_and_are_closer_in_a_narrow_valley() -> None:
    even = landscape.levels_of(np.linspace(0.0, 1.0, 100))
    assert np.diff(even) == pytest.approx(np.full(len(even) - 1, np.diff(even)[0]))
    steep = landscape.levels_of(np.geomspace(1e-3, 1e6, 100))
    assert (np.diff(steep) > 0).all()
    assert steep[1] < 1.0 < 1e6 == pytest.approx(steep[-1])


def test_fitted_curves_have_a_panel_for_each_step() -> None:
    x = np.linspace(0, 1, 5)
    columns = {"x": x, "prediction": x, "target": x, "truth": x}
    drawn = FittedCurves([10, 20, 30], {(10, 0): columns, (10, 1): columns, (20, 0): {"x": x, "prediction": x}})
    figure = drawn_figure(
        partial(curve.render, title="job", data=replace(figure_data(setting(0), setting(1)), fits=drawn))
    )
    assert [axes.get_title() for axes in figure.axes] == ["step 10", "step 20", "step 30"]
    assert [len(axes.lines) for axes in figure.axes] == [4, 1, 0]
    assert figure.axes[2].texts[0].get_text() == NOTHING
    assert texts(figure) == ["data", "true curve", "setting 0", "setting 1"]


@pytest.mark.parametrize("form", Form)
def test_texts_of_users_are_drawn_as_they_are_or_not_at_all(form: Form) -> None:
    found = figure_data(*(setting(place, run(loss=[2.0]), label=label) for place, label in enumerate(HOSTILE)))
    content = to_file(loss_lines(found, name="".join(HOSTILE[:5])), FigureOptions(), form)
    if form is Form.SVG:
        svg = content.decode()
        assert "&lt;script&gt;" in svg
        assert "<script" not in svg
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", svg)
        assert svg.count("</svg>") == 1


def test_a_label_with_dollars_is_no_formula_and_one_with_an_underscore_is_in_the_legend() -> None:
    figure = drawn_figure(
        loss_lines(figure_data(*(setting(place, label=label) for place, label in enumerate(HOSTILE))))
    )
    assert texts(figure)[:3] == HOSTILE[:3]
    assert not any(text.get_parse_math() for text in figure.legends[0].get_texts())


SIZES = [[1e308, -1e308, 5.0], [1e308, 1e-308, 1e-320], [0.0, 0.0, 0.0], [1e-320, 1e-310, 0.0], [np.inf], [np.nan], []]


@pytest.mark.parametrize("values", SIZES)
@pytest.mark.parametrize("scale", [AxisScale.LINEAR, AxisScale.LOG])
def test_numbers_of_any_size_are_drawn(values: list[float], scale: AxisScale) -> None:
    alone = figure_data(setting(0, run(loss=values, diverged=True)))
    to_file(loss_lines(alone, scale), FigureOptions(width=3.0, height=3.0), Form.SVG)


def test_numbers_of_all_sizes_are_drawn_together() -> None:
    together = figure_data(*(setting(place, run(loss=values)) for place, values in enumerate(SIZES)))
    to_file(loss_lines(together), FigureOptions(width=3.0, height=3.0), Form.SVG)


@pytest.mark.parametrize("values", SIZES[:3])
def test_objectives_of_any_size_are_drawn(values: list[float]) -> None:
    places = np.linspace(-1e100, 1e100, len(values) or 1)
    course = run(x=values, loss=values, y=values)
    found = figure_data(setting(0, course, ayla={"n1": 100.0, "n2": 100.0}))
    drawn = line_landscape(places=places, heights=drawable(np.array(values)))
    to_file(partial(landscape.render_line, line=drawn, data=found), FigureOptions(), Form.SVG)
    wide = landscape.ObjectivePlane(
        "job", ("x", "y"), np.linspace(-1e100, 1e100, 9), np.arange(9.0), np.full((9, 9), 1e100)
    )
    to_file(partial(landscape.render_plane, plane=wide, data=found), FigureOptions(), Form.SVG)


def test_threads_draw_the_same_bytes() -> None:
    found = figure_data(setting(0, run(loss=[20.0, 1.0])))
    small = FigureOptions(width=3.0, height=3.0, dpi=50)
    expected = [to_file(loss_lines(found), small, form) for form in Form]
    drawn: list[list[bytes]] = []

    def draw() -> None:
        drawn.append([to_file(loss_lines(found), small, form) for form in Form])

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 2
    assert [content[:5] for content in expected] == [b"<?xml", b"\x89PNG\r", b"%PDF-"]


def test_what_the_machine_says_of_matplotlib_does_not_count() -> None:
    render = loss_lines(figure_data(setting(0, run(loss=[20.0, 1.0]))))
    expected = to_file(render, FigureOptions(), Form.SVG)
    with matplotlib.rc_context({"lines.linewidth": 9, "text.parse_math": True, "svg.hashsalt": None}):
        assert to_file(render, FigureOptions(), Form.SVG) == expected


def test_drawing_leaves_no_figure_behind_in_the_state_of_pyplot() -> None:
    from matplotlib import _pylab_helpers

    drawn_figure(loss_lines(figure_data(setting(0, run(loss=[1.0])))))
    assert not _pylab_helpers.Gcf.figs


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("plain", 5, "plain"),
        ("two\nlines\tand  gaps", 50, "two lines and gaps"),
        ("0123456789", 7, "0123…89"),
        ("日本語日本語", 7, "日本…語"),
        ("\x00\x1b", 5, ""),
    ],
)
def test_texts_are_cut_in_the_middle(text: str, longest: int, expected: str) -> None:
    assert shortened(text, longest) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1000, "1000"),
        (0.06, "0.06"),
        (-6.543, "−6.54"),
        (1e17, "10¹⁷"),
        (1.5e-5, "1.5×10⁻⁵"),
        (-1e-5, "−10⁻⁵"),
        (0, "0"),
    ],
)
def test_numbers_are_short(value: float, expected: str) -> None:
    assert plain_number(value) == expected


def test_a_figure_has_the_wanted_size() -> None:
    figure: Figure = drawn_figure(loss_lines(figure_data(setting(0, run(loss=[1.0])))), width=10.0, height=4.0)
    assert figure.get_size_inches().tolist() == [10.0, 4.0]
