"""Heat maps: which cells there are, what is drawn in them, and that optimizers never share one."""

from functools import partial

import numpy as np
from ayla_service.figures.cells import CellGrid, HeatMap, heat_map_of, values_of
from ayla_service.figures.options import AxisScale, CellValue
from ayla_service.figures.renderers import heatmap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tests.figures.figure_samples import drawn_figure, note, run, setting


def grid_heat_map() -> HeatMap:
    some = [
        setting(0, run(loss=[1.0]), final=4.0, learning_rate=0.1, ayla={"n2": 1.0}),
        setting(1, run(loss=[1.0]), final=400.0, learning_rate=0.01, ayla={"n2": 1.0}),
        setting(2, run(diverged=True), learning_rate=0.1, ayla={"n2": 2.0}),
        setting(3, run(loss=[1.0]), final=6.0, learning_rate=0.1),
        setting(4, run(loss=[1.0]), final=5.0, learning_rate=0.1, clip_norm=1.0),
    ]
    return heat_map_of(some, "learning_rate", "ayla.n2", values_of(some, CellValue.FINAL_LOSS))


def drawn_heat_map(heat_map: HeatMap, scale: AxisScale) -> Figure:
    return drawn_figure(partial(heatmap.render, title="job", heat_map=heat_map, scale=scale, notes=[]))


def test_a_sweep_sorts_its_values_and_takes_the_best_of_a_cell() -> None:
    heat_map = grid_heat_map()
    assert (heat_map.xs, heat_map.ys) == ([0.01, 0.1], [None, 1.0, 2.0])
    (panel,) = heat_map.panels
    np.testing.assert_array_equal(panel.cells, [[np.nan, 5.0], [400.0, 4.0], [np.nan, np.inf]])
    np.testing.assert_array_equal(panel.settings, [[0, 2], [1, 1], [0, 1]])
    assert panel.best == (1, 1)


def test_optimizers_and_ayla_are_never_in_one_cell() -> None:
    some = [
        setting(place, run(loss=[1.0]), final=float(place), name=name, learning_rate=0.1, momentum=place % 2, ayla=ayla)
        for place, (name, ayla) in enumerate(
            (name, ayla) for name in ("sgd", "adam") for ayla in (None, {"n1": 1.0, "n2": 2.0}) for _ in range(2)
        )
    ]
    by_rate = heat_map_of(some, "learning_rate", "momentum", values_of(some, CellValue.FINAL_LOSS))
    assert [panel.heading for panel in by_rate.panels] == ["SGD", "AYLA-SGD", "Adam", "AYLA-Adam"]
    assert [panel.cells.ravel().tolist() for panel in by_rate.panels] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    by_ayla = heat_map_of(some, "momentum", "ayla.n2", values_of(some, CellValue.FINAL_LOSS))
    assert [panel.heading for panel in by_ayla.panels] == ["SGD", "Adam"]
    assert by_ayla.ys == [None, 2.0]
    by_name = heat_map_of(some, "name", "momentum", values_of(some, CellValue.FINAL_LOSS))
    assert [panel.heading for panel in by_name.panels] == ["plain", "with AYLA"]
    figure = drawn_heat_map(by_rate, AxisScale.AUTO)
    assert [axes.get_title() for axes in figure.axes[:4]] == ["SGD", "AYLA-SGD", "Adam", "AYLA-Adam"]


def test_a_heat_map_marks_what_diverged_and_the_best_cell() -> None:
    figure = drawn_heat_map(grid_heat_map(), AxisScale.AUTO)
    axes, bar = figure.axes
    diverged, waiting = axes.lines
    np.testing.assert_array_equal(diverged.get_xydata(), [[1, 2]])
    assert len(np.asarray(waiting.get_xydata())) == 0
    assert {patch.get_xy() for patch in axes.patches if isinstance(patch, Rectangle)} == {(0.5, 0.5)}
    assert [text.get_text() for text in axes.texts] == ["5", "400", "4"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "1", "2"]
    assert bar.get_yscale() == "log"
    assert "diverged" in note(figure)
    assert "the best" in note(figure)
    assert "framed: the best" in note(figure)


def test_a_heat_map_of_a_queued_job_has_its_axes() -> None:
    nothing = CellGrid("", np.full((1, 2), np.nan), np.ones((1, 2)))
    figure = drawn_heat_map(HeatMap("a", "b", [1.0, 2.0], [1.0], [nothing], "steps"), AxisScale.LOG)
    assert len(figure.axes) == 1
    assert "not ended" in note(figure)
