"""Figures of comparisons: they show the comparison's numbers, of one job or of several, and nothing else."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import TOO_LONG, ComparisonQuery
from ayla_service.comparison.tuned_arms import follow
from ayla_service.computing_time import ComputingTime
from ayla_service.errors import InvalidQuery
from ayla_service.figures.compared import Compared, compared, pairs_of, slopes_of, strips_of
from ayla_service.figures.compared_arms import best_of_settings, sensitivity_of
from ayla_service.figures.drawing import to_file
from ayla_service.figures.looks import LOOKS, look_of
from ayla_service.figures.options import FigureOptions, Form, Style
from ayla_service.figures.renderers import forest, profiles, sensitivity, slopes, strip, tuning
from ayla_service.figures.renderers.forest import NO_PAIRS
from ayla_service.figures.renderers.rows import OUTCOMES
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.comparison.comparing import INF, with_columns
from tests.figures.compared_pictures import few_optimizers, made_up_problem, result_of, several_problems, swept
from tests.figures.figure_samples import drawn_figure, note, texts

PLAIN, AYLA = "SGD lr=0.1", "AYLA-SGD lr=0.1 N1=2 N2=1"


def data_of(*problems: Any, query: ComparisonQuery | None = None, **options: Any) -> Compared:
    return compared(result_of(list(problems), query), "title", FigureOptions(**options))


def drawn(render: Any, data: Compared, **options: Any) -> Figure:
    return drawn_figure(partial(render, data=data), **options)


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_forest_has_a_row_for_each_pair_with_its_interval_and_outcome() -> None:
    data = data_of(few_optimizers())
    _, _, answers = pairs_of(data)
    figure = drawn(forest.render, data)
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[1].replace("\n", " ") == "AYLA-SGD N1=2 N2=1 against SGD lr=0.1"
    assert len(labels) == len(answers) == 3
    medians = [line for line in axes.lines if line.get_marker() == "s"]
    assert [line.get_xdata()[0] for line in medians] == [pair.median_difference for pair in answers]  # type: ignore[index]
    assert [line.get_color() for line in medians] == [OUTCOMES[pair.outcome] for pair in answers]
    ends = [np.asarray(line.get_xdata()).tolist() for line in axes.lines if line.get_marker() == "None"]
    assert answers[0].interval is not None
    assert [answers[0].interval.low, answers[0].interval.high] in ends
    assert [line.get_marker() for line in axes.lines if line.get_marker() in ("<", ">")] == [">"]  # diverged seeds
    for text, pair in zip(words(axes), answers, strict=True):
        assert text.startswith(f"{pair.outcome}\n{pair.wins} : {pair.losses}")
    assert "below 0 is better" in axes.get_xlabel().replace("\n", " ")
    assert "Holm's correction for 3 tests" in note(figure).replace("\n", " · ")


def test_a_forest_of_gaps_says_that_their_differences_are_powers_of_ten() -> None:
    made = few_optimizers()
    made.metric, made.minimum = "gap", 0.0
    label = drawn(forest.render, data_of(made)).axes[0].get_xlabel().replace("\n", " ")
    assert label == "median difference of the gap to the known minimum in powers of ten (below 0 is better)"


def test_over_several_problems_a_forest_is_of_problems_and_of_one_by_its_number() -> None:
    data = data_of(*several_problems())
    assert {pair.unit for pair in pairs_of(data)[2]} == {"problem"}
    assert {pair.unit for pair in pairs_of(data_of(*several_problems(), problem=2))[2]} == {"seed"}
    assert "relative" in drawn(forest.render, data).axes[0].get_xlabel()
    with pytest.raises(InvalidQuery) as raised:
        data_of(*several_problems(), problem=7)
    assert "7 problems, numbered from 0" in raised.value.issues[0].detail
    with pytest.raises(InvalidQuery) as raised:
        drawn(strip.render, data)
    assert "at most 6" in raised.value.issues[0].detail


def test_without_a_pair_a_figure_says_what_would_give_one() -> None:
    alone = made_up_problem("x", {"SGD": ({}, [1.0, 2.0]), "Adam": ({"name": "adam"}, [1.0, 3.0])})
    for render in (forest.render, slopes.render):
        (axes,) = drawn(render, data_of(alone)).axes
        assert words(axes)[0].replace("\n", " ") == NO_PAIRS
    with_baseline = data_of(alone, query=ComparisonQuery(baseline="SGD"))
    assert [pair.label for pair in pairs_of(with_baseline)[2]] == ["Adam"]


def test_too_few_pairs_for_an_interval_have_a_hollow_mark() -> None:
    few = made_up_problem("x", {PLAIN: ({}, [1.0, 2.0]), AYLA: ({"ayla": {"n1": 2.0, "n2": 1.0}}, [0.5, 1.0])})
    figure = drawn(forest.render, data_of(few))
    (median,) = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    assert median.get_markerfacecolor() == "white"
    assert "hollow: too few pairs" in note(figure)


def test_slopes_join_both_values_of_each_seed() -> None:
    data = data_of(few_optimizers())
    pair = slopes_of(data)[1]
    settings = few_optimizers().settings
    losses = [settings[label].runs.table["final_loss"].tolist() for label in (PLAIN, AYLA)]
    expected = list(zip(*losses, strict=True))
    assert pair.values == expected
    figure = drawn(slopes.render, data)
    lines = [line for line in figure.axes[1].lines if line.get_marker() == "o"]
    assert len(lines) == 10
    won = sum(line.get_color() == OUTCOMES["better"] for line in lines)
    assert won == pair.answer.wins == sum(ours < base for base, ours in expected)
    assert sum(line.get_marker() == "X" for line in figure.axes[1].lines) == 2
    assert f"better on {won} of 10" in figure.axes[1].get_title()


def test_a_strip_has_every_seed_and_counts_what_diverged_apart() -> None:
    data = data_of(few_optimizers())
    strips = strips_of(data.problems[0])
    assert [len(one.values) for one in strips] == [10, 10, 8, 10, 10]
    assert [one.diverged for one in strips] == [0, 0, 2, 0, 0]
    figure = drawn(strip.render, data)
    (axes,) = figure.axes
    points = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [np.sort(np.asarray(line.get_xdata())).tolist() for line in points] == [sorted(one.values) for one in strips]
    medians = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() != "None"]  # type: ignore[index]
    assert medians == [one.median for one in (strip.summary for strip in strips) if one is not None]
    assert [text for text in words(axes) if text] == ["✖ 2 of 10\ndiverged"]


def test_an_optimizer_has_the_same_look_in_every_figure_of_a_comparison() -> None:
    data = data_of(*several_problems(), optimizers=(3, 4))
    figure = drawn(profiles.render_data, data)
    assert [line.get_color() for line in figure.axes[0].lines] == [look_of(3).colour, look_of(4).colour]
    assert LOOKS > 100


def test_a_profile_is_the_step_function_of_the_comparison() -> None:
    data = data_of(*several_problems())
    assert data.result.profile is not None
    curve = data.result.profile.curves[0]
    line = drawn(profiles.render_performance, data).axes[0].lines[0]
    places, shares = (np.asarray(values) for values in (line.get_xdata(), line.get_ydata()))
    assert list(places[1:-1]) == curve.performance.tau
    assert list(shares[1:-1]) == curve.performance.share
    assert line.get_drawstyle() == "steps-post"
    unread = compared(result_of([few_optimizers()]), "", FigureOptions())
    object.__setattr__(unread.result, "profile", None)
    assert "too many" in words(drawn(profiles.render_data, unread).axes[0])[0].replace("\n", " ")


def test_an_ecdf_is_that_of_the_comparison_over_all_its_targets() -> None:
    data = data_of(*several_problems())
    assert data.result.profile is not None
    curve = data.result.profile.curves[0].ecdf
    figure = drawn(profiles.render_ecdf, data)
    line = figure.axes[0].lines[0]
    assert np.asarray(line.get_xdata()).tolist()[1:-1] == curve.cost
    assert np.asarray(line.get_ydata()).tolist()[1:-1] == curve.share
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_xscale()) == ("steps", "log")
    assert "50 targets from the first to the best value" in note(figure).replace("\n", " · ")
    by_gradients = data_of(few_optimizers(), query=ComparisonQuery(cost="gradient_evaluations"))
    assert drawn(profiles.render_data, by_gradients).axes[0].get_xlabel() == "gradient evaluations"


def test_sensitivity_has_plain_beside_the_best_with_ayla_at_each_rate() -> None:
    problem = swept()
    data = data_of(problem)
    plain, ayla = sensitivity_of(data, data.problems[0], "learning_rate")
    assert (plain.name, ayla.name) == ("SGD", "AYLA-SGD")
    settings = [one for one in problem.settings.values() if one.optimizer["learning_rate"] == 0.01 and one.has_ayla]
    best = min(np.median(one.runs.table["final_loss"]) for one in settings)
    assert next(point.best for point in ayla.points if point.at == 0.01) == pytest.approx(best)
    figure = drawn(sensitivity.render, data)
    assert figure.axes[0].get_xscale() == "log"
    assert texts(figure) == ["SGD", "AYLA-SGD"]
    assert "✖ diverged" in note(figure)
    by_exponent = data_of(problem, axis_x="ayla.n1")
    assert [one.name for one in sensitivity_of(by_exponent, by_exponent.problems[0], "ayla.n1")] == ["AYLA-SGD"]


def test_tuning_is_the_expected_best_of_each_arm_on_the_tuning_seeds() -> None:
    data = data_of(swept(), tuning_seeds=(0, 1))
    found = best_of_settings(data, data.problems[0])
    assert {name: len(points) for name, points in found.items()} == {"SGD": 6, "AYLA-SGD": 24}
    figure = drawn(tuning.render, data)
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 6)  # type: ignore[arg-type]
    expected = [np.nan if point.expected == INF else point.expected for point in found["SGD"]]
    np.testing.assert_array_equal(np.asarray(line.get_ydata(), dtype=float), expected)
    assert "median over 2 tuning seeds" in note(figure).replace("\n", " · ")
    assert "95 %" in note(figure)


def test_with_a_protocol_the_rows_are_arms_and_name_their_budgets() -> None:
    problem, query = swept(), ComparisonQuery()
    for label, setting in problem.settings.items():
        setting.arms.append("AYLA-SGD" if label.startswith("AYLA") else "SGD")
    result = result_of([problem])
    object.__setattr__(result, "outcome", follow(Protocol((0, 1), (2, 3)), [problem], query, ComputingTime(TOO_LONG)))
    data = compared(result, "", FigureOptions(tuning_seeds=(0, 1), confirm_seeds=(2, 3)))
    (pair,) = pairs_of(data)[2]
    figure = drawn(forest.render, data)
    (label,) = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert label == "AYLA-SGD (best of 24) against SGD (best of 6)"
    assert "unequal budgets" in note(figure).replace("\n", " ")
    (slope,) = slopes_of(data)
    assert len(slope.values) == pair.pairs == 2


def test_accuracies_have_their_direction() -> None:
    problem = few_optimizers()
    problem.parts, problem.has_classes = ("test",), True
    problem.metric = "test_accuracy"
    for setting in problem.settings.values():
        accuracies = 1 / (1 + setting.runs.table["final_loss"])
        setting.runs = with_columns(setting.runs, test_accuracy=np.where(setting.runs.diverged, np.nan, accuracies))
    data = data_of(problem)
    name, more, answers = pairs_of(data)
    assert (name, more) == ("test accuracy", True)
    assert answers[0].median_difference is not None
    assert answers[0].median_difference > 0
    assert answers[0].outcome == "better"
    assert all(0 < value < 1 for one in strips_of(data.problems[0]) for value in one.values)
    figure = drawn(forest.render, data)
    assert "above 0 is better" in figure.axes[0].get_xlabel().replace("\n", " ")
    assert [line.get_marker() for line in figure.axes[0].lines if line.get_marker() in ("<", ">")] == ["<"]
    wins = [line.get_color() for line in drawn(slopes.render, data).axes[0].lines if line.get_marker() == "o"]
    assert wins.count(OUTCOMES["better"]) == answers[0].wins


EXTREME = [[1e308, -1e308, 5.0], [1e-320, 0.0, 1e300], [INF, INF, INF], [-1.0, -2.0, 5e9]]
HOSTILE = ["$x$ $\\frac{1", "</svg><script>alert(1)</script>", "w" * 200, "日本語 lr=0.1"]


def test_values_of_any_size_and_hostile_labels_are_drawn() -> None:
    drawn_files: list[str] = []
    small, paper = FigureOptions(width=3.0, height=1.5), FigureOptions(style=Style.PAPER)
    for values in EXTREME:
        losses: dict[str, Any] = {PLAIN: ({}, [1.0, 2.0, 3.0]), AYLA: ({"ayla": {"n1": 2.0, "n2": 1.0}}, values)}
        losses |= {label: ({"name": "adam"}, values) for label in HOSTILE}
        query = ComparisonQuery(baseline=PLAIN, confidence=0.7)
        problem = made_up_problem(HOSTILE[1], losses)
        data = compared(result_of([problem, problem], query), HOSTILE[0], FigureOptions())
        one = compared(result_of([problem], query), HOSTILE[1], FigureOptions())
        for place, render in enumerate((forest.render, slopes.render, strip.render, sensitivity.render, tuning.render)):
            drawn_data, options = ((data, small), (one, paper))[(place + len(drawn_files)) % 2]
            drawn_files.append(to_file(partial(render, data=drawn_data), options, Form.SVG).decode())
    assert len(drawn_files) == 5 * len(EXTREME)
    assert not any("<script" in svg for svg in drawn_files)
