"""Pictures of sweeps: the scale of the colours, dense maps, and panels of many arms."""

import io
from functools import partial

import numpy as np
import pytest
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.figures.drawing import to_file
from ayla_service.figures.options import AxisScale, FigureOptions, Form
from ayla_service.figures.renderers.heatmap import colour_scale
from ayla_service.figures.swept import options_for, renderer_of_heatmap, renderer_of_sensitivity
from ayla_service.sweeps.axes import SweepAxis
from ayla_service.sweeps.heatmap import grid_over, panels_of
from ayla_service.sweeps.loading import Sweep
from ayla_service.sweeps.query import SweepQuery
from ayla_service.sweeps.sensitivity import along, places_of_arms
from ayla_service.sweeps.service import HeatMapResult, SensitivityResult, SweptTable
from ayla_service.sweeps.table import SweepTable
from matplotlib import image
from matplotlib.colors import LogNorm

from tests.figures.figure_samples import drawn_figure, note
from tests.sweeps.columns import N1, RATE, table, trials

INF = float("inf")
AXES = {RATE: SweepAxis(RATE, "log"), N1: SweepAxis(N1)}


def swept(found: SweepTable, metric: str = "final_loss") -> SweptTable:
    problem = ComparedProblem(title="a problem", steps=10, dtype="float64", mini_batches=False)
    problem.metric = metric  # type: ignore[assignment]
    return SweptTable(Sweep([], problem, is_drawn=True), found, SweepQuery())


def grid_of(side: int, metric: str = "final_loss") -> HeatMapResult:
    """A square grid whose best cell is in the middle; what has a high rate and exponent diverged."""
    rates, exponents = np.repeat(np.logspace(-4, 0, side), side), np.tile(np.linspace(0.5, 2, side), side)
    values = 10 ** ((np.log10(rates) + 2) ** 2 + (exponents - 1.3) ** 2 - 3)
    values[rates * exponents > 0.5] = INF
    found = table(trials(values[:, None].tolist(), {RATE: rates.tolist(), N1: exponents.tolist()}, axes=AXES))
    grid = grid_over(found, (RATE, N1), [0])
    return HeatMapResult(swept(found, metric), grid, list(panels_of(found, grid, "best")), "best")


def test_zeros_among_positive_values_are_no_reason_against_a_logarithm() -> None:
    norm, extend = colour_scale([np.array([[0.0, 1e-6], [1.0, np.nan]])], AxisScale.AUTO)
    assert isinstance(norm, LogNorm)
    assert (norm.vmin, norm.vmax, extend) == (1e-6, 1.0, "neither")
    negative, _ = colour_scale([np.array([[-1.0, 1e-6], [1.0, 2.0]])], AxisScale.AUTO)
    assert not isinstance(negative, LogNorm)


def test_the_worst_few_do_not_take_most_of_the_colours() -> None:
    values = np.linspace(1, 2, 100).reshape(10, 10)
    values[0, 0] = 1e9
    norm, extend = colour_scale([values], AxisScale.LINEAR)
    assert extend == "max"
    assert norm.vmax is not None
    assert norm.vmax <= 2
    assert colour_scale([values[1:]], AxisScale.LINEAR)[1] == "neither"


def test_a_small_map_has_frame_and_crosses_and_a_dense_one_ring_and_colour() -> None:
    small = drawn_figure(renderer_of_heatmap(grid_of(9), FigureOptions()))
    assert small.axes[0].patches
    assert "framed: the best" in note(small)
    assert "✖ diverged" in note(small)
    assert "at learning_rate 0.01, ayla.n1 1.25" in note(small)
    dense = drawn_figure(renderer_of_heatmap(grid_of(60), FigureOptions()))
    assert not dense.axes[0].patches
    assert "ringed: the best" in note(dense)
    assert "orange: diverged" in note(dense)
    ticks = [label.get_text() for label in dense.axes[0].get_xticklabels()]
    assert ticks == ["10⁻⁴", "0.001", "0.01", "0.1", "1"]


def test_what_diverged_is_never_the_best_where_more_is_better() -> None:
    found = table(trials([[-0.5], [-0.9], [INF]], {RATE: [1, 2, 3], N1: [1, 1, 1]}))
    grid = grid_over(found, (RATE, N1), [0])
    result = HeatMapResult(swept(found, "test_accuracy"), grid, list(panels_of(found, grid, "best")), "best")
    assert "best 0.9 at learning_rate 2" in note(drawn_figure(renderer_of_heatmap(result, FigureOptions())))


def test_a_map_of_a_million_cells_has_a_pixel_for_each() -> None:
    result = grid_of(1000)
    options = options_for(result, FigureOptions(), Form.PNG)
    options.check_drawing(Form.PNG)
    drawn = image.imread(io.BytesIO(to_file(renderer_of_heatmap(result, options), options, Form.PNG)))
    rows, columns, _ = drawn.shape
    assert rows * 0.62 >= 1000
    assert columns * 0.68 >= 1000
    asked = FigureOptions(width=5.0)
    assert options_for(result, asked, Form.PNG) is asked


@pytest.mark.parametrize(("optimizers", "panels", "named"), [(4, 1, "plain 3"), (5, 5, "with AYLA")])
def test_many_arms_have_a_panel_for_each_optimizer(
    optimizers: int, panels: int, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms = [f"{kind} {place}" for place in range(optimizers) for kind in ("plain", "ayla")]
    kinds = {name: (f"optimizer {name[-1]}", name.startswith("ayla")) for name in arms}
    monkeypatch.setattr(Sweep, "optimizers", kinds)
    arm_of = np.repeat(np.arange(len(arms)), 3).tolist()
    values = [[float(place)] for place in range(len(arm_of))]
    found = table(trials(values, {RATE: [0.01, 0.1, 1.0] * len(arms)}, arms=arms, arm_of=arm_of))
    places = places_of_arms(found, RATE, range(len(arms)))
    result = SensitivityResult(swept(found), places, list(along(found, places)))
    figure = drawn_figure(partial(renderer_of_sensitivity(result, FigureOptions())))
    assert len([axes for axes in figure.axes if axes.lines]) == panels
    assert named in [text.get_text() for text in figure.legends[0].get_texts()]
