"""Sensitivity and heat maps: over the other axes by the best or the median, with counts."""

import math
import statistics

import numpy as np
import pytest
from ayla_service.sweeps.axes import SweepAxis

from tests.sweeps.columns import N1, N2, RATE, cells_over, grid, sensitivity_along, table, trials

INF, NAN = math.inf, math.nan
CUBE = grid({RATE: [0.1, 0.2, 0.3], N1: [1.0, 2.0], N2: [1.0, 2.0, 3.0, 4.0]})
VALUES = [[float((7 * place) % 24)] for place in range(24)]


def test_at_each_value_the_best_and_the_median_over_the_rest() -> None:
    found = sensitivity_along(table(trials(VALUES, CUBE)), RATE)
    (arm,) = found.arms
    for place, rate in enumerate(found.places.centres):
        own = [value[0] for value, at in zip(VALUES, CUBE[RATE], strict=True) if at == rate]
        assert arm.best[place] == min(own)
        assert arm.median[place] == statistics.median(own)
        assert VALUES[arm.best_place[place]][0] == min(own)
    assert list(arm.settings) == [8, 8, 8]


def test_arms_without_the_axis_are_named() -> None:
    columns = {RATE: [0.1, 0.2, 0.1], N1: [NAN, NAN, 1.0]}
    found = sensitivity_along(table(trials([[1], [2], [3]], columns, arms=["plain", "ayla"], arm_of=[0, 0, 1])), N1)
    assert found.lacking == ("plain",)
    assert [arm.arm for arm in found.arms] == [1]


def test_what_diverged_and_what_waits_is_counted() -> None:
    values: list[list[float]] = [[INF, INF], [1, 1], [NAN, NAN], [1, NAN]]
    found = sensitivity_along(table(trials(values, {RATE: [1, 1, 2, 2]})), RATE)
    (arm,) = found.arms
    assert (list(arm.settings), list(arm.finite), list(arm.left_out)) == ([2, 0], [1, 0], [0, 2])
    assert math.isnan(arm.best[1])


@pytest.mark.parametrize("reduce", ["best", "median"])
def test_each_cell_has_the_best_or_the_median_over_the_rest(reduce: str) -> None:
    found = cells_over(table(trials(VALUES, CUBE)), (RATE, N1), reduce, [0])  # type: ignore[arg-type]
    (panel,) = found.panels
    rule = min if reduce == "best" else statistics.median
    for (row, column), cell in np.ndenumerate(panel.cells):
        at = float(found.across.centres[column]), float(found.up.centres[row])
        own = [value[0] for value, x, y in zip(VALUES, CUBE[RATE], CUBE[N1], strict=True) if (x, y) == at]
        assert cell == rule(own)
    assert (panel.settings == 4).all()
    assert panel.best is not None
    assert panel.cells[panel.best] == panel.cells.min()
    assert panel.best_place is not None
    assert (CUBE[RATE][panel.best_place], CUBE[N1][panel.best_place]) == (
        found.across.centres[panel.best[1]],
        found.up.centres[panel.best[0]],
    )


def test_axes_of_several_jobs_are_united_and_cells_that_nobody_ran_are_empty() -> None:
    first = trials([[1], [2]], grid({RATE: [0.1], N1: [1.0, 2.0]}), job_id="first")
    second = trials([[3], [0.5]], {RATE: [0.2, 0.1], N1: [1.0, 2.0]}, job_id="second")
    found = cells_over(table(first, second), (RATE, N1), "best", [0])
    (panel,) = found.panels
    assert np.array_equal(panel.cells, np.array([[1, 3], [0.5, NAN]]), equal_nan=True)
    assert panel.settings.tolist() == [[1, 1], [2, 0]]
    assert panel.several_jobs == 1


def test_an_arm_that_lacks_an_axis_has_no_panel() -> None:
    columns = {RATE: [0.1, 0.2, 0.1], N1: [NAN, NAN, 1.0]}
    found = cells_over(
        table(trials([[1], [2], [3]], columns, arms=["plain", "ayla"], arm_of=[0, 0, 1])), (RATE, N1), "best", [0, 1]
    )
    assert [panel.arm for panel in found.panels] == [1]
    assert found.lacking == ("plain",)
    assert list(found.across.centres) == [0.1]  # of the arms that are shown


def test_where_all_diverged_no_cell_is_the_best() -> None:
    found = cells_over(table(trials([[INF], [INF]], {RATE: [1, 2], N1: [1, 1]})), (RATE, N1), "best", [0])
    assert found.panels[0].best is None
    assert found.panels[0].best_place is None


def test_drawn_points_stand_in_bins() -> None:
    drawn = np.random.default_rng(1)
    columns = {RATE: 10 ** drawn.uniform(-4, -1, 64), N1: drawn.uniform(0.5, 2, 64)}
    axes = {RATE: SweepAxis(RATE, "log", is_drawn=True), N1: SweepAxis(N1, is_drawn=True)}
    values = [[float(place)] for place in range(64)]
    found = cells_over(table(trials(values, columns, axes=axes)), (RATE, N1), "best", [0])  # type: ignore[arg-type]
    assert found.panels[0].cells.shape == (4, 4)
    assert found.panels[0].settings.sum() == 64
